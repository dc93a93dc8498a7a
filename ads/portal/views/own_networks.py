"""The networks that an advertiser declares as its own: clicks from there are free."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ads.campaigns.advertisers import save_own_networks
from ads.campaigns.errors import InvalidChangeError
from ads.domain.networks import MAX_NETWORKS, NetworkError, is_private_address, parse_network
from ads.events.event_requests import client_address
from ads.portal.access import AdvertiserContext, editor_required
from ads.portal.fields import NetworksField
from ads.portal.views.layout import DEFAULT_PERIOD_DAYS, render_conflict, render_form
from ads.reporting.advertiser_inventory import count_clicks_since
from ads.reporting.figures import Period


class OwnNetworksForm(forms.Form):
    """IP addresses and networks, one per line."""

    networks = NetworksField(
        label=gettext_lazy("IP 주소나 대역"),
        help_text=gettext_lazy(
            "한 줄에 하나. 예: 211.104.5.20, 211.104.5.0/24, 211.104.5.*, 2001:2d8:5::/48"
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def own_networks_edit(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show the declared networks with the number of clicks from them, and edit them."""
    form = OwnNetworksForm(request.POST or None, initial={"networks": access.advertiser.own_networks})
    form.fields["networks"].allows_private = is_private_address(client_address(request))  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        save_own_networks(advertiser=access.advertiser, networks=form.cleaned_data["networks"])
        messages.success(request, _("저장했어요. 지금부터 여기서 누른 클릭에는 요금이 나가지 않아요."))
        return redirect("portal:addresses", access.advertiser.public_id)
    return _render(request, access, form)


@require_POST
@editor_required
def own_networks_add_current(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Declare the address of this request as the advertiser's own."""
    here = client_address(request)
    try:
        save_own_networks(
            advertiser=access.advertiser,
            networks=[parse_network(here, allows_private=is_private_address(here))],
            adds=True,
        )
    except (NetworkError, InvalidChangeError) as error:
        message = str(error) if isinstance(error, InvalidChangeError) else _("지금 주소를 알 수 없어요.")
        return render_conflict(request, access, message, section="own_networks")
    messages.success(
        request, _("%(address)s에서 누른 클릭에는 지금부터 요금이 나가지 않아요.") % {"address": here}
    )
    return redirect("portal:addresses", access.advertiser.public_id)


def _render(request: HttpRequest, access: AdvertiserContext, form: OwnNetworksForm) -> HttpResponseBase:
    here = client_address(request)
    period = Period.until_today(DEFAULT_PERIOD_DAYS)
    own_clicks, _all = count_clicks_since(access.advertiser, period.first)
    context = {
        "here": here,
        "is_here_named": here in access.advertiser.own_networks,
        "most": MAX_NETWORKS,
        "span": DEFAULT_PERIOD_DAYS,
        "refused": own_clicks,
    }
    return render_form(
        request, access, "ads/own_networks.html", section="own_networks", form=form, context=context
    )
