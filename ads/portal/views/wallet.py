"""The wallet: its balance, its statement, and test credit."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ads.campaigns.credit_grants import grant_test_credit, is_test_credit_allowed
from ads.campaigns.errors import InvalidChangeError
from ads.domain.money import WON, format_won
from ads.ledger.entries import IdempotencyKeyReusedError
from ads.portal.access import AdvertiserContext, member_required, owner_required
from ads.portal.forms import TopUpForm
from ads.portal.views.layout import read_number, render_form
from ads.reporting.csv_export import csv_response
from ads.reporting.statements import PAGE_LINES, read_balance, read_statement


@require_safe
@member_required
def wallet_detail(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Show the balance and the statement."""
    return _render(request, access, TopUpForm())


@require_POST
@owner_required
def wallet_top_up(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Add test credit to the wallet where the site allows it, once for each form."""
    if not is_test_credit_allowed():
        raise PermissionDenied
    form = TopUpForm(request.POST)
    if not form.is_valid() or not grant_from_form(request, access, form):
        return _render(request, access, form)
    amount = form.cleaned_data["amount"]
    messages.success(request, _("시험용 잔액 %(amount)s원을 충전했어요.") % {"amount": format_won(amount)})
    return redirect("portal:money", access.advertiser.public_id)


def grant_from_form(request: HttpRequest, access: AdvertiserContext, form: TopUpForm) -> bool:
    """Add the form's amount to the wallet as test credit, once per key; errors are reported in the form."""
    amount, key = form.cleaned_data["amount"], form.cleaned_data["key"]
    try:
        grant_test_credit(access.advertiser, amount, owner_id=int(request.user.pk or 0), key=key)
    except InvalidChangeError as error:
        form.add_error(error.field, str(error))
    except IdempotencyKeyReusedError:
        form.reject_reused_key()
    return form.is_valid()


@require_safe
@member_required
def statement_csv(request: HttpRequest, access: AdvertiserContext) -> HttpResponseBase:
    """Return the whole statement as a CSV file."""
    header = [_("일시"), _("내용"), _("캠페인"), _("금액(원)"), _("잔액(원)"), _("메모")]
    rows = (
        [
            timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S"),
            line.label,
            line.campaign,
            line.amount_micros / WON,
            line.balance_micros / WON,
            line.remark,
        ]
        for line in read_statement(access.advertiser, limit=None)
    )
    return csv_response("statement", header, rows)


def _render(request: HttpRequest, access: AdvertiserContext, form: TopUpForm) -> HttpResponseBase:
    before = read_number(request.GET.get("before", ""), max_digits=18)
    lines = read_statement(access.advertiser, before=before, limit=PAGE_LINES + 1)
    context = {
        "takes_test_money": is_test_credit_allowed(),
        "balance": read_balance(access.advertiser),
        "lines": lines[:PAGE_LINES],
        "next_cursor": lines[PAGE_LINES - 1].number if len(lines) > PAGE_LINES else None,
    }
    return render_form(request, access, "ads/wallet.html", section="wallet", form=form, context=context)
