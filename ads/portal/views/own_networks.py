"""The advertiser's own addresses: clicks from there cost nothing."""

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
from ads.models import Click
from ads.portal.access import AdvertiserContext, editor_required
from ads.portal.fields import NetworksField
from ads.portal.views.layout import DEFAULT_PERIOD_DAYS, render_page
from ads.reporting.figures import Period


class OwnNetworksForm(forms.Form):
    """Addresses and networks, one a line."""

    networks = NetworksField(
        label=gettext_lazy("IP 주소나 대역"),
        help_text=gettext_lazy(
            "한 줄에 하나. 예: 211.104.5.20, 211.104.5.0/24, 211.104.5.*, 2001:2d8:5::/48"
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def own_networks_edit(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show what is named, how often it was met, and keep what is typed."""
    form = OwnNetworksForm(request.POST or None, initial={"networks": access.advertiser.own_networks})
    form.fields["networks"].allows_private = is_private_address(client_address(request))  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        save_own_networks(advertiser=access.advertiser, networks=form.cleaned_data["networks"])
        messages.success(request, _("적어 뒀어요. 지금부터 여기서 누른 클릭에는 돈을 받지 않아요."))
        return redirect("portal:addresses", access.advertiser.public_id)
    return _render(request, access, form)


@require_POST
@editor_required
def own_networks_add_current(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Name the address that this visit came from."""
    here = client_address(request)
    try:
        save_own_networks(
            advertiser=access.advertiser,
            networks=[parse_network(here, allows_private=is_private_address(here))],
            adds=True,
        )
    except (NetworkError, InvalidChangeError) as error:
        refused = str(error) if isinstance(error, InvalidChangeError) else _("지금 주소를 알 수 없어요.")
        return render_page(
            request, access, "refused", section="addresses", context={"error": refused}, status=409
        )
    messages.success(
        request, _("%(address)s에서 누른 클릭에는 지금부터 돈을 받지 않아요.") % {"address": here}
    )
    return redirect("portal:addresses", access.advertiser.public_id)


def _render(request: HttpRequest, access: AdvertiserContext, form: OwnNetworksForm) -> HttpResponseBase:
    here = client_address(request)
    period = Period.until_today(DEFAULT_PERIOD_DAYS)
    own = Click.objects.filter(
        campaign__advertiser=access.advertiser, day__gte=period.first, reason="own_address"
    )
    context = {
        "form": form,
        "here": here,
        "is_here_named": here in access.advertiser.own_networks,
        "most": MAX_NETWORKS,
        "span": DEFAULT_PERIOD_DAYS,
        "refused": own.count(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, access, "addresses", section="addresses", context=context, status=status)
