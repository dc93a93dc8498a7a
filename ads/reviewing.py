"""Decides on the words of an ad: approved words may be shown, rejected ones come back with a reason.

Risky words (risk.py) are shown once two people have approved them, each for themselves.
"""

from django.db import transaction
from django.utils import timezone

from ads.models import Approval, Creative
from ads.risk import find_risks

REVIEWERS_OF_RISKY_WORDS = 2


class NotWaitingError(Exception):
    """The creative does not wait for a review, so there is nothing to decide."""


@transaction.atomic
def approve_creative(*, creative: Creative, reviewer_id: int) -> bool:
    """Let a version be shown and retire the one before; False while somebody else has to approve it too."""
    waiting = _lock(creative)
    Approval.objects.get_or_create(creative=waiting, reviewer_id=reviewer_id)
    approvals = Approval.objects.filter(creative=waiting).count()
    if risks_of(waiting) and approvals < REVIEWERS_OF_RISKY_WORDS:
        return False
    for older in Creative.objects.select_for_update(no_key=True).filter(
        lineage=waiting.lineage, review=Creative.Review.APPROVED
    ):
        older.review = Creative.Review.RETIRED
        older.save(update_fields=["review", "updated_at"])
    _decide(waiting, Creative.Review.APPROVED, reason="", reviewer_id=reviewer_id)
    return True


@transaction.atomic
def reject_creative(*, creative: Creative, reason: str, reviewer_id: int | None) -> None:
    """Send a version back with the reason that its advertiser will read."""
    _decide(_lock(creative), Creative.Review.REJECTED, reason=reason, reviewer_id=reviewer_id)


def risks_of(creative: Creative) -> tuple[str, ...]:
    """Return what is risky about these words, if anything."""
    return find_risks(
        words=f"{creative.title} {creative.body}",
        landing_url=creative.landing_url,
        display_domain=creative.display_domain,
    )


def _lock(creative: Creative) -> Creative:
    locked = Creative.objects.select_for_update(no_key=True).get(pk=creative.pk)
    if locked.review != Creative.Review.WAITING:
        raise NotWaitingError(f"{locked} does not wait for a review")
    return locked


def _decide(creative: Creative, review: Creative.Review, *, reason: str, reviewer_id: int | None) -> None:
    creative.review = review
    creative.review_reason = reason
    creative.reviewer_id = reviewer_id
    creative.reviewed_at = timezone.now()
    creative.save(update_fields=["review", "review_reason", "reviewer", "reviewed_at", "updated_at"])
