"""What a reviewer sees of one creative: its card, its place in the queue, and what is new in it."""

import datetime
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from ads.campaigns.creative_review import find_creative_risks, may_approve_alone, other_reviewers
from ads.models import Approval, Creative, Keyword

MAX_KEYWORDS = 60


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One creative with the queue around it; `place` is 0 outside the queue."""

    creative: Creative
    place: int
    waiting: int
    previous_id: int | None
    next_id: int | None
    preview: dict[str, Any]
    risks: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    # Words of the title and the body with "same", "added" or "removed", against the version that serves.
    changes: tuple[tuple[str, str], ...]
    may_approve_alone: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it can be decided."""
        return self.creative.review == Creative.Review.WAITING


def list_queue(reviewer_id: int) -> "QuerySet[Creative]":
    """Return what waits for this reviewer, the oldest first, without what only others can approve."""
    read = Approval.objects.filter(creative=OuterRef("pk"), reviewer_id=reviewer_id)
    if settings.ADS_LONE_REVIEW_HOURS and not other_reviewers(reviewer_id):
        # The only reviewer reads a risky creative again after this time.
        since = timezone.now() - datetime.timedelta(hours=settings.ADS_LONE_REVIEW_HOURS)
        read = read.filter(created_at__gt=since)
    waiting = Creative.objects.filter(review=Creative.Review.WAITING)
    return waiting.filter(~Exists(read)).order_by("created_at", "pk")


def find_next(creative: Creative, reviewer_id: int) -> int | None:
    """Return the id of the creative to review after this one; None when nothing waits any more."""
    queue = list(list_queue(reviewer_id).exclude(pk=creative.pk).values_list("created_at", "pk"))
    later = [pk for at, pk in queue if (at, pk) > (creative.created_at, creative.pk)]
    return next(iter(later), queue[0][1] if queue else None)


def build_review_page(creative: Creative, reviewer_id: int) -> ReviewPage:
    """Return everything that the review page shows of this creative."""
    queue = list(list_queue(reviewer_id).values_list("pk", flat=True))
    place = queue.index(creative.pk) if creative.pk in queue else None
    shown = Creative.objects.filter(lineage=creative.lineage, review=Creative.Review.APPROVED)
    served = shown.exclude(pk=creative.pk).first()
    keywords = creative.ad_group.keywords.filter(is_on=True).order_by("text")
    return ReviewPage(
        creative=creative,
        place=0 if place is None else place + 1,
        waiting=len(queue),
        previous_id=queue[place - 1] if place else None,
        next_id=find_next(creative, reviewer_id),
        preview={
            "advertiser": creative.ad_group.campaign.advertiser.name,
            "title": creative.title,
            "body": creative.body,
            "display_domain": creative.display_domain,
            "is_ai_generated": creative.is_ai_generated,
        },
        risks=find_creative_risks(creative),
        keywords=tuple(keywords[:MAX_KEYWORDS]),
        changes=compare_words(_words_of(served), _words_of(creative)) if served else (),
        may_approve_alone=may_approve_alone(creative, reviewer_id),
    )


def compare_words(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the words of both versions in order, each with "same", "added" or "removed"."""
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.ndiff(list(before), list(after))
    return tuple((kinds[line[0]], line[2:]) for line in lines if line[0] in kinds)


def _words_of(creative: Creative) -> list[str]:
    return f"{creative.title} / {creative.body} → {creative.landing_url}".split()
