"""What a mailed invitation opens: who is invited to what, and a button that accepts."""

from typing import Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.invitations import accept_invitation, find_invitation, has_verified_email
from ads.models import Invitation

State = Literal["gone", "stranger", "unproved", "open"]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation, and accept it for whoever is logged in with its address."""
    invitation = find_invitation(token)
    state = _state_of(request, invitation)
    if request.method == "POST" and invitation is not None and state == "open":
        try:
            membership = accept_invitation(invitation, account_id=int(request.user.pk or 0))
        except InvalidChangeError as error:
            return _render(request, invitation, "open", error=str(error))
        if membership is not None:
            messages.success(request, _("이제 함께 일해요."))
            return redirect("portal:dashboard", membership.advertiser.public_id)
        state = "gone"
    return _render(request, invitation, state)


def _state_of(request: HttpRequest, invitation: Invitation | None) -> State:
    if invitation is None:
        return "gone"
    if not request.user.is_authenticated:
        return "stranger"
    return "open" if has_verified_email(request.user.pk, invitation.email) else "unproved"


def _render(
    request: HttpRequest, invitation: Invitation | None, state: State, *, error: str = ""
) -> HttpResponse:
    status = 410 if state == "gone" else 409 if request.method == "POST" else 200
    context = {"invitation": invitation, "state": state, "error": error}
    return render(request, "ads/invitation.html", context, status=status)
