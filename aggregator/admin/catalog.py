"""The language models in the admin: those of the catalog and those that an admin adds."""

from functools import partial
from typing import Any, cast

from celery import current_app
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts.models import User
from aggregator.admin.calibration_report import FUSION_VERDICTS
from aggregator.admin.provider_forms import PRICES, ListingForm
from aggregator.admin.provider_texts import report_test
from aggregator.models import Listing, ProviderTest
from aggregator.selectors.provider_accounts import is_offered, list_recent_tests
from aggregator.services.listings import read_model
from aggregator.services.provider_accounts import save_custom_model
from aggregator.services.provider_checks import fail_test, run_test, start_test

TEST = "aggregator_listing_test_call"
TEST_TASK = "aggregator.tasks.run_provider_test"
LIMITS = ["concurrency", "context_window", "output_limit"]
QUALITY = ["languages", "standing", "can_fuse"]
UNMEASURED_FUSION: dict[str, Promise] = {
    "": _("아직 재지 않았어요."),
    "no_judge": _(
        "재 보았지만 함께 쓰는 모델 가운데 심사할 수 있는 모델이 없어서 정하지 못했어요. 합치지 않아요."
    ),
}


@admin.register(Listing)
class ListingAdmin(ModelAdmin):
    """Models with their prices and limits, added, tried, switched on and off here."""

    form = ListingForm
    list_display = [
        "name", "slug", "vendor", "show_provider", "is_on", "show_reachable", "standing", "can_fuse",
    ]  # fmt: skip
    list_editable = ["is_on"]
    list_filter = ["is_on", "is_custom", "account", "provider", "vendor"]
    list_select_related = ["account"]
    search_fields = ["slug", "name", "litellm_model"]
    change_form_after_template = "admin/aggregator/provider_tests.html"
    # A button of the form, not a link: what it tries is what was just saved.
    actions_submit_line = ["test_call"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the last test calls below a model's form."""
        listing = self.get_object(request, object_id) if object_id else None
        reports = [report_test(test) for test in (list_recent_tests(listing) if listing else ())]
        is_testing = any(report.status == ProviderTest.Status.RUNNING for report in reports)
        more = {"tests": reports, "is_testing": is_testing}
        page: HttpResponse = super().changeform_view(
            request, object_id, form_url, more | (extra_context or {})
        )
        return page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        """Return the models with their accounts' keys."""
        rows: QuerySet[Listing] = super().get_queryset(request)
        return rows.prefetch_related("account__keys")

    def get_fieldsets(self, request: HttpRequest, obj: Listing | None = None) -> Any:
        """Let the provider's name of a model be typed where it is not the catalog's."""
        if obj and not obj.is_custom:
            called_by = ["account"] if obj.account_id else []
            identity = ["name", "slug", "vendor", "provider", "litellm_model", "api_base", *called_by]
        else:
            identity = ["account", "model_id", "show_alias" if obj else "slug", "name", "vendor"]
        return [
            (None, {"fields": [*identity, "is_on"]}),
            (_("토큰 백만 개의 가격 (원)"), {"fields": list(PRICES)}),
            (_("한도"), {"fields": LIMITS}),
            (_("고르는 기준"), {"fields": [*QUALITY, *(["show_fusion"] if obj else [])]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Listing | None = None) -> list[str]:
        """Keep the alias, by which programs and stored answers name a model."""
        if obj is None:
            return []
        identity = (
            ["show_alias"] if obj.is_custom else ["slug", "vendor", "provider", "litellm_model", "api_base"]
        )
        return [*identity, "show_fusion"]

    def get_form(
        self, request: HttpRequest, obj: Listing | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Leave the ID out of the form of a catalog model."""
        if obj and not obj.is_custom:
            kwargs["form"] = type("CatalogListingForm", (ListingForm,), {"model_id": None})
        return super().get_form(request, obj, change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Listing | None = None) -> bool:
        """Only added models are deleted: those of the catalog would come back."""
        return obj is not None and obj.is_custom and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Listing, form: Any, change: bool) -> None:
        """Store an added model by its ID at the provider, a catalog model as it is."""
        if "model_id" in form.cleaned_data:
            save_custom_model(listing=obj, model_id=form.cleaned_data["model_id"])
        super().save_model(request, obj, form, change)

    @action(description=_("저장하고 시험 호출"), permissions=["change"], icon="network_check")
    def test_call(self, request: HttpRequest, obj: Listing) -> None:
        """Call the model once with a short question."""
        test = start_test(listing=obj, by=cast("User", request.user))
        # After the commit, as a worker reads the rows, and a slow provider must not hold their locks.
        transaction.on_commit(partial(_run, test, request))

    def response_change(self, request: HttpRequest, obj: Listing) -> HttpResponse:
        """Stay on the page of a model that was tried."""
        if TEST in request.POST:
            return redirect(request.path)
        page: HttpResponse = super().response_change(request, obj)
        return page

    @display(description=_("합치기 측정 결과"))
    def show_fusion(self, listing: Listing) -> str:
        """What was measured of its fused answers, or why nothing was."""
        if listing.fusion_verdict is not None:
            return str(FUSION_VERDICTS["not_worse" if listing.fusion_verdict else "worse"])
        return str(UNMEASURED_FUSION[read_model(listing).fusion_problem])

    @display(description=_("별칭"))
    def show_alias(self, listing: Listing) -> str:
        """The name by which programs ask for it."""
        return listing.slug

    @display(description=_("제공자"), ordering="provider")
    def show_provider(self, listing: Listing) -> str:
        """The account whose key calls the model, or the kind of provider that the environment's key calls."""
        return listing.account.name if listing.account else listing.provider

    @display(description=_("연결됨"), boolean=True)
    def show_reachable(self, listing: Listing) -> bool:
        """Whether there is a key or a server for it."""
        return is_offered(listing)


def _run(test: ProviderTest, request: HttpRequest) -> None:
    if settings.TURN_RUNNER != "worker":
        run_test(test.pk)
        return
    # The web role loads no client of a provider.
    try:
        current_app.send_task(TEST_TASK, [test.pk], retry=False)
    except (OperationalError, RedisError):
        fail_test(test, "not_sent")
        messages.error(request, gettext("시험 호출을 시작하지 못했어요."))
