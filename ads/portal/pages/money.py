"""The wallet: what is in it, test money into it, and every movement."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ads.campaigning import RefusedError
from ads.grants import are_grants_allowed, grant_test_money
from ads.ledger import ReusedKeyError
from ads.money import WON, format_won
from ads.portal.access import Desk, for_members, for_owners
from ads.portal.export import answer_csv
from ads.portal.forms import TopUpForm
from ads.portal.pages.frame import show
from ads.portal.statement import PAGE_LINES, read_balance, read_lines


@require_safe
@for_members
def show_money(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Show the balance and the statement."""
    return _show(request, desk, TopUpForm())


@require_http_methods(["POST"])
@for_owners
def add_money(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Put test money into the wallet, where it is allowed, once however often the button is pressed."""
    if not are_grants_allowed():
        raise PermissionDenied
    form = TopUpForm(request.POST)
    if not form.is_valid() or not _grant(request, desk, form):
        return _show(request, desk, form)
    amount = form.cleaned_data["amount"]
    messages.success(request, _("시험용 돈 %(amount)s원을 넣었어요.") % {"amount": format_won(amount)})
    return redirect("portal:money", desk.advertiser.public_id)


@require_safe
@for_members
def download_statement(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Give the whole statement as a file."""
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
        for line in read_lines(desk.advertiser, limit=None)
    )
    return answer_csv("statement", header, rows)


def _grant(request: HttpRequest, desk: Desk, form: TopUpForm) -> bool:
    asked = form.cleaned_data
    try:
        grant_test_money(
            desk.advertiser, asked["amount"], owner_id=int(request.user.pk or 0), key=asked["key"]
        )
    except RefusedError as error:
        form.add_error(error.field, str(error))
    except ReusedKeyError:
        form.refuse_reuse()
    return form.is_valid()


def _show(request: HttpRequest, desk: Desk, form: TopUpForm) -> HttpResponseBase:
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    lines = read_lines(desk.advertiser, before=before, limit=PAGE_LINES + 1)
    context = {
        "form": form,
        "takes_test_money": are_grants_allowed(),
        "balance": read_balance(desk.advertiser),
        "lines": lines[:PAGE_LINES],
        "next_cursor": lines[PAGE_LINES - 1].number if len(lines) > PAGE_LINES else None,
    }
    status = 422 if form.is_bound else 200
    return show(request, desk, "money", section="money", context=context, status=status)
