"""The pages of the second factor where they differ from allauth's."""

from typing import Any, cast

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import LoginStageController
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.edit import FormView

from accounts.models import User
from accounts.sealing import UnreadableSecretError
from accounts.second_factor.forms import RecoveryCodeForm
from accounts.second_factor.selectors import find_second_factor


@login_required
@require_safe
def show_second_factor(request: HttpRequest) -> HttpResponse:
    """Show whether the second factor is on, and what can be done with it."""
    factor = find_second_factor(cast(User, request.user))
    return render(request, "mfa/index.html", {"factor": factor})


@method_decorator(never_cache, name="dispatch")
class ActivateView(ActivateTOTPView):  # type: ignore[misc]
    """Turns the second factor on; the page that asked for it is shown after the recovery codes."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Turn it on, and count the code as this session's use of the factor."""
        response: HttpResponse = super().form_valid(form)
        factor = find_second_factor(cast(User, self.request.user))
        if factor:
            kind = Authenticator.Type.TOTP
            record_authentication(self.request, self.request.user, "mfa", id=factor.app_id, type=kind)
        return response

    def get_success_url(self) -> str:
        """Return the page of the recovery codes."""
        return str(passthrough_next_redirect_url(self.request, super().get_success_url(), "next"))


@method_decorator(never_cache, name="dispatch")
class ShowRecoveryCodesView(ViewRecoveryCodesView):  # type: ignore[misc]
    """Shows new recovery codes once."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the codes; where no key opens them, ask to make new ones."""
        try:
            return cast(HttpResponseBase, super().get(request, *args, **kwargs))
        except UnreadableSecretError:
            messages.error(request, _("복구 코드를 열 수 없어요. 새 복구 코드를 만들어 주세요."))
            return redirect("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the codes as the text of a file, and the page that comes next."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["codes_text"] = "".join(f"{code}\n" for code in context["unused_codes"])
        context["next_url"] = get_next_redirect_url(self.request) or reverse("mfa_index")
        return context


class RenewRecoveryCodesView(GenerateRecoveryCodesView):  # type: ignore[misc]
    """Replaces the recovery codes, also those that no key opens any more."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add how many codes are left, which needs no key."""
        factor = find_second_factor(cast(User, self.request.user))
        return FormView.get_context_data(self, factor=factor, **kwargs)


class RecoveryCodeView(AuthenticateView):  # type: ignore[misc]
    """The step of a login that asks for a recovery code."""

    template_name = "mfa/authenticate_recovery.html"

    def get_form_class(self) -> type[Form]:
        """Return the form of a recovery code."""
        return RecoveryCodeForm


@never_cache
@require_POST
def cancel_login(request: HttpRequest) -> HttpResponse:
    """Give a half-finished login up, to log in anew; a guest stays the same guest."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return redirect("account_login")
    stage.abort()
    return redirect(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
