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
