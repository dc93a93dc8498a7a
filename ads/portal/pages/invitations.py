"""What a mailed invitation opens: who is invited to what, and a button that accepts."""

from typing import Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ads.campaigning import RefusedError
from ads.invitations import accept_invitation, find_invitation, proves_address
from ads.models import Invitation

State = Literal["gone", "stranger", "unproved", "open"]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_invited(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation, and accept it for whoever is logged in with its address."""
    invitation = find_invitation(token)
    state = _state_of(request, invitation)
    if request.method == "POST" and invitation is not None and state == "open":
        try:
            membership = accept_invitation(invitation, account_id=int(request.user.pk or 0))
        except RefusedError as error:
            return _show(request, invitation, "open", error=str(error))
        if membership is not None:
            messages.success(request, _("이제 함께 일해요."))
            return redirect("portal:dashboard", membership.advertiser.public_id)
        state = "gone"
    return _show(request, invitation, state)


def _state_of(request: HttpRequest, invitation: Invitation | None) -> State:
    if invitation is None:
        return "gone"
    if not request.user.is_authenticated:
        return "stranger"
    return "open" if proves_address(request.user.pk, invitation.email) else "unproved"


def _show(
    request: HttpRequest, invitation: Invitation | None, state: State, *, error: str = ""
) -> HttpResponse:
    status = 410 if state == "gone" else 409 if request.method == "POST" else 200
    context = {"invitation": invitation, "state": state, "error": error}
    return render(request, "ads/invited.html", context, status=status)
