"""Form fields of the console: amounts in won, and many keywords or addresses in one box."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ads.models import Keyword
from ads.money import LEAST_BID, TICK, WON
from ads.networks import MOST_NETWORKS, InnerNetworkError, NetworkError, TooWideError, read_network
from language.keyphrases import normalise

MOST_WON = 1_000_000_000
KEYWORD_CHARS = Keyword._meta.get_field("text").max_length or 80
MOST_KEYWORDS = 1_000


class WonField(forms.CharField):
    """An amount typed in won, with or without separators; its value is in micros."""

    def __init__(self, *, least_won: int = 1, step_won: int = 1, **kwargs: object) -> None:
        self.least_won = least_won
        self.step_won = step_won
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "won"})
        )
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        """Show micros as won with separators, and what a person typed as they typed it."""
        return f"{value // WON:,}" if isinstance(value, int) else value

    def clean(self, value: object) -> int | None:
        """Return the amount in micros, or None when nothing was typed into an optional field."""
        text: str = super().clean(str(value) if isinstance(value, int) else value)
        return parse_won(text, least_won=self.least_won, step_won=self.step_won) if text else None


def parse_won(text: str, *, least_won: int, step_won: int) -> int:
    """Read an amount in won and return micros; raises ValidationError that says what would be right."""
    digits = text.replace(",", "").removesuffix("원").strip()
    if not digits.isdecimal() or len(digits) > 15:
        raise forms.ValidationError(_("원 단위 숫자로 적어 주세요. 예: 10,000"), code="not_won")
    won = int(digits)
    if won < least_won:
        raise forms.ValidationError(
            _("%(least)s원 이상이어야 해요.") % {"least": f"{least_won:,}"}, code="too_small"
        )
    if won > MOST_WON:
        raise forms.ValidationError(
            _("%(most)s원을 넘을 수 없어요.") % {"most": f"{MOST_WON:,}"}, code="too_large"
        )
    if won % step_won:
        raise forms.ValidationError(
            _("%(step)s원 단위로 적어 주세요.") % {"step": f"{step_won:,}"}, code="step"
        )
    return won * WON


@dataclass(frozen=True, slots=True)
class TypedKeyword:
    """One line of a keyword box: the phrase and, after a comma, a bid of its own."""

    text: str
    bid_micros: int | None = None

    def __str__(self) -> str:
        return self.text if self.bid_micros is None else f"{self.text}, {self.bid_micros // WON}"


class KeywordsField(forms.CharField):
    """Keywords, one a line; its value is a list of TypedKeyword without repetitions."""

    def __init__(self, *, takes_bids: bool = True, **kwargs: object) -> None:
        self.takes_bids = takes_bids
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def clean(self, value: object) -> list[TypedKeyword]:
        text: str = super().clean("\n".join(map(str, value)) if isinstance(value, list) else value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_KEYWORDS:
            raise forms.ValidationError(_("한 번에 %(most)s개까지예요.") % {"most": f"{MOST_KEYWORDS:,}"})
        return list(self._read(lines))

    def _read(self, lines: list[str]) -> Iterable[TypedKeyword]:
        seen: set[str] = set()
        wrong: list[forms.ValidationError] = []
        for line in lines:
            try:
                keyword = self._read_line(line)
            except forms.ValidationError as error:
                wrong.append(forms.ValidationError(f"“{line[:40]}”: {error.messages[0]}"))
                continue
            norm = normalise(keyword.text)
            if norm not in seen:
                seen.add(norm)
                yield keyword
        if wrong:
            raise forms.ValidationError(wrong[:3] + _and_more(len(wrong) - 3))

    def _read_line(self, line: str) -> TypedKeyword:
        text, comma, bid = line.partition(",") if self.takes_bids else (line, "", "")
        text = " ".join(text.split())
        if len(text) > KEYWORD_CHARS:
            raise forms.ValidationError(_("%(most)s자까지예요.") % {"most": KEYWORD_CHARS})
        if not normalise(text):
            raise forms.ValidationError(_("글자가 있어야 해요."))
        if not comma:
            return TypedKeyword(text)
        return TypedKeyword(text, parse_won(bid.strip(), least_won=LEAST_BID // WON, step_won=TICK // WON))


class NetworksField(forms.CharField):
    """IP addresses and networks, one a line; its value is a list of their plain forms, each once."""

    takes_inner = False

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        text: str = super().clean("\n".join(map(str, value)) if isinstance(value, list) else value)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_NETWORKS:
            raise forms.ValidationError(_("%(most)s개까지 적을 수 있어요.") % {"most": MOST_NETWORKS})
        networks, wrong = [], []
        for line in lines:
            try:
                networks.append(read_network(line, takes_inner=self.takes_inner))
            except NetworkError as error:
                wrong.append(forms.ValidationError(f"“{line[:40]}”: {_why(error)}"))
        if wrong:
            raise forms.ValidationError(wrong[:3] + _and_more(len(wrong) - 3))
        return list(dict.fromkeys(networks))


def _why(error: NetworkError) -> str:
    if isinstance(error, TooWideError):
        return _("너무 넓어요. IPv4는 /24, IPv6는 /48까지예요.")
    if isinstance(error, InnerNetworkError):
        return _("공유기 안쪽 주소예요. 바깥에서 보이는 주소를 적어 주세요.")
    return _("IP 주소나 대역이 아니에요.")


def _and_more(count: int) -> list[forms.ValidationError]:
    if count <= 0:
        return []
    text = ngettext("그 밖에 %(count)s줄", "그 밖에 %(count)s줄", count) % {"count": count}
    return [forms.ValidationError(text)]
