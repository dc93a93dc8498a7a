"""The review queue: a creative is approved or rejected by a reviewer before it is served."""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from ads.admin.review_page import build_review_page, find_next
from ads.campaigns.creative_review import (
    MissingReasonError,
    NotInReviewError,
    OtherReviewersError,
    OwnCreativeError,
    SoleApprovalError,
    approve_alone,
    approve_creative,
    find_creative_risks,
    other_reviewers,
    reject_creative,
    second_review_from,
)
from ads.models import Approval, Creative
from ads.selection.jobs.publishing import request_publication
from ui.read_only_admin import KeptRowsAdmin

RISK_LABELS = {
    "health": _("건강을 언급해요"),
    "money": _("돈을 벌거나 빌리는 내용이에요"),
    "promise": _("과장된 약속이 있어요"),
    "elsewhere": _("표시한 도메인과 다른 곳으로 연결돼요"),
}
QUICK_REASONS = (
    _("과장된 표현이에요"),
    _("연결된 페이지와 내용이 달라요"),
    _("확인할 수 없는 효능이에요"),
    _("연결되지 않는 주소예요"),
)
APPROVE, REJECT, ALONE = "ads_creative_approve", "ads_creative_reject", "ads_creative_approve_alone"


SOLE_APPROVAL_ERRORS = {
    OtherReviewersError: _("혼자 승인할 수 없어요. 두 사람이 읽어야 해요."),
    OwnCreativeError: _("내가 속한 광고주의 주의할 문구는 혼자 승인할 수 없어요."),
    MissingReasonError: _("혼자 승인하는 사유를 적어 주세요. 기록에 남아요."),
}


class ReviewForm(forms.ModelForm):  # type: ignore[type-arg]
    """The reason of a rejection, or of an approval by a single reviewer."""

    lone_reason = forms.CharField(
        label=_("혼자 승인하는 사유"),
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("다른 관리자가 없을 때만 써요. 승인 기록에 이름과 함께 남아요."),
    )


@admin.register(Creative)
class CreativeAdmin(KeptRowsAdmin):
    """Creatives, those that wait for review first; their texts cannot be edited."""

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
        "review", "show_risks", "show_approvals", "show_next", "show_previous", "reviewer", "reviewed_at",
    ]  # fmt: skip
    form = ReviewForm
    change_form_before_template = "ads/admin/review_bar.html"
    # Buttons of the form, not links: a decision is a POST with a CSRF token.
    actions_submit_line = ["approve", "approve_alone", "reject"]
    ordering = ["-review", "created_at"]

    def get_fieldsets(self, request: HttpRequest, obj: Creative | None = None) -> list[tuple[Any, Any]]:
        """Fold what the review bar does not show; the bar itself holds the fields that are sent."""
        sent = ["review_reason", "lone_reason"] if request.method == "POST" else []
        return [(_("자세히"), {"classes": ["collapse"], "fields": [*self.readonly_fields, *sent]})]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Open the list with what waits for review, unless all of it was asked for on the list itself."""
        is_inside = urlsplit(request.headers.get("Referer", "")).path == request.path
        is_opened = request.method == "GET" and not request.GET and not is_inside
        if is_opened and Creative.objects.filter(review=Creative.Review.WAITING).exists():
            return redirect(f"{request.path}?review__exact={Creative.Review.WAITING}")
        page: HttpResponse = super().changelist_view(request, extra_context)
        return page

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what the review bar shows."""
        creative = kwargs.get("obj")
        if creative is not None:
            review = build_review_page(creative, cast("int", request.user.pk))
            context |= {
                "review": review,
                "quick_reasons": QUICK_REASONS,
                "risk_labels": [RISK_LABELS[risk] for risk in review.risks],
                "next_step": self.show_next(creative) if review.risks and review.is_waiting else "",
            }
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Advertisers write creatives."""
        return False

    @display(description=_("광고주"))
    def show_advertiser(self, creative: Creative) -> str:
        """The advertiser."""
        return creative.ad_group.campaign.advertiser.name

    @display(
        description=_("검토"),
        label={"waiting": "warning", "approved": "success", "rejected": "danger", "draft": "info"},
    )
    def show_review(self, creative: Creative) -> tuple[str, str]:
        """The review status as a coloured label."""
        return creative.review, creative.get_review_display()

    @display(description=_("주의할 점"))
    def show_risks(self, creative: Creative) -> str:
        """The risks that require two approvals."""
        return ", ".join(str(RISK_LABELS[risk]) for risk in find_creative_risks(creative)) or "-"

    @display(description=_("승인한 관리자"))
    def show_approvals(self, creative: Creative) -> str:
        """The approvals so far."""
        approvals = (
            Approval.objects.filter(creative=creative).select_related("reviewer").order_by("created_at")
        )
        return ", ".join(map(_describe_approval, approvals)) or "-"

    @display(description=_("추가로 승인할 사람"))
    def show_next(self, creative: Creative) -> str:
        """What a risky creative still needs."""
        if creative.review != Creative.Review.WAITING or not find_creative_risks(creative):
            return "-"
        first = Approval.objects.filter(creative=creative).order_by("created_at").first()
        if first is None or first.reviewer_id is None:
            if len(other_reviewers(0)) > 1 or not settings.ADS_LONE_REVIEW_HOURS:
                return str(_("두 사람이 따로 읽고 승인해야 나가요."))
            hours = settings.ADS_LONE_REVIEW_HOURS
            return _("관리자가 한 사람이에요. 승인하고 %(hours)s시간 뒤에 다시 읽어야 나가요.") % {
                "hours": hours
            }
        others = other_reviewers(first.reviewer_id)
        if others:
            names = ", ".join(str(person) for person in others[:5])
            return _("다른 사람도 승인해야 나가요. 승인할 수 있는 사람: %(names)s") % {"names": names}
        if not settings.ADS_LONE_REVIEW_HOURS:
            return str(_("다른 관리자가 없어요. 이 사이트에서는 두 사람이 꼭 읽어야 해요."))
        when = date_format(timezone.localtime(second_review_from(first)), "Y-m-d H:i")
        return _("다른 관리자가 없어요. %(when)s부터 다시 읽고 사유를 적으면 혼자 승인할 수 있어요.") % {
            "when": when
        }

    @display(description=_("현재 버전"))
    def show_previous(self, creative: Creative) -> str:
        """The approved version that serves until this one is approved."""
        shown = Creative.objects.filter(lineage=creative.lineage, review=Creative.Review.APPROVED).first()
        return f"v{shown.version}: {shown.title} / {shown.body} → {shown.landing_url}" if shown else "-"

    def response_change(self, request: HttpRequest, obj: Creative) -> HttpResponse:
        """Go on with the queue after a decision, or stay on the page when its reason is missing."""
        lacks_reason = REJECT in request.POST and not obj.review_reason
        if lacks_reason or (ALONE in request.POST and obj.review == Creative.Review.WAITING):
            return redirect(reverse("admin:ads_creative_change", args=[obj.pk]))
        if APPROVE in request.POST or ALONE in request.POST or REJECT in request.POST:
            following = find_next(obj, cast("int", request.user.pk))
            if following is not None:
                return redirect(reverse("admin:ads_creative_change", args=[following]))
            messages.success(request, _("검토할 문구를 다 봤어요."))
            return redirect(reverse("admin:ads_creative_changelist"))
        answer: HttpResponse = super().response_change(request, obj)
        return answer

    @action(description=pgettext_lazy("do", "승인"))
    def approve(self, request: HttpRequest, creative: Creative) -> None:
        """Approve this version."""
        try:
            if approve_creative(creative=creative, reviewer_id=cast("int", request.user.pk)):
                request_publication()
                messages.success(request, _("승인했어요. 캠페인이 진행 중이면 몇 초 안에 보이기 시작해요."))
            else:
                messages.warning(request, _("승인을 기록했어요. 주의할 문구라 아직 나가지 않아요."))
                messages.warning(request, self.show_next(creative))
        except NotInReviewError:
            messages.error(request, _("검토를 기다리는 소재가 아니에요."))

    @action(description=_("다시 읽고 혼자 승인"))
    def approve_alone(self, request: HttpRequest, creative: Creative) -> None:
        """Approve a risky version in the second review of the only reviewer."""
        reason = request.POST.get("lone_reason", "")[:300]
        try:
            approve_alone(creative=creative, reviewer_id=cast("int", request.user.pk), reason=reason)
            creative.refresh_from_db()
            request_publication()
            messages.success(
                request,
                _("혼자 승인했고 사유를 남겼어요. 캠페인이 진행 중이면 몇 초 안에 보이기 시작해요."),
            )
        except NotInReviewError:
            messages.error(request, _("검토를 기다리는 소재가 아니에요."))
        except SoleApprovalError as error:
            messages.error(request, SOLE_APPROVAL_ERRORS.get(type(error)) or self.show_next(creative))

    @action(description=pgettext_lazy("do", "거절"))
    def reject(self, request: HttpRequest, creative: Creative) -> None:
        """Reject this version with the reason in the form."""
        if not creative.review_reason:
            messages.error(request, _("거절하는 이유를 적어 주세요. 광고주가 그대로 읽어요."))
            return
        try:
            reject_creative(creative=creative, reason=creative.review_reason, reviewer_id=request.user.pk)
            messages.success(request, _("사유와 함께 거절했어요."))
        except NotInReviewError:
            messages.error(request, _("검토를 기다리는 소재가 아니에요."))


def _describe_approval(approval: Approval) -> str:
    if approval.read_again_at is None:
        return str(approval.reviewer)
    again = date_format(timezone.localtime(approval.read_again_at), "Y-m-d H:i")
    return _("%(person)s (혼자, %(again)s에 다시 읽음: %(reason)s)") % {
        "person": approval.reviewer,
        "again": again,
        "reason": approval.reason,
    }
