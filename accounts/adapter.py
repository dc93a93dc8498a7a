"""What allauth does our way: a guest who signs up keeps the row, one who logs in hands things over."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.guests import rotate_guest_key
from accounts.models import User
from accounts.selectors import find_account, find_guest_key
from accounts.services import adopt_guest, record_sign_out

# What allauth says after it has mailed a link to confirm an address.
CONFIRMATION_SENT_TEMPLATE = "account/messages/email_confirmation_sent.txt"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The hooks of signing up, logging in and logging out."""

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """Turn the visitor's guest row into the account, or make a row when there was none."""
        try:
            with transaction.atomic():
                person = self._lock_guest(request) or user
                person.is_guest = False
                person.guest_key = None
                return super().save_user(request, person, form, commit)  # type: ignore[no-any-return]
        except IntegrityError as error:
            # The form looked for the address before; a second press of the button got here in between.
            messages.info(request, _("이미 가입된 이메일이에요. 로그인해 주세요."))
            raise ImmediateHttpResponse(redirect("account_login")) from error

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Name the row after its public id: people are known by their address, and nobody sees a username."""
        user.username = user.public_id.hex

    def login(self, request: HttpRequest, user: User) -> None:
        """Log in, bring along what the visitor did as a guest, and retire the guest's key."""
        guest_key = find_guest_key(request)
        super().login(request, user)
        if guest_key is not None:
            adopt_guest(guest_key=guest_key, account=user)
        rotate_guest_key(request)

    def logout(self, request: HttpRequest) -> None:
        """Log out into a fresh guest: the next person at this browser finds nothing, in no tab of it."""
        if account := find_account(request):
            record_sign_out(account=account)
        super().logout(request)
        rotate_guest_key(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; where the site has no mail server, say so rather than let anybody wait for it."""
        super().send_mail(template_prefix, email, context)
        if not settings.EMAIL_HOST:
            said = _("이 사이트에는 메일 서버가 없어요. 메일은 서버 기록에만 있으니 운영자에게 물어보세요.")
            messages.warning(allauth_context.request, said)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *rest: Any, **named: Any
    ) -> None:
        """Tell what was done, but never that a mail is on its way from a site that sends none."""
        if settings.EMAIL_HOST or message_template != CONFIRMATION_SENT_TEMPLATE:
            super().add_message(request, level, message_template, *rest, **named)

    def is_safe_url(self, url: str) -> bool:
        """Lead on to no address that is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def format_email_subject(self, subject: str) -> str:
        """Put our name before the subject instead of the host's."""
        return f"[{_('짬뽕')}] {subject}"

    def _lock_guest(self, request: HttpRequest) -> User | None:
        guest_key = find_guest_key(request)
        if guest_key is None:
            return None
        return User.objects.select_for_update().filter(guest_key=guest_key, is_guest=True).first()
