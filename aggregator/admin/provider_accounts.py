"""Provider accounts in the admin: their keys, their use, and the models that their servers list."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import User
from aggregator.admin.provider_forms import ProviderAccountForm
from aggregator.admin.provider_texts import describe_error
from aggregator.models import ProviderAccount
from aggregator.providers.errors import ProviderError
from aggregator.selectors.provider_accounts import (
    annotate_accounts,
    list_environment_keys,
    list_key_uses,
)
from aggregator.services.provider_accounts import (
    find_active_key,
    is_unreadable,
    retire_key,
    save_account,
    set_key,
)
from aggregator.services.provider_checks import list_account_models


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ModelAdmin):
    """Accounts at providers and servers of one's own; an account's key is written and never shown."""

    form = ProviderAccountForm
    list_display = [
        "name", "kind", "show_status", "show_key", "show_models", "show_last_use", "show_last_test",
    ]  # fmt: skip
    search_fields = ["name", "base_url"]
    list_after_template = "admin/aggregator/provider_environment.html"
    change_form_after_template = "admin/aggregator/provider_keys.html"

    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an account's keys below its form."""
        account = self.get_object(request, object_id) if object_id else None
        active = find_active_key(account) if account else None
        more = {
            "key_uses": list_key_uses(account) if account else [],
            "is_unreadable": bool(active and is_unreadable(active)),
            "may_retire": bool(active and self.has_key_permission(request)),
            "environment_key": _replaced_variable(account),
        }
        page: HttpResponse = super().changeform_view(
            request, object_id, form_url, more | (extra_context or {})
        )
        return page

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the keys of the environment below the accounts."""
        more = {"environment_keys": list_environment_keys()}
        page: HttpResponse = super().changelist_view(request, more | (extra_context or {}))
        return page

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderAccount]:
        """Return the accounts with the columns of the list."""
        return annotate_accounts(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Any:
        """Offer the key to those who may change keys."""
        fieldsets: list[Any] = [(None, {"fields": ["name", "kind", "base_url", "is_on"]})]
        if self.has_key_permission(request):
            title = _("키 교체") if obj and find_active_key(obj) else _("키")
            fieldsets.append((title, {"fields": ["secret"]}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: ProviderAccount | None = None) -> list[str]:
        """Keep the kind, by which the models' names are built."""
        return ["kind"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: ProviderAccount | None = None) -> bool:
        """An account with keys or models is switched off instead: its calls stay on record."""
        is_empty = obj is not None and not obj.keys.exists() and not obj.listings.exists()
        return is_empty and super().has_delete_permission(request, obj)

    def has_key_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Keys have a permission of their own."""
        return request.user.has_perm("aggregator.change_providerkey")

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        """Store the account and its new key; a message and the history say which key replaced which."""
        by = cast("User", request.user)
        save_account(account=obj, by=by)
        secret = form.cleaned_data.get("secret")
        if secret and self.has_key_permission(request):
            before = find_active_key(obj)
            key = set_key(account=obj, secret=secret, by=by)
            if before:
                text = gettext("키 %(old)s를 %(new)s로 바꿨어요. 3초 안에 모든 호출이 새 키를 써요.")
            else:
                text = gettext("키 %(new)s를 저장했어요. 3초 안에 이 키로 호출해요.")
            self._announce(request, obj, text % {"old": before.hint if before else "", "new": key.hint})
        super().save_model(request, obj, form, change)

    def retire_active_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for confirmation, then delete the secret of the active key."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        if not self.has_key_permission(request):
            raise PermissionDenied
        key = find_active_key(account)
        back = reverse("admin:aggregator_provideraccount_change", args=[account.pk])
        if key is None:
            messages.warning(request, gettext("폐기할 키가 없어요."))
            return redirect(back)
        if request.method != "POST":
            context = self.admin_site.each_context(request) | {
                "title": gettext("%(name)s의 키 폐기") % {"name": account.name},
                "key": key,
                "environment_key": _replaced_variable(account),
                "back": back,
            }
            return render(request, "admin/aggregator/retire_key.html", context)
        retire_key(key=key, by=cast("User", request.user))
        text = gettext("키 %(hint)s를 폐기했어요. 3초 안에 이 키로 더 호출하지 않아요.") % {"hint": key.hint}
        self._announce(request, account, text)
        return redirect(back)

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the provider's own list, and the one that asks before a key is retired."""
        served = self.admin_site.admin_view(self.show_served_models)
        retire = self.admin_site.admin_view(self.retire_active_key)
        urls: list[URLPattern] = super().get_urls()
        return [
            path("<path:object_id>/models/", served, name="aggregator_provideraccount_models"),
            path("<path:object_id>/retire/", retire, name="aggregator_provideraccount_retire"),
            *urls,
        ]

    def show_served_models(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """List what the provider serves, each with a link to the form that adds it."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        if not self.has_key_permission(request):
            raise PermissionDenied
        served, error = [], ""
        try:
            served = list_account_models(account)
        except ProviderError as failure:
            error = describe_error(failure.code)
        context = self.admin_site.each_context(request) | {
            "title": gettext("%(name)s의 모델") % {"name": account.name},
            "account": account,
            "served": served,
            "error": error,
            "back": reverse("admin:aggregator_provideraccount_change", args=[account.pk]),
            "add": reverse("admin:aggregator_listing_add"),
        }
        return render(request, "admin/aggregator/provider_models.html", context)

    @display(description=_("상태"), label={"on": "success", "off": "warning", "keyless": "danger"})
    def show_status(self, account: Any) -> tuple[str, str]:
        """Whether the account's models are offered."""
        if not account.is_on:
            return "off", gettext("꺼짐")
        if account.active_key_id is None and account.kind != ProviderAccount.Kind.COMPATIBLE:
            return "keyless", gettext("키 없음")
        return "on", gettext("켜짐")

    @display(description=_("키"))
    def show_key(self, account: Any) -> str:
        """The last characters of the active key."""
        return (account.active_hint or "••••") if account.active_key_id else "–"

    @display(description=_("모델"), ordering="model_count")
    def show_models(self, account: Any) -> int:
        """How many models it calls."""
        return int(account.model_count)

    @display(description=_("마지막 호출"))
    def show_last_use(self, account: Any) -> Any:
        """When one of its keys last called a model."""
        return account.last_used_at

    @display(description=_("마지막 시험"))
    def show_last_test(self, account: Any) -> str:
        """How the last test of one of its models ended."""
        if account.last_test_status == "passed":
            return gettext("성공")
        return describe_error(account.last_test_error) if account.last_test_status else "–"

    def _announce(self, request: HttpRequest, account: ProviderAccount, text: str) -> None:
        messages.success(request, text)
        self.log_change(request, account, text)


def _replaced_variable(account: ProviderAccount | None) -> str:
    """Return the name of the variable whose key the account's key replaces."""
    if account is None:
        return ""
    names = {key.kind: key.name for key in list_environment_keys() if key.used or key.replaced}
    return names.get(account.kind, "")
