"""Environment variables set the settings, and an invalid one raises SettingError with its name."""

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
    """Return a function that loads the settings with some environment variables."""

    def read_with(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))

    return read_with


def test_mail_uses_the_configured_server_with_a_timeout(read: Read, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="ascii")
    found = read(
        EMAIL_HOST="mail.example",
        EMAIL_USE_TLS="yes",
        EMAIL_HOST_USER="demo",
        EMAIL_HOST_PASSWORD_FILE=str(tmp_path / "password"),
    )
    with override_settings(**{name: value for name, value in found.items() if name.startswith("EMAIL_")}):
        backend = get_connection()
    assert isinstance(backend, EmailBackend)
    assert (backend.host, backend.port, backend.use_tls, backend.use_ssl) == (
        "mail.example",
        587,
        True,
        False,
    )
    assert (backend.username, backend.password) == ("demo", "secret")
    assert backend.timeout and backend.timeout <= 10


@pytest.mark.parametrize(
    ("variables", "port"),
    [({}, 25), ({"EMAIL_USE_SSL": "yes"}, 465), ({"EMAIL_USE_SSL": "yes", "EMAIL_PORT": "2465"}, 2465)],
)
def test_mail_uses_the_standard_port_or_the_configured_one(
    read: Read, variables: dict[str, str], port: int
) -> None:
    assert read(**variables)["EMAIL_PORT"] == port


@pytest.mark.parametrize(
    "variables", [{"EMAIL_PORT": "70000"}, {"EMAIL_USE_TLS": "yes", "EMAIL_USE_SSL": "yes"}]
)
def test_contradictory_mail_settings_are_refused(read: Read, variables: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=next(iter(variables))):
        read(**variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADS_DATABASE_URL", "mysql://market:secret@db/demo"),
        ("ADS_OWN_NETWORKS", "203.0.113.0/24, secret"),
        ("ADS_SERVICE_URL", "market:8100"),
        ("ALARM_URL", "secret"),
        ("PANEL_SIZE", "0"),
        ("DATABASE_URL", "mysqlx://demo:secret@db/demo"),
        ("DATABASE_URL", "postgresql://demo:secret@db:port/demo"),
        ("DEBUG", "perhaps"),
        ("EXPLORE_PERCENT", "500"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "verbose"),
        ("METRICS_PORT", "99999999"),
        ("OPENAI_COMPATIBLE_URL", "secret"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("PORT", "65536"),
        ("PROVIDER_KEY_SECRET", "secret"),
        ("PUBLIC_URL", "example.com"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "http://[::1"),
        ("REDIS_URL", "http://:secret@valkey:6379"),
        ("TURNS_AT_ONCE", "many"),
    ],
)
def test_an_invalid_value_raises_an_error_with_the_variable_s_name(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if name == "PORT":
        monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(SettingError, match=f"^{name}: ") as caught:
        read(**{name: value})
    # A URL may hold a password, so the message does not quote it; of networks the invalid one is quoted.
    assert name == "ADS_OWN_NETWORKS" or "secret" not in str(caught.value)


def test_what_seals_comes_before_what_only_opens(read: Read) -> None:
    new, old = "new" + "x" * 40, "old" + "x" * 40
    found = read(SECRET_KEY="signs", SECRET_KEY_FALLBACKS="signed", PROVIDER_KEY_SECRET=f"{new}, {old}")
    assert found["SEALING_SECRETS"] == [new, old, "signs", "signed"]


def test_without_a_secret_of_its_own_the_secret_key_seals(read: Read) -> None:
    found = read(SECRET_KEY="signs")
    assert found["SEALING_SECRETS"] == ["signs"]


def test_valid_values_are_accepted(read: Read) -> None:
    valid = {
        "ADS_OWN_NETWORKS": "203.0.113.0/24, 2001:db8::1, 198.51.100.7/24",
        "ALARM_URL": "https://hooks.example/T0/B0",
        "DATABASE_URL": "postgresql:///demo?host=/run/postgresql",
        "EXPLORE_PERCENT": "100",
        "LOG_LEVEL": "ERROR",
        "OPENAI_COMPATIBLE_URL": "http://[::1]:8000/v1",
        "PUBLIC_URL": "https://demo.example/",
        "REDIS_URL": "rediss://:secret@valkey:6380/1",
    }
    found = read(**valid)
    assert found["ADS_OWN_NETWORKS"] == ["203.0.113.0/24", "2001:db8::1", "198.51.100.7/24"]
    # Without the trailing slash: links append a path, and browsers send origins without one.
    assert found["PUBLIC_URL"] == "https://demo.example" and found["SECURE"]
    for name in valid.keys() - {"ADS_OWN_NETWORKS", "PUBLIC_URL", "LOG_LEVEL", "EXPLORE_PERCENT"}:
        assert found[name] == valid[name]


def test_empty_urls_and_networks_are_allowed(read: Read) -> None:
    found = read(ALARM_URL="", ADS_SERVICE_URL="", ADS_OWN_NETWORKS="")
    assert (found["ALARM_URL"], found["ADS_SERVICE_URL"], found["ADS_OWN_NETWORKS"]) == ("", "", [])
