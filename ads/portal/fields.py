"""Form fields of the portal that hold one keyword or network per line."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.domain.networks import (
    MAX_NETWORKS,
    NetworkError,
    NetworkTooWideError,
    PrivateNetworkError,
    parse_network,
)
from ads.forms.money_field import parse_won
from ads.models import Keyword
from language.keyphrases import normalise

KEYWORD_CHARS = Keyword._meta.get_field("text").max_length or 80
NORM_CHARS = Keyword._meta.get_field("norm").max_length or 120
MAX_KEYWORDS = 1_000


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


class KeywordsField(forms.CharField):
    """Keywords, one per line; its value is a list of KeywordInput without duplicates."""

    def __init__(self, *, allows_bids: bool = True, **kwargs: object) -> None:
        self.allows_bids = allows_bids
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def clean(self, value: object) -> list[KeywordInput]:
        text: str = super().clean("\n".join(map(str, value)) if isinstance(value, list) else value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MAX_KEYWORDS:
            raise forms.ValidationError(_("한 번에 %(most)s개까지예요.") % {"most": f"{MAX_KEYWORDS:,}"})
        return list(self._read(lines))

    def _read(self, lines: list[str]) -> Iterable[KeywordInput]:
        seen: set[str] = set()
        errors: list[forms.ValidationError] = []
        for line in lines:
            try:
                keyword = self._read_line(line)
            except forms.ValidationError as error:
                errors.append(forms.ValidationError(f"“{line[:40]}”: {error.messages[0]}"))
                continue
            norm = normalise(keyword.text)
            if norm not in seen:
                seen.add(norm)
                yield keyword
        if errors:
            raise forms.ValidationError(errors[:3] + _remaining_errors(len(errors) - 3))

    def _read_line(self, line: str) -> KeywordInput:
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


class NetworksField(forms.CharField):
    """IP addresses and networks, one per line; its value is a list of distinct normalised networks."""

    allows_private = False

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        text: str = super().clean("\n".join(map(str, value)) if isinstance(value, list) else value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MAX_NETWORKS:
            raise forms.ValidationError(_("%(most)s개까지 적을 수 있어요.") % {"most": MAX_NETWORKS})
        networks, errors = [], []
        for line in lines:
            try:
                networks.append(parse_network(line, allows_private=self.allows_private))
            except NetworkError as error:
                errors.append(forms.ValidationError(f"“{line[:40]}”: {_network_error_message(error)}"))
        if errors:
            raise forms.ValidationError(errors[:3] + _remaining_errors(len(errors) - 3))
        return list(dict.fromkeys(networks))


def clean_visible_text(text: object) -> str:
    """Return a text as one line; raises ValidationError for invisible characters."""
    line = " ".join(str(text).split())
    # For example a change of writing direction; a zero width joiner is part of emoji.
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Co") and sign != "\u200d" for sign in line):
        raise forms.ValidationError(
            _("보이지 않는 글자가 들어 있어요. 지우고 다시 적어 주세요."), code="unseen"
        )
    return line


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
