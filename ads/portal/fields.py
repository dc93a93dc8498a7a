"""Form fields of the portal: lines of keywords or networks, visible text, and the URL of a landing page."""

import ipaddress
import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.domain.networks import (
    MAX_NETWORKS,
    NetworkError,
    NetworkTooWideError,
    PrivateNetworkError,
    parse_network,
)
from ads.forms import parse_won
from ads.models import Creative, Keyword
from language.keyphrases import normalise

KEYWORD_CHARS = Keyword._meta.get_field("text").max_length or 80
NORM_CHARS = Keyword._meta.get_field("norm").max_length or 120
MAX_KEYWORDS = 1_000
# A longer host would be shown cut, and could then look like another one.
MAX_HOST_CHARS = Creative._meta.get_field("display_domain").max_length or 80


@dataclass(frozen=True, slots=True)
class KeywordInput:
    """One line of a keyword field: the text and, after a comma, an optional bid."""

    text: str
    bid_micros: int | None = None

    def __str__(self) -> str:
        return self.text if self.bid_micros is None else f"{self.text}, {self.bid_micros // WON}"


class VisibleField(forms.CharField):
    """One line of text without invisible characters."""

    def clean(self, value: object) -> str:
        return clean_visible_text(super().clean(value))


class LandingUrlField(forms.CharField):
    """An https page of a public host, without a user name that could be mistaken for the host."""

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("max_length", 500)
        kwargs.setdefault("widget", forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}))
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def clean(self, value: object) -> str:
        address: str = super().clean(value).strip()
        if not address:
            return address
        if not address.lower().startswith("https://"):
            raise forms.ValidationError(_("https로 시작하는 주소만 돼요."), code="not_https")
        try:
            URLValidator(schemes=["https"])(address)
            parts = urlsplit(address)
            is_plain = parts.username is None and parts.port in (None, 443)
        except (forms.ValidationError, ValueError):
            raise forms.ValidationError(_("열 수 있는 주소가 아니에요."), code="not_an_address") from None
        if not is_plain or not _is_public(parts.hostname or ""):
            raise forms.ValidationError(_("누구나 열 수 있는 사이트의 주소여야 해요."), code="not_public")
        if len(domain_of(address)) > MAX_HOST_CHARS:
            raise forms.ValidationError(
                _("사이트 이름은 %(most)s자까지예요.") % {"most": MAX_HOST_CHARS}, code="long_host"
            )
        return f"https{address[5:]}"


class LinesField(forms.CharField, ABC):
    """A text with one entry per line; lines that cannot be read are reported together."""

    rows: int
    max_lines: int
    too_many: Promise

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": self.rows, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: object) -> list[Any]:
        text: str = super().clean("\n".join(map(str, value)) if isinstance(value, list) else value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > self.max_lines:
            raise forms.ValidationError(self.too_many % {"most": f"{self.max_lines:,}"})
        entries, errors = [], []
        for line in lines:
            try:
                entries.append(self.read_line(line))
            except forms.ValidationError as error:
                errors.append(forms.ValidationError(f"“{line[:40]}”: {error.messages[0]}"))
        if errors:
            raise forms.ValidationError(errors[:3] + _remaining_errors(len(errors) - 3))
        return entries

    @abstractmethod
    def read_line(self, line: str) -> object:
        """Return the entry of a line; raises ValidationError."""


class KeywordsField(LinesField):
    """Keywords, one per line; its value is a list of KeywordInput without duplicates."""

    rows, max_lines = 4, MAX_KEYWORDS
    too_many = gettext_lazy("한 번에 %(most)s개까지예요.")

    def __init__(self, *, allows_bids: bool = True, **kwargs: object) -> None:
        self.allows_bids = allows_bids
        super().__init__(**kwargs)

    def clean(self, value: object) -> list[KeywordInput]:
        unique: dict[str, KeywordInput] = {}
        for keyword in super().clean(value):
            unique.setdefault(normalise(keyword.text), keyword)
        return list(unique.values())

    def read_line(self, line: str) -> KeywordInput:
        text, comma, bid = line.partition(",") if self.allows_bids else (line, "", "")
        text = clean_visible_text(text)
        norm = normalise(text)
        # Normalising can lengthen a text: "㎢" becomes "km2".
        if len(text) > KEYWORD_CHARS or len(norm) > NORM_CHARS:
            raise forms.ValidationError(_("%(most)s자까지예요.") % {"most": KEYWORD_CHARS})
        if not norm:
            raise forms.ValidationError(_("글자가 있어야 해요."))
        if not comma:
            return KeywordInput(text)
        return KeywordInput(text, parse_won(bid.strip(), min_won=MIN_BID // WON, step_won=BID_STEP // WON))


class NetworksField(LinesField):
    """IP addresses and networks, one per line; its value is a list of distinct normalised networks."""

    allows_private = False
    rows, max_lines = 6, MAX_NETWORKS
    too_many = gettext_lazy("%(most)s개까지 적을 수 있어요.")

    def clean(self, value: object) -> list[str]:
        return list(dict.fromkeys(super().clean(value)))

    def read_line(self, line: str) -> str:
        try:
            return parse_network(line, allows_private=self.allows_private)
        except NetworkError as error:
            raise forms.ValidationError(_network_error_message(error)) from error


def clean_visible_text(text: object) -> str:
    """Return a text as one line; raises ValidationError for invisible characters."""
    line = " ".join(str(text).split())
    # For example a change of writing direction; a zero width joiner is part of emoji.
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Co") and sign != "\u200d" for sign in line):
        raise forms.ValidationError(
            _("보이지 않는 글자가 들어 있어요. 지우고 다시 적어 주세요."), code="unseen"
        )
    return line


def domain_of(address: str) -> str:
    """Return the host of a URL without "www."; empty when it has none."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _is_public(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".test"))
    return False


def _network_error_message(error: NetworkError) -> str:
    if isinstance(error, NetworkTooWideError):
        return _("너무 넓어요. IPv4는 /24, IPv6는 /48까지예요.")
    if isinstance(error, PrivateNetworkError):
        return _("공유기 안쪽 주소예요. 바깥에서 보이는 주소를 적어 주세요.")
    return _("IP 주소나 대역이 아니에요.")


def _remaining_errors(count: int) -> list[forms.ValidationError]:
    if count <= 0:
        return []
    text = ngettext("그 밖에 %(count)s줄", "그 밖에 %(count)s줄", count) % {"count": count}
    return [forms.ValidationError(text)]
