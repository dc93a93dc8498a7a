"""Typed readers of the environment: a wrong value stops the start and names its variable."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
HTTP_SCHEMES = ("http", "https")
POSTGRES_SCHEMES = ("postgresql", "postgres")
MAX_PORT = 65_535


class SettingError(Exception):
    """An environment variable holds a value that cannot be used."""


def read_text(name: str, default: str = "") -> str:
    """Read NAME, or the file that NAME_FILE points to, so that secrets can come from mounted files."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE: {path} cannot be read ({error.strerror})") from error
    return os.environ.get(name, default)


def read_flag(name: str, *, default: bool) -> bool:
    """Read a yes-or-no variable."""
    text = read_text(name, "yes" if default else "no").lower()
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise SettingError(f"{name}: {text!r} is neither yes nor no")


def read_int(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Read a whole number that is neither below `minimum` nor above `maximum`."""
    text = read_text(name, str(default))
    try:
        number = int(text)
    except ValueError as error:
        raise SettingError(f"{name}: {text!r} is not a whole number") from error
    if number < minimum:
        raise SettingError(f"{name}: {number} is below {minimum}")
    if maximum is not None and number > maximum:
        raise SettingError(f"{name}: {number} is above {maximum}")
    return number


def read_mail_port(*, is_ssl: bool, is_tls: bool) -> int:
    """Read the port of the mail server; by default the usual one of how mail is encrypted."""
    if is_ssl and is_tls:
        raise SettingError("EMAIL_USE_TLS, EMAIL_USE_SSL: mail goes one way or the other, not both")
    usual = 465 if is_ssl else 587 if is_tls else 25
    return read_int("EMAIL_PORT", usual, minimum=1, maximum=MAX_PORT)


def read_list(name: str, default: str = "") -> list[str]:
    """Read words separated by commas."""
    return [word.strip() for word in read_text(name, default).split(",") if word.strip()]


def read_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Read one of a closed set of words."""
    text = read_text(name, default)
    if text not in choices:
        raise SettingError(f"{name}: {text!r} is none of {', '.join(choices)}")
    return text


def read_url(name: str, default: str = "", *, schemes: tuple[str, ...] = HTTP_SCHEMES) -> str:
    """Read an address that begins with one of these schemes, or nothing."""
    text = read_text(name, default)
    try:
        parts = urlsplit(text)
        is_valid = (
            parts.scheme in schemes and parts.port != 0 and (bool(parts.hostname) or schemes != HTTP_SCHEMES)
        )
    except ValueError:
        is_valid = False
    if text and not is_valid:
        # Not the value: there are passwords in such addresses.
        beginnings = " or ".join(f"{scheme}://" for scheme in schemes)
        raise SettingError(f"{name}: not a whole address that begins with {beginnings}")
    return text


def read_networks(name: str) -> list[str]:
    """Read IP networks or single addresses, separated by commas."""
    networks = read_list(name)
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise SettingError(f"{name}: {network!r} is no IP network") from error
    return networks
