"""The members of an advertiser and their invitations."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigns import members
from ads.campaigns.errors import InvalidChangeError
from ads.models import Invitation, Membership
from ads.portal.access import AdvertiserContext, owner_required
from ads.portal.views.layout import render_conflict, render_form
from ads.reporting.advertiser_inventory import members_of


class MemberForm(forms.Form):
    """The email address to invite, and the role it gets."""

    email = forms.EmailField(
        label=gettext_lazy("이메일"),
        help_text=gettext_lazy("이 주소로 초대를 보내요. 그 주소로 로그인해서 수락하면 구성원이 돼요."),
    )
    role = forms.ChoiceField(label=pgettext_lazy("member", "권한"), choices=Membership.Role.choices)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def member_list(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show members and open invitations, and send another invitation."""
    form = MemberForm(request.POST or None, initial={"role": Membership.Role.REPORTER})
    if request.method == "POST" and form.is_valid() and _invite(request, access, form):
        return redirect("portal:people", access.advertiser.public_id)
    invitations = members.open_invitations().filter(advertiser=access.advertiser).order_by("pk")
    people = list(members_of(access.advertiser))
    owners = [each.pk for each in people if each.role == Membership.Role.OWNER]
    only_owner = owners[0] if len(owners) == 1 else None
    context = {"members": people, "only_owner": only_owner, "invitations": invitations}
    return render_form(request, access, "ads/members.html", section="members", form=form, context=context)


@require_POST
@owner_required
def member_remove(request: HttpRequest, access: AdvertiserContext, membership_id: int) -> HttpResponseBase:
    """Remove a member."""
    membership = get_object_or_404(members_of(access.advertiser), pk=membership_id)
    try:
        members.remove_member(membership=membership)
    except InvalidChangeError as error:
        return render_conflict(request, access, str(error), section="members")
    if membership.member_id == request.user.pk:
        return redirect("portal:welcome")
    return redirect("portal:people", access.advertiser.public_id)


@require_POST
@owner_required
def invitation_revoke(
    request: HttpRequest, access: AdvertiserContext, invitation_id: UUID
) -> HttpResponseBase:
    """Revoke an open invitation."""
    members.revoke_invitation(advertiser=access.advertiser, public_id=invitation_id)
    return redirect("portal:people", access.advertiser.public_id)


def _invite(request: HttpRequest, access: AdvertiserContext, form: MemberForm) -> bool:
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    try:
        invited = members.create_invitation(
            advertiser=access.advertiser, email=email, role=role, inviter_id=int(request.user.pk or 0)
        )
    except InvalidChangeError as error:
        form.add_error(error.field, str(error))
        return False
    if invited and not settings.EMAIL_HOST:
        text = _("%(email)s의 초대를 만들었어요. 이 사이트에는 메일이 없어서, 링크는 서버 기록에만 있어요.")
        messages.warning(request, text % {"email": email})
        return True
    text = _("%(email)s로 초대를 보냈어요.") if invited else _("%(email)s의 권한을 바꿨어요.")
    messages.success(request, text % {"email": email})
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation, and accept it for an account that has verified its email address."""
    invitation = members.find_invitation(token)
    state = members.invitation_state(invitation, account_id=request.user.pk)
    if request.method == "POST" and invitation is not None and state == "open":
        try:
            membership = members.accept_invitation(invitation, account_id=int(request.user.pk or 0))
        except InvalidChangeError as error:
            return _render(request, invitation, "open", error=str(error))
        if membership is not None:
            messages.success(request, _("구성원이 되었어요."))
            return redirect("portal:dashboard", membership.advertiser.public_id)
        state = "closed"
    return _render(request, invitation, state)


def _render(
    request: HttpRequest, invitation: Invitation | None, state: members.InvitationState, *, error: str = ""
) -> HttpResponse:
    status = 410 if state == "closed" else 409 if request.method == "POST" else 200
    context = {"invitation": invitation, "state": state, "error": error}
    return render(request, "ads/invitation.html", context, status=status)
