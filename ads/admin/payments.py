"""The admin page that tops up an advertiser's wallet or refunds money from it."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from ads.domain.money import format_won
from ads.forms import IdempotentForm, WonField
from ads.ledger.accounts import open_wallet, refundable_micros
from ads.ledger.entries import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    MarketFrozenError,
    pay_once,
)
from ads.models import Advertiser, Transaction


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """A kind of payment with its texts."""

    kind: Transaction.Kind
    sign: str
    title: Promise
    amount: Promise
    reason: Promise
    notice: Promise
    button: Promise
    done: Promise


PAY_IN = PaymentKind(
    kind=Transaction.Kind.TOP_UP,
    sign="+",
    title=gettext_lazy("%(name)s: 입금"),
    amount=gettext_lazy("입금한 금액 (원)"),
    reason=gettext_lazy("입금 번호나 메모"),
    notice=gettext_lazy("입금을 확인한 금액만 적어 주세요. 쓰지 않은 만큼은 나중에 환불할 수 있어요."),
    button=gettext_lazy("입금 처리"),
    done=gettext_lazy("%(amount)s원을 입금했어요."),
)
PAY_OUT = PaymentKind(
    kind=Transaction.Kind.REFUND,
    sign="-",
    title=gettext_lazy("%(name)s: 환불"),
    amount=gettext_lazy("환불할 금액 (원)"),
    reason=gettext_lazy("사유"),
    notice=gettext_lazy(
        "지금 환불할 수 있는 금액은 %(most)s원이에요. 오늘 예약한 금액과 시험용 금액은 뺐어요."
    ),
    button=gettext_lazy("환불하기"),
    done=gettext_lazy("%(amount)s원을 환불했어요."),
)


class PaymentForm(IdempotentForm):
    """The amount and the note of a payment."""

    amount = WonField(
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    note = forms.CharField(
        max_length=200,
        help_text=gettext_lazy("광고주의 내역에 그대로 보여요."),
        widget=UnfoldAdminTextInputWidget(),
    )


def show_payment(
    request: HttpRequest, model_admin: "ModelAdmin[Advertiser]", advertiser_id: int, payment: PaymentKind
) -> HttpResponse:
    """Show the form of a payment, and make the payment when it is sent."""
    advertiser = model_admin.get_object(request, str(advertiser_id))
    if advertiser is None:
        raise Http404
    back = reverse("admin:ads_advertiser_change", args=[advertiser.pk])
    form = PaymentForm(request.POST or None)
    form.fields["amount"].label, form.fields["note"].label = str(payment.amount), str(payment.reason)
    if request.method == "POST" and form.is_valid() and _pay(request, model_admin, form, advertiser, payment):
        messages.success(request, payment.done % {"amount": format_won(form.cleaned_data["amount"])})
        return redirect(back)
    context = model_admin.admin_site.each_context(request) | {
        "back": back,
        "title": payment.title % {"name": advertiser.name},
        "form": form,
        "notice": payment.notice % {"most": format_won(refundable_micros(open_wallet(advertiser)))},
        "button": payment.button,
    }
    return render(request, "ads/admin/payment.html", context)


def _pay(
    request: HttpRequest,
    model_admin: "ModelAdmin[Advertiser]",
    form: PaymentForm,
    advertiser: Advertiser,
    payment: PaymentKind,
) -> bool:
    amount, note, key = (form.cleaned_data[name] for name in ("amount", "note", "key"))
    try:
        with transaction.atomic():
            posted = pay_once(payment.kind, advertiser, amount, key=f"admin:{key}", note=note)
            if posted:
                entry = f"{payment.sign}{format_won(amount)} KRW · {note} · {posted.pk}"
                model_admin.log_change(request, advertiser, entry)
    except InsufficientBalanceError:
        form.add_error("amount", _("환불할 수 있는 금액보다 많아요."))
    except MarketFrozenError:
        form.add_error(None, _("시장이 멈춰 있는 동안에는 환불할 수 없어요."))
    except IdempotencyKeyReusedError:
        form.reject_reused_key()
    return form.is_valid()
