"""What the environment says is what the site does, or the start stops with the name of the variable."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.test import override_settings

from config.env import SettingError

Read = Callable[..., dict[str, Any]]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings as a process with these variables does."""

    def read_with(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))

    return read_with


def test_mail_goes_out_by_a_server_that_wants_a_login_and_waits_for_none_for_long(
    read: Read, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="ascii")
    found = read(
        EMAIL_HOST="mail.example",
        EMAIL_USE_TLS="yes",
        EMAIL_HOST_USER="soup",
        EMAIL_HOST_PASSWORD_FILE=str(tmp_path / "password"),
    )
    with override_settings(**{name: value for name, value in found.items() if name.startswith("EMAIL_")}):
        way = get_connection()
    assert isinstance(way, EmailBackend)
    assert (way.host, way.port, way.use_tls, way.use_ssl) == ("mail.example", 587, True, False)
    assert (way.username, way.password) == ("soup", "secret")
    assert way.timeout and way.timeout <= 10


@pytest.mark.parametrize(
    ("variables", "port"),
    [({}, 25), ({"EMAIL_USE_SSL": "yes"}, 465), ({"EMAIL_USE_SSL": "yes", "EMAIL_PORT": "2465"}, 2465)],
)
def test_mail_goes_to_the_usual_port_or_the_one_that_is_named(
    read: Read, variables: dict[str, str], port: int
) -> None:
    assert read(**variables)["EMAIL_PORT"] == port


@pytest.mark.parametrize(
    "variables", [{"EMAIL_PORT": "70000"}, {"EMAIL_USE_TLS": "yes", "EMAIL_USE_SSL": "yes"}]
)
def test_mail_that_could_go_nowhere_stops_the_start(read: Read, variables: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=next(iter(variables))):
        read(**variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADS_DATABASE_URL", "mysql://market:secret@db/soup"),
        ("ADS_OWN_NETWORKS", "203.0.113.0/24, secret"),
        ("ADS_SERVICE_URL", "market:8100"),
        ("ALARM_URL", "secret"),
        ("PANEL_SIZE", "0"),
        ("DATABASE_URL", "mysqlx://soup:secret@db/soup"),
        ("DATABASE_URL", "postgresql://soup:secret@db:port/soup"),
        ("DEBUG", "perhaps"),
        ("EXPLORE_PERCENT", "500"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "verbose"),
        ("METRICS_PORT", "99999999"),
        ("OPENAI_COMPATIBLE_URL", "secret"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("PORT", "65536"),
        ("PUBLIC_URL", "example.com"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "http://[::1"),
        ("REDIS_URL", "http://:secret@valkey:6379"),
        ("TURNS_AT_ONCE", "many"),
    ],
)
def test_a_value_that_cannot_be_used_stops_the_start_with_its_variable_s_name(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if name == "PORT":
        monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(SettingError, match=f"^{name}: ") as caught:
        read(**{name: value})
    # An address may hold a password; of networks the one that is none is named.
    assert name == "ADS_OWN_NETWORKS" or "secret" not in str(caught.value)


def test_addresses_networks_and_bounds_that_make_sense_are_taken(read: Read) -> None:
    sensible = {
        "ADS_OWN_NETWORKS": "203.0.113.0/24, 2001:db8::1, 198.51.100.7/24",
        "ALARM_URL": "https://hooks.example/T0/B0",
        "DATABASE_URL": "postgresql:///soup?host=/run/postgresql",
        "EXPLORE_PERCENT": "100",
        "LOG_LEVEL": "ERROR",
        "OPENAI_COMPATIBLE_URL": "http://[::1]:8000/v1",
        "PUBLIC_URL": "https://soup.example/",
        "REDIS_URL": "rediss://:secret@valkey:6380/1",
    }
    found = read(**sensible)
    assert found["ADS_OWN_NETWORKS"] == ["203.0.113.0/24", "2001:db8::1", "198.51.100.7/24"]
    # Links are made by adding a path, and browsers name origins without one.
    assert found["PUBLIC_URL"] == "https://soup.example" and found["SECURE"]
    for name in sensible.keys() - {"ADS_OWN_NETWORKS", "PUBLIC_URL", "LOG_LEVEL", "EXPLORE_PERCENT"}:
        assert found[name] == sensible[name]


def test_no_address_is_none(read: Read) -> None:
    found = read(ALARM_URL="", ADS_SERVICE_URL="", ADS_OWN_NETWORKS="")
    assert (found["ALARM_URL"], found["ADS_SERVICE_URL"], found["ADS_OWN_NETWORKS"]) == ("", "", [])
