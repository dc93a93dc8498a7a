"""Access to the admin: staff must have used their second factor, and a setting requires one of them."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.second_factor.selectors import has_second_factor, has_used_second_factor

# The attribute of a request with its missing step.
KEPT_STEP = "missing_second_factor_step"


def find_missing_step(request: HttpRequest) -> str | None:
    """Return the name of the page at which a member of the staff must first prove or set up the factor.

    A page of the admin asks several times; the answer is kept with its request.
    """
    if not hasattr(request, KEPT_STEP):
        setattr(request, KEPT_STEP, _read_missing_step(request))
    step: str | None = getattr(request, KEPT_STEP)
    return step


def require_second_factor(site: AdminSite) -> None:
    """Let people in by the common login, which limits attempts, and only past the second factor."""
    has_permission, log_in = site.has_permission, secure_admin_login(site.login)

    def has_permission_and_factor(request: HttpRequest) -> bool:
        return has_permission(request) and find_missing_step(request) is None

    def log_in_or_send_on(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        step = find_missing_step(request) if has_permission(request) else None
        if step is None:
            response: HttpResponse = log_in(request, extra_context)
            return response
        if step == "mfa_activate_totp":
            messages.warning(request, _("관리자 화면을 쓰려면 먼저 2단계 인증을 켜 주세요."))
        target = get_next_redirect_url(request) or reverse("admin:index")
        return redirect(f"{reverse(step)}?{urlencode({'next': target})}")

    site.has_permission = has_permission_and_factor  # type: ignore[method-assign]
    site.login = log_in_or_send_on  # type: ignore[method-assign]


def _read_missing_step(request: HttpRequest) -> str | None:
    if has_second_factor(request.user):
        return None if has_used_second_factor(request) else "mfa_reauthenticate"
    return "mfa_activate_totp" if settings.ADMIN_REQUIRES_SECOND_FACTOR else None
