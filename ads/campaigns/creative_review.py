"""Creative review: an approved version may serve, a rejected one returns to its advertiser with a reason.

Risky text needs the approval of two reviewers. On a site with a single reviewer,
that reviewer may approve it alone, by a second review after a delay with a recorded reason.

NotInReviewError
SoleApprovalError > OtherReviewersError | OwnCreativeError | TooSoonError | MissingReasonError
"""

import datetime
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from ads.models import Approval, Creative, Membership

HEALTH = "완치|치료|치유|효능|다이어트|감량|혈당|면역|통증|탈모|의약|cure|heal|weight.?loss|immun"
FINANCE = "원금|수익|투자|대출|이자|코인|부업|재테크|loan|invest|profit|crypto|guaranteed income"
CLAIMS = r"무조건|100\s*%|최저가|업계\s*1위|유일|전액|보장|평생|guarantee|risk.?free|number one|#1"
RISK_PATTERNS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in (("health", HEALTH), ("money", FINANCE), ("promise", CLAIMS))
}


def find_risks(*, words: str, landing_url: str, display_domain: str) -> tuple[str, ...]:
    """Return the names of the risks of an ad; empty for an ordinary one."""
    risks = [name for name, pattern in RISK_PATTERNS.items() if pattern.search(words)]
    host = urlsplit(landing_url).hostname or ""
    displayed = display_domain.lower().split("/")[0]
    if host and host != displayed and not host.endswith(f".{displayed}"):
        risks.append("elsewhere")
    return tuple(risks)


RISKY_APPROVALS_NEEDED = 2


class NotInReviewError(Exception):
    """The creative is not waiting for review."""


class SoleApprovalError(Exception):
    """The reviewer may not approve this risky creative alone."""


class OtherReviewersError(SoleApprovalError):
    """Another reviewer exists, or the site requires two reviewers."""


class OwnCreativeError(SoleApprovalError):
    """The reviewer is a member of this advertiser."""


class TooSoonError(SoleApprovalError):
    """There is no first approval, or the delay before a second review has not passed."""


class MissingReasonError(SoleApprovalError):
    """An approval by a single reviewer needs a reason."""


@transaction.atomic
def approve_creative(*, creative: Creative, reviewer_id: int) -> bool:
    """Approve a version and retire the previous one; return False while a second approval is missing."""
    waiting = _lock(creative)
    Approval.objects.get_or_create(creative=waiting, reviewer_id=reviewer_id)
    approvals = Approval.objects.filter(creative=waiting).count()
    if find_creative_risks(waiting) and approvals < RISKY_APPROVALS_NEEDED:
        return False
    _publish_version(waiting, reviewer_id=reviewer_id)
    return True


@transaction.atomic
def approve_alone(*, creative: Creative, reviewer_id: int, reason: str) -> None:
    """Approve a risky version after the second review of the only reviewer; raises SoleApprovalError.

    The approval records the reviewer, both review times and the reason.
    """
    waiting = _lock(creative)
    approval = Approval.objects.filter(creative=waiting, reviewer_id=reviewer_id).first()
    now = timezone.now()
    _require_sole_reviewer(waiting, reviewer_id)
    if approval is None or now < second_review_from(approval):
        raise TooSoonError
    if not reason.strip():
        raise MissingReasonError
    approval.read_again_at = now
    approval.reason = reason.strip()
    approval.save(update_fields=["read_again_at", "reason"])
    _publish_version(waiting, reviewer_id=reviewer_id)


def second_review_from(approval: Approval) -> datetime.datetime:
    """Return when the same reviewer may review this creative again."""
    return approval.created_at + datetime.timedelta(hours=settings.ADS_LONE_REVIEW_HOURS)


def other_reviewers(reviewer_id: int) -> list[AbstractBaseUser]:
    """Return all other active staff accounts that may review creatives."""
    reviewers = get_user_model()._default_manager.with_perm(
        "ads.change_creative", backend="django.contrib.auth.backends.ModelBackend"
    )
    return list(reviewers.filter(is_staff=True, is_active=True).exclude(pk=reviewer_id).order_by("pk"))


def may_approve_alone(creative: Creative, reviewer_id: int) -> bool:
    """Return whether a risky creative waits for the second review of this reviewer, the site's only one."""
    return bool(
        settings.ADS_LONE_REVIEW_HOURS
        and creative.review == Creative.Review.WAITING
        and find_creative_risks(creative)
        and Approval.objects.filter(creative=creative, reviewer_id=reviewer_id).exists()
        and not other_reviewers(reviewer_id)
    )


@transaction.atomic
def reject_creative(*, creative: Creative, reason: str, reviewer_id: int | None) -> None:
    """Reject a version with a reason for its advertiser."""
    _decide(_lock(creative), Creative.Review.REJECTED, reason=reason, reviewer_id=reviewer_id)


def find_creative_risks(creative: Creative) -> tuple[str, ...]:
    """Return the names of the risks found in the creative's text and links."""
    return find_risks(
        words=f"{creative.title} {creative.body}",
        landing_url=creative.landing_url,
        display_domain=creative.display_domain,
    )


def _require_sole_reviewer(creative: Creative, reviewer_id: int) -> None:
    # Zero hours disables approval by a single reviewer.
    if not settings.ADS_LONE_REVIEW_HOURS or other_reviewers(reviewer_id):
        raise OtherReviewersError
    advertiser = creative.ad_group.campaign.advertiser_id
    if Membership.objects.filter(advertiser=advertiser, member_id=reviewer_id).exists():
        raise OwnCreativeError


def _publish_version(creative: Creative, *, reviewer_id: int) -> None:
    for older in Creative.objects.select_for_update(no_key=True).filter(
        lineage=creative.lineage, review=Creative.Review.APPROVED
    ):
        older.review = Creative.Review.RETIRED
        older.save(update_fields=["review", "updated_at"])
    _decide(creative, Creative.Review.APPROVED, reason="", reviewer_id=reviewer_id)


def _lock(creative: Creative) -> Creative:
    locked = Creative.objects.select_for_update(no_key=True).get(pk=creative.pk)
    if locked.review != Creative.Review.WAITING:
        raise NotInReviewError(f"{locked} is not waiting for review")
    return locked


def _decide(creative: Creative, review: Creative.Review, *, reason: str, reviewer_id: int | None) -> None:
    creative.review = review
    creative.review_reason = reason
    creative.reviewer_id = reviewer_id
    creative.reviewed_at = timezone.now()
    creative.save(update_fields=["review", "review_reason", "reviewer", "reviewed_at", "updated_at"])
