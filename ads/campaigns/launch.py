"""Starting a campaign with its review in one step: approval later needs no second press."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from ads.campaigns.errors import InvalidChangeError
from ads.models import Campaign, Creative, Keyword


@dataclass(frozen=True, slots=True)
class LaunchOutcome:
    """How many drafts were submitted for review, and whether the campaign waits for a review."""

    submitted: int
    is_waiting: bool


@transaction.atomic
def launch_campaign(*, campaign: Campaign) -> LaunchOutcome:
    """Submit every draft of the campaign for review and start it; a started one stays as it is.

    Raises InvalidChangeError when the campaign is ended, or when no group has a keyword and an ad to serve.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.status == Campaign.Status.ENDED:
        raise InvalidChangeError(_("끝난 캠페인은 다시 시작할 수 없어요."))
    keywords = Keyword.objects.filter(ad_group=OuterRef("ad_group"))
    creatives = list(
        Creative.objects.select_for_update(no_key=True, of=("self",))
        .filter(Exists(keywords), ad_group__campaign=campaign)
        .exclude(review__in=[Creative.Review.RETIRED, Creative.Review.REJECTED])
        .order_by("pk")
    )
    if not creatives:
        raise InvalidChangeError(_("키워드와 검토받을 광고 문구가 있어야 시작할 수 있어요."))
    drafts = [creative for creative in creatives if creative.review == Creative.Review.DRAFT]
    for creative in drafts:
        creative.review = Creative.Review.WAITING
        creative.save(update_fields=["review", "updated_at"])
    if campaign.status != Campaign.Status.ACTIVE:
        campaign.status = Campaign.Status.ACTIVE
        campaign.save(update_fields=["status", "updated_at"])
    is_approved = any(creative.review == Creative.Review.APPROVED for creative in creatives)
    return LaunchOutcome(len(drafts), is_waiting=not is_approved)
