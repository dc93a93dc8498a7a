"""Who may act for an advertiser."""

from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigning import RefusedError
from ads.members import admit_member, dismiss_member
from ads.models import Membership
from ads.portal.access import Desk, for_owners
from ads.portal.pages.frame import show


class MemberForm(forms.Form):
    """Somebody who has an account, and what they may do."""

    email = forms.EmailField(
        label=gettext_lazy("이메일"), help_text=gettext_lazy("짬뽕에 가입한 사람만 더할 수 있어요.")
    )
    role = forms.ChoiceField(label=gettext_lazy("할 수 있는 일"), choices=Membership.Role.choices)


@require_http_methods(["GET", "HEAD", "POST"])
@for_owners
def show_people(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Show the members, and admit another."""
    form = MemberForm(request.POST or None, initial={"role": Membership.Role.REPORTER})
    if request.method == "POST" and form.is_valid() and _admit(desk, form):
        return redirect("portal:people", desk.advertiser.public_id)
    members = Membership.objects.filter(advertiser=desk.advertiser).select_related("member").order_by("pk")
    status = 422 if form.is_bound else 200
    return show(
        request, desk, "people", section="people", context={"form": form, "members": members}, status=status
    )


@require_POST
@for_owners
def dismiss(request: HttpRequest, desk: Desk, membership_id: int) -> HttpResponseBase:
    """End a membership."""
    membership = get_object_or_404(Membership, pk=membership_id, advertiser=desk.advertiser)
    try:
        dismiss_member(membership=membership)
    except RefusedError as error:
        return show(request, desk, "refused", section="people", context={"error": error}, status=409)
    if membership.member_id == request.user.pk:
        return redirect("portal:welcome")
    return redirect("portal:people", desk.advertiser.public_id)


def _admit(desk: Desk, form: MemberForm) -> bool:
    accounts = get_user_model()._default_manager.filter(
        email__iexact=form.cleaned_data["email"], is_active=True
    )
    member_id = accounts.values_list("pk", flat=True).first()
    if member_id is None:
        form.add_error("email", _("이 이메일로 가입한 사람이 없어요."))
        return False
    try:
        admit_member(advertiser=desk.advertiser, member_id=member_id, role=form.cleaned_data["role"])
    except RefusedError as error:
        form.add_error(error.field, str(error))
        return False
    return True
