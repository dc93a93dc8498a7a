"""The account pages besides allauth's."""

from typing import cast

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import DeleteAccountForm, NameForm
from accounts.models import User
from accounts.second_factor.selectors import has_second_factor
from accounts.services import delete_account, rename_account


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show_account(request: HttpRequest) -> HttpResponse:
    """Show the account and change its name."""
    account = cast(User, request.user)
    form = NameForm(request.POST or None, initial={"name": account.first_name})
    if request.method == "POST" and form.is_valid():
        rename_account(account=account, name=form.cleaned_data["name"])
        messages.success(request, _("저장했어요."))
        return redirect("account_home")
    context = {"form": form, "has_second_factor": has_second_factor(account)}
    return render(request, "accounts/home.html", context)


@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_own_account(request: HttpRequest) -> HttpResponse:
    """Delete the account after a check of its password."""
    account = cast(User, request.user)
    form = DeleteAccountForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        adapter = get_adapter()
        adapter.logout(request)
        delete_account(account=account)
        messages.success(request, _("계정과 모든 내용을 삭제했어요."))
        return redirect("/")
    return render(request, "accounts/leave.html", {"form": form})
