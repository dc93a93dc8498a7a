"""The allauth adapter: a guest who signs up becomes the account, one who logs in is merged into it."""

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
from accounts.services import adopt_guest, record_sign_out, start_account

# The message that allauth shows after mailing a confirmation link.
CONFIRMATION_SENT_TEMPLATE = "account/messages/email_confirmation_sent.txt"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Customises sign-up, login, logout and mail."""

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """Turn the row of the visitor's guest into the account, or create a row when there is none."""
        try:
            with transaction.atomic():
                account = start_account(guest_key=find_guest_key(request), new_user=user)
                return super().save_user(request, account, form, commit)  # type: ignore[no-any-return]
        except IntegrityError as error:
            # A double submit: the form was valid before the first request committed the same address.
            messages.info(request, _("이미 가입된 이메일이에요. 로그인해 주세요."))
            raise ImmediateHttpResponse(redirect("account_login")) from error

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Derive the username from the public id; accounts log in by email and never see a username."""
        user.username = user.public_id.hex

    def login(self, request: HttpRequest, user: User) -> None:
        """Log in, merge the visitor's guest into the account, and replace the guest key."""
        guest_key = find_guest_key(request)
        super().login(request, user)
        if guest_key is not None:
            adopt_guest(guest_key=guest_key, account=user)
        rotate_guest_key(request)

    def logout(self, request: HttpRequest) -> None:
        """Log out and replace the guest key, so that the next person at this browser sees no history."""
        if account := find_account(request):
            record_sign_out(account=account)
        super().logout(request)
        rotate_guest_key(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; without a mail server, warn the visitor that none will arrive."""
        super().send_mail(template_prefix, email, context)
        if not settings.EMAIL_HOST:
            text = _("이 사이트에는 메일 서버가 없어요. 메일은 서버 기록에만 있으니 운영자에게 물어보세요.")
            messages.warning(allauth_context.request, text)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Show a message, except that a confirmation was mailed when the site has no mail server."""
        if settings.EMAIL_HOST or message_template != CONFIRMATION_SENT_TEMPLATE:
            super().add_message(request, level, message_template, *args, **kwargs)

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect target is on this site; a malformed URL is not."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def format_email_subject(self, subject: str) -> str:
        """Prefix the subject with the name of the site instead of its host."""
        return f"[{_('짬뽕')}] {subject}"
