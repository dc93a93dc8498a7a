"""The parts of forms that move money: a key against a second submission, and amounts in won."""

import uuid

from django import forms
from django.utils.translation import gettext as _

from ads.domain.money import WON

MAX_WON = 1_000_000_000


class IdempotentForm(forms.Form):
    """A form with an idempotency key: sent twice, it is one payment."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def reject_reused_key(self) -> None:
        """Report that another payment has the key, and give the form a new key for the next attempt."""
        words = _(
            "이미 보낸 양식이라 아무것도 바뀌지 않았어요. "
            "내역을 확인하고, 한 번 더 보내려는 것이 맞으면 다시 눌러 주세요."
        )
        self.add_error(None, words)
        self.data = {**dict(self.data.items()), "key": str(uuid.uuid4())}


class WonField(forms.CharField):
    """An amount typed in won, with or without separators; its value is in micros."""

    def __init__(self, *, min_won: int = 1, step_won: int = 1, **kwargs: object) -> None:
        self.min_won = min_won
        self.step_won = step_won
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "won"})
        )
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def prepare_value(self, value: object) -> object:
        """Return micros as won with separators, and typed text unchanged."""
        return f"{value // WON:,}" if isinstance(value, int) else value

    def has_changed(self, initial: object, data: object) -> bool:
        """Return whether the amount differs; an invalid one does."""
        try:
            return self.clean(data) != initial
        except forms.ValidationError:
            return True

    def clean(self, value: object) -> int | None:
        """Return the amount in micros; None for an empty optional field."""
        text: str = super().clean(str(value) if isinstance(value, int) else value)
        return parse_won(text, min_won=self.min_won, step_won=self.step_won) if text else None


def parse_won(text: str, *, min_won: int, step_won: int) -> int:
    """Parse an amount in won and return micros; raises ValidationError."""
    digits = text.replace(",", "").removesuffix("원").strip()
    if not digits.isdecimal() or len(digits) > 15:
        raise forms.ValidationError(_("원 단위 숫자로 적어 주세요. 예: 10,000"), code="not_won")
    won = int(digits)
    if won < min_won:
        raise forms.ValidationError(
            _("%(least)s원 이상이어야 해요.") % {"least": f"{min_won:,}"}, code="too_small"
        )
    if won > MAX_WON:
        raise forms.ValidationError(
            _("%(most)s원을 넘을 수 없어요.") % {"most": f"{MAX_WON:,}"}, code="too_large"
        )
    if won % step_won:
        raise forms.ValidationError(
            _("%(step)s원 단위로 적어 주세요.") % {"step": f"{step_won:,}"}, code="step"
        )
    return won * WON
