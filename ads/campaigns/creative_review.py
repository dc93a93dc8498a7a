"""Decides on the words of an ad: approved words may be shown, rejected ones come back with a reason.

Risky words (risk.py) are shown once two people have approved them, each for themselves. A site with one
reviewer has no second person: there, the same one reads them again after a time and says why, on record.

NotWaitingError, NotAloneError > OthersReviewError | OwnWordsError | TooSoonError | NoReasonError
"""

import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from ads.domain.creative_risks import find_risks
from ads.models import Approval, Creative, Membership

RISKY_APPROVALS_NEEDED = 2


class NotInReviewError(Exception):
    """The creative does not wait for a review, so there is nothing to decide."""


class SoleApprovalError(Exception):
    """This person may not approve these risky words without anybody else."""


class OtherReviewersError(SoleApprovalError):
    """There is somebody else who can read them, or the site always wants two people."""


class OwnCreativeError(SoleApprovalError):
    """The reviewer acts for this advertiser."""


class TooSoonError(SoleApprovalError):
    """The first reading is not there, or too fresh for a second one to be a new look."""


class MissingReasonError(SoleApprovalError):
    """Nobody would know later why one person was enough."""


@transaction.atomic
def approve_creative(*, creative: Creative, reviewer_id: int) -> bool:
    """Let a version be shown and retire the one before; False while somebody else has to approve it too."""
    waiting = _lock(creative)
    Approval.objects.get_or_create(creative=waiting, reviewer_id=reviewer_id)
    approvals = Approval.objects.filter(creative=waiting).count()
    if find_creative_risks(waiting) and approvals < RISKY_APPROVALS_NEEDED:
        return False
    _publish_version(waiting, reviewer_id=reviewer_id)
    return True


@transaction.atomic
def approve_alone(*, creative: Creative, reviewer_id: int, reason: str) -> None:
    """Let risky words be shown on the second reading of the only reviewer; raises NotAloneError.

    Who read them, when, again when, and why one person was enough stay on record with the approval.
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
    """Return when the same person may look again with fresh eyes."""
    return approval.created_at + datetime.timedelta(hours=settings.ADS_LONE_REVIEW_HOURS)


def other_reviewers(reviewer_id: int) -> list[AbstractBaseUser]:
    """Return everybody else who can log in to the admin and decide on ads."""
    people = get_user_model()._default_manager.with_perm(
        "ads.change_creative", backend="django.contrib.auth.backends.ModelBackend"
    )
    return list(people.filter(is_staff=True, is_active=True).exclude(pk=reviewer_id).order_by("pk"))


@transaction.atomic
def reject_creative(*, creative: Creative, reason: str, reviewer_id: int | None) -> None:
    """Send a version back with the reason that its advertiser will read."""
    _decide(_lock(creative), Creative.Review.REJECTED, reason=reason, reviewer_id=reviewer_id)


def find_creative_risks(creative: Creative) -> tuple[str, ...]:
    """Return what is risky about these words, if anything."""
    return find_risks(
        words=f"{creative.title} {creative.body}",
        landing_url=creative.landing_url,
        display_domain=creative.display_domain,
    )


def _require_sole_reviewer(creative: Creative, reviewer_id: int) -> None:
    # An hour of none means that this site never lets one person be enough.
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
        raise NotInReviewError(f"{locked} does not wait for a review")
    return locked


def _decide(creative: Creative, review: Creative.Review, *, reason: str, reviewer_id: int | None) -> None:
    creative.review = review
    creative.review_reason = reason
    creative.reviewer_id = reviewer_id
    creative.reviewed_at = timezone.now()
    creative.save(update_fields=["review", "review_reason", "reviewer", "reviewed_at", "updated_at"])
