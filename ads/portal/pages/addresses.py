"""The advertiser's own addresses: clicks from there cost nothing."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigning import RefusedError, save_own_networks
from ads.models import Click
from ads.networks import MOST_NETWORKS, NetworkError, is_inner, read_network
from ads.portal.access import Desk, for_editors
from ads.portal.fields import NetworksField
from ads.portal.figures import Period
from ads.portal.pages.frame import USUAL_SPAN, show
from ads.views import address_of


class AddressesForm(forms.Form):
    """Addresses and networks, one a line."""

    networks = NetworksField(
        label=gettext_lazy("IP 주소나 대역"),
        help_text=gettext_lazy(
            "한 줄에 하나. 예: 211.104.5.20, 211.104.5.0/24, 211.104.5.*, 2001:2d8:5::/48"
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def show_addresses(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Show what is named, how often it was met, and keep what is typed."""
    form = AddressesForm(request.POST or None, initial={"networks": desk.advertiser.own_networks})
    form.fields["networks"].takes_inner = is_inner(address_of(request))  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        save_own_networks(advertiser=desk.advertiser, networks=form.cleaned_data["networks"])
        messages.success(request, _("적어 뒀어요. 지금부터 여기서 누른 클릭에는 돈을 받지 않아요."))
        return redirect("portal:addresses", desk.advertiser.public_id)
    return _show(request, desk, form)


@require_POST
@for_editors
def add_here(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Name the address that this visit came from."""
    here = address_of(request)
    try:
        save_own_networks(
            advertiser=desk.advertiser,
            networks=[read_network(here, takes_inner=is_inner(here))],
            adds=True,
        )
    except (NetworkError, RefusedError) as error:
        refused = str(error) if isinstance(error, RefusedError) else _("지금 주소를 알 수 없어요.")
        return show(request, desk, "refused", section="addresses", context={"error": refused}, status=409)
    messages.success(
        request, _("%(address)s에서 누른 클릭에는 지금부터 돈을 받지 않아요.") % {"address": here}
    )
    return redirect("portal:addresses", desk.advertiser.public_id)


def _show(request: HttpRequest, desk: Desk, form: AddressesForm) -> HttpResponseBase:
    here = address_of(request)
    period = Period.until_today(USUAL_SPAN)
    own = Click.objects.filter(
        campaign__advertiser=desk.advertiser, day__gte=period.first, reason="own_address"
    )
    context = {
        "form": form,
        "here": here,
        "is_here_named": here in desk.advertiser.own_networks,
        "most": MOST_NETWORKS,
        "span": USUAL_SPAN,
        "refused": own.count(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return show(request, desk, "addresses", section="addresses", context=context, status=status)
