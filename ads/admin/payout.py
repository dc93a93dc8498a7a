"""Pays an advertiser's money out again: the form and the page of it."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from ads.ledger import FrozenError, NotEnoughMoneyError, open_wallet, refund, refundable
from ads.models import Advertiser
from ads.money import format_won
from ads.won_field import WonField


class PayoutForm(forms.Form):
    """How much and why; the key makes a second press of the button the same payment."""

    amount = WonField(
        label=gettext_lazy("환불할 금액 (원)"),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("까닭"),
        max_length=200,
        help_text=gettext_lazy("광고주의 내역에 그대로 보여요."),
        widget=UnfoldAdminTextInputWidget(),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def show_payout(request: HttpRequest, context: dict[str, object], advertiser_id: int) -> HttpResponse:
    """Show what can be paid out, and pay it."""
    advertiser = get_object_or_404(Advertiser, pk=advertiser_id)
    back = reverse("admin:ads_advertiser_change", args=[advertiser.pk])
    form = PayoutForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _pay(form, advertiser):
        amount = format_won(form.cleaned_data["amount"])
        messages.success(request, _("%(amount)s원을 환불했어요.") % {"amount": amount})
        return redirect(back)
    context |= {
        "back": back,
        "title": _("%(name)s: 환불") % {"name": advertiser.name},
        "form": form,
        "most": format_won(refundable(open_wallet(advertiser))),
    }
    return render(request, "ads/payout.html", context)


def _pay(form: PayoutForm, advertiser: Advertiser) -> bool:
    paid = form.cleaned_data
    try:
        refund(advertiser, paid["amount"], key=f"admin:{paid['key']}", note=paid["note"])
    except NotEnoughMoneyError:
        form.add_error("amount", _("환불할 수 있는 돈보다 많아요."))
    except FrozenError:
        form.add_error(None, _("시장이 멈춰 있는 동안에는 환불할 수 없어요."))
    return form.is_valid()
