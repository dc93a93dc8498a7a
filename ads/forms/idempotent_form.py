"""A form that moves money: its key makes a form that is sent twice one payment."""

import uuid

from django import forms
from django.utils.translation import gettext as _


class IdempotentForm(forms.Form):
    """A form with an idempotency key."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def reject_reused_key(self) -> None:
        """Report that another payment has the key, and give the form a new key for the next attempt."""
        words = _(
            "이미 쓴 양식이라 아무것도 옮기지 않았어요. "
            "앞서 보낸 것을 내역에서 보고, 더 보낼 돈이 맞으면 다시 눌러 주세요."
        )
        self.add_error(None, words)
        self.data = {**dict(self.data.items()), "key": str(uuid.uuid4())}
