"""The allauth adapter: a guest who signs up becomes the account, one who logs in is merged into it."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.guests import rotate_guest_key
from accounts.models import User
from accounts.selectors import find_account, find_guest_key
from accounts.services import adopt_guest, record_sign_out, start_account

logger = logging.getLogger(__name__)
# Below it are the conversations, which a guest keeps when signing up.
CONVERSATIONS_PATH = "/c/"
# The message that allauth shows after mailing a confirmation link.
CONFIRMATION_SENT_TEMPLATE = "account/messages/email_confirmation_sent.txt"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Customises sign-up, login, logout and mail."""

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """Turn the row of the visitor's guest into the account, or create a row when there is none."""
        with transaction.atomic():
            account = start_account(guest_key=find_guest_key(request), new_user=user)
            return super().save_user(request, account, form, commit)  # type: ignore[no-any-return]

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

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Say after a sign-up that it worked, where the person returns to the conversation it began in."""
        response: HttpResponse = super().post_login(request, user, **options)
        if options["signup"] and (options["redirect_url"] or "").startswith(CONVERSATIONS_PATH):
            messages.success(request, _("가입했어요. 하던 대화를 이어 가세요."))
        return response

    def logout(self, request: HttpRequest) -> None:
        """Log out and replace the guest key, so that the next person at this browser sees no history."""
        if account := find_account(request):
            record_sign_out(account=account)
        super().logout(request)
        rotate_guest_key(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count attempts by the address alone; allauth adds the Host header, whose port anyone can vary."""
        return str(credentials.get("email") or credentials.get("username") or "").lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; without a mail server, warn the operator that it is only in the log."""
        super().send_mail(template_prefix, email, context)
        if not settings.EMAIL_HOST:
            logger.warning("a mail was only written to the log, EMAIL_HOST is not set: %s", template_prefix)

    def send_notification_mail(self, template_prefix: str, *args: Any, **kwargs: Any) -> None:
        """Mail an account that its second factor was changed; other changes are only said on the page."""
        if settings.EMAIL_HOST and template_prefix.startswith("mfa/"):
            super().send_notification_mail(template_prefix, *args, **kwargs)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """Confirm an account with a second factor by its code alone: a password may have been found out."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] == "mfa_reauthenticate"] or methods

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
