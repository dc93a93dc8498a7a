"""The page of an invitation link: shows the invitation and accepts it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.invitations import InvitationState, accept_invitation, find_invitation, invitation_state
from ads.models import Invitation


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation, and accept it for an account that has verified its email address."""
    invitation = find_invitation(token)
    state = invitation_state(invitation, account_id=request.user.pk)
    if request.method == "POST" and invitation is not None and state == "open":
        try:
            membership = accept_invitation(invitation, account_id=int(request.user.pk or 0))
        except InvalidChangeError as error:
            return _render(request, invitation, "open", error=str(error))
        if membership is not None:
            messages.success(request, _("이제 함께 일해요."))
            return redirect("portal:dashboard", membership.advertiser.public_id)
        state = "closed"
    return _render(request, invitation, state)


def _render(
    request: HttpRequest, invitation: Invitation | None, state: InvitationState, *, error: str = ""
) -> HttpResponse:
    status = 410 if state == "closed" else 409 if request.method == "POST" else 200
    context = {"invitation": invitation, "state": state, "error": error}
    return render(request, "ads/invitation.html", context, status=status)
