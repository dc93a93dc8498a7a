"""The review queue: every ad is read by a person before anybody else sees it."""

from typing import cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from ads.models import Approval, Creative
from ads.reviewing import NotWaitingError, approve_creative, reject_creative, risks_of

RISKS = {
    "health": _("건강을 말해요"),
    "money": _("돈을 벌거나 빌리는 이야기예요"),
    "promise": _("크게 약속해요"),
    "elsewhere": _("표시한 도메인과 다른 곳으로 가요"),
}
APPROVE, REJECT = "ads_creative_approve", "ads_creative_reject"


@admin.register(Creative)
class CreativeAdmin(ModelAdmin):
    """Ads, the ones that wait for a review first; texts are read here and never written."""

    list_display = [
        "title",
        "show_advertiser",
        "version",
        "show_review",
        "is_on",
        "created_at",
        "reviewed_at",
    ]
    list_filter = ["review", "is_ai_generated", "is_on"]
    list_select_related = ["ad_group__campaign__advertiser"]
    search_fields = ["title", "body", "display_domain", "ad_group__campaign__advertiser__name"]
    readonly_fields = [
        "ad_group", "version", "title", "body", "display_domain", "landing_url", "is_ai_generated", "is_on",
        "review", "show_risks", "show_approvals", "show_previous", "reviewer", "reviewed_at",
    ]  # fmt: skip
    fields = [*readonly_fields, "review_reason"]
    # Buttons of the form and no links: a decision is a POST with the form's own token.
    actions_submit_line = ["approve", "reject"]
    ordering = ["-review", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ads are written by advertisers."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Creative | None = None) -> bool:
        """What was shown stays on record."""
        return False

    @display(description=_("광고주"))
    def show_advertiser(self, creative: Creative) -> str:
        """Whose ad it is."""
        return creative.ad_group.campaign.advertiser.name

    @display(
        description=_("검토"),
        label={"waiting": "warning", "approved": "success", "rejected": "danger", "draft": "info"},
    )
    def show_review(self, creative: Creative) -> tuple[str, str]:
        """The review state, coloured."""
        return creative.review, creative.get_review_display()

    @display(description=_("조심할 점"))
    def show_risks(self, creative: Creative) -> str:
        """Why two people have to read it, if they do."""
        return ", ".join(str(RISKS[risk]) for risk in risks_of(creative)) or "-"

    @display(description=_("이미 승인한 사람"))
    def show_approvals(self, creative: Creative) -> str:
        """Who said yes so far."""
        approvals = (
            Approval.objects.filter(creative=creative).select_related("reviewer").order_by("created_at")
        )
        return ", ".join(str(each.reviewer) for each in approvals) or "-"

    @display(description=_("지금 보이는 판"))
    def show_previous(self, creative: Creative) -> str:
        """The version that is shown until this one is approved."""
        shown = Creative.objects.filter(lineage=creative.lineage, review=Creative.Review.APPROVED).first()
        return f"v{shown.version}: {shown.title} / {shown.body} → {shown.landing_url}" if shown else "-"

    def response_change(self, request: HttpRequest, obj: Creative) -> HttpResponse:
        """Go back to the queue after a decision, and stay where one is still missing its reason."""
        if REJECT in request.POST and not obj.review_reason:
            return redirect(reverse("admin:ads_creative_change", args=[obj.pk]))
        if APPROVE in request.POST or REJECT in request.POST:
            return redirect(reverse("admin:ads_creative_changelist"))
        answer: HttpResponse = super().response_change(request, obj)
        return answer

    @action(description=pgettext_lazy("do", "승인"))
    def approve(self, request: HttpRequest, creative: Creative) -> None:
        """Let this version be shown."""
        try:
            if approve_creative(creative=creative, reviewer_id=cast("int", request.user.pk)):
                messages.success(request, _("승인했어요. 1분 안에 나가기 시작해요."))
            else:
                messages.warning(request, _("승인을 적어 뒀어요. 조심할 문구라 다른 사람도 승인해야 나가요."))
        except NotWaitingError:
            messages.error(request, _("검토를 기다리는 소재가 아니에요."))

    @action(description=_("적어 둔 사유로 거절"))
    def reject(self, request: HttpRequest, creative: Creative) -> None:
        """Send this version back with the reason that the form has."""
        if not creative.review_reason:
            messages.error(request, _("거절 사유를 먼저 적고 저장해 주세요. 광고주가 그대로 읽어요."))
            return
        try:
            reject_creative(creative=creative, reason=creative.review_reason, reviewer_id=request.user.pk)
            messages.success(request, _("사유와 함께 돌려보냈어요."))
        except NotWaitingError:
            messages.error(request, _("검토를 기다리는 소재가 아니에요."))
