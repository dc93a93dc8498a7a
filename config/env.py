"""Typed readers of environment variables; an invalid value raises SettingError with the variable's name."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
HTTP_SCHEMES = ("http", "https")
POSTGRES_SCHEMES = ("postgresql", "postgres")
MAX_PORT = 65_535
# `openssl rand -base64 32` prints 44 characters.
MIN_SECRET_LENGTH = 32


class SettingError(Exception):
    """An environment variable holds a value that cannot be used."""


def read_text(name: str, default: str = "") -> str:
    """Return NAME, or the content of the file that NAME_FILE points to (mounted secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE: {path} cannot be read ({error.strerror})") from error
    return os.environ.get(name, default)


def read_flag(name: str, *, default: bool) -> bool:
    """Return a boolean variable."""
    text = read_text(name, "yes" if default else "no").lower()
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise SettingError(f"{name}: {text!r} is neither yes nor no")


def read_int(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Return an integer between `minimum` and `maximum`, both included."""
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
    """Return EMAIL_PORT; the default is the standard port of the chosen encryption."""
    if is_ssl and is_tls:
        raise SettingError("EMAIL_USE_TLS, EMAIL_USE_SSL: mail goes one way or the other, not both")
    standard = 465 if is_ssl else 587 if is_tls else 25
    return read_int("EMAIL_PORT", standard, minimum=1, maximum=MAX_PORT)


def read_list(name: str, default: str = "", *, min_length: int = 1) -> list[str]:
    """Return the entries of a comma-separated list, each of at least `min_length` characters."""
    words = [word.strip() for word in read_text(name, default).split(",") if word.strip()]
    if any(len(word) < min_length for word in words):
        # The entry is not quoted: the lists with a minimum hold secrets.
        raise SettingError(f"{name}: an entry is shorter than {min_length} characters")
    return words


def read_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of a closed set of values."""
    text = read_text(name, default)
    if text not in choices:
        raise SettingError(f"{name}: {text!r} is none of {', '.join(choices)}")
    return text


def read_url(name: str, default: str = "", *, schemes: tuple[str, ...] = HTTP_SCHEMES) -> str:
    """Return a URL with one of these schemes, or an empty string."""
    return _check_url(name, read_text(name, default), schemes)


def read_urls(name: str, *, schemes: tuple[str, ...]) -> list[str]:
    """Return a comma-separated list of URLs with one of these schemes."""
    return [_check_url(name, text, schemes) for text in read_list(name)]


def _check_url(name: str, text: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(text)
        is_valid = (
            parts.scheme in schemes and parts.port != 0 and (bool(parts.hostname) or schemes != HTTP_SCHEMES)
        )
    except ValueError:
        is_valid = False
    if text and not is_valid:
        # The value is not quoted: such URLs hold passwords.
        prefixes = " or ".join(f"{scheme}://" for scheme in schemes)
        raise SettingError(f"{name}: not a whole address that begins with {prefixes}")
    return text


def read_networks(name: str) -> list[str]:
    """Return a comma-separated list of IP networks or single addresses."""
    networks = read_list(name)
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise SettingError(f"{name}: {network!r} is no IP network") from error
    return networks
