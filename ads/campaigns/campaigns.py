"""Changes that an advertiser makes to campaigns and ad groups, each in one transaction.

Raises InvalidChangeError, which names the form field to correct.
"""

import datetime
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.campaigns.advertisers import lock_advertiser
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.keywords import KeywordSpec, replace_keywords, replace_negatives
from ads.domain.money import WON, format_won
from ads.ledger.leases import sync_daily_budget
from ads.models import AdGroup, Advertiser, Campaign

# Suggested by the forms of a new campaign and a new ad group.
DEFAULT_DAILY_BUDGET, DEFAULT_BID = 10_000 * WON, 100 * WON
STATUS_TRANSITIONS: dict[str, frozenset[str]] = {
    Campaign.Status.DRAFT: frozenset({Campaign.Status.ACTIVE, Campaign.Status.ENDED}),
    Campaign.Status.ACTIVE: frozenset({Campaign.Status.PAUSED, Campaign.Status.ENDED}),
    Campaign.Status.PAUSED: frozenset({Campaign.Status.ACTIVE, Campaign.Status.ENDED}),
    Campaign.Status.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class CampaignSpec:
    """The wanted budget and schedule of a campaign; without a start, it runs from now on."""

    name: str
    category: str
    daily_budget_micros: int
    total_budget_micros: int | None
    starts_at: datetime.datetime | None
    ends_at: datetime.datetime | None
    daily_views_a_person: int
    negatives: tuple[str, ...] = ()
    landing_url: str = ""


@dataclass(frozen=True, slots=True)
class AdGroupSpec:
    """The wanted state of an ad group, with all of its keywords."""

    name: str
    default_bid_micros: int
    language: str
    device: str
    keywords: tuple[KeywordSpec, ...]
    negatives: tuple[str, ...] = ()


@transaction.atomic
def create_campaign(*, advertiser: Advertiser, spec: CampaignSpec, key: uuid.UUID | None = None) -> Campaign:
    """Create a campaign as a draft; it is not served before it is started.

    An existing draft with this key is updated instead, so that a form sent twice creates one campaign.
    """
    lock_advertiser(advertiser.pk)
    known = Campaign.objects.filter(public_id=key).first() if key else None
    if known and (known.advertiser_id, known.status) == (advertiser.pk, Campaign.Status.DRAFT):
        update_campaign(campaign=known, spec=spec)
        return known
    campaign = Campaign(
        advertiser=advertiser,
        starts_at=timezone.now(),
        public_id=uuid.uuid4() if known else key or uuid.uuid4(),
    )
    _apply_spec(campaign, spec)
    campaign.save()
    replace_negatives(campaign, None, spec.negatives)
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, spec: CampaignSpec) -> None:
    """Update a campaign; money leased today beyond the new budget returns to the wallet."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    total = spec.total_budget_micros
    if total is not None and total < campaign.leased_micros:
        leased = format_won(campaign.leased_micros)
        raise InvalidChangeError(
            _("이미 쓰거나 예약한 %(least)s원보다 작을 수 없어요.") % {"least": leased}, field="total_budget"
        )
    _apply_spec(campaign, spec)
    if campaign.ends_at is not None and campaign.ends_at <= campaign.starts_at:
        raise InvalidChangeError(_("시작일보다 빨라요."), field="ends_on")
    campaign.save()
    replace_negatives(campaign, None, spec.negatives)
    sync_daily_budget(campaign.pk, at=timezone.now())


@transaction.atomic
def set_campaign_status(*, campaign: Campaign, status: str) -> None:
    """Start, pause or end a campaign; an ended campaign cannot be started again."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if status not in STATUS_TRANSITIONS[campaign.status]:
        raise InvalidChangeError(_("지금 상태에서는 할 수 없어요."), field="status")
    campaign.status = status
    campaign.save(update_fields=["status", "updated_at"])


def pause_campaigns(campaigns: QuerySet[Campaign]) -> int:
    """Pause those of the campaigns that are active; return how many."""
    active = campaigns.filter(status=Campaign.Status.ACTIVE)
    return active.update(status=Campaign.Status.PAUSED, updated_at=timezone.now())


def suggest_group_name(campaign: Campaign) -> str:
    """Return a name for the campaign's next ad group."""
    return _("그룹 %(number)s") % {"number": campaign.ad_groups.count() + 1}


@transaction.atomic
def save_ad_group(
    *, campaign: Campaign, spec: AdGroupSpec, group: AdGroup | None = None, key: uuid.UUID | None = None
) -> AdGroup:
    """Create an ad group, or update one; keywords that stay keep their row.

    An existing group of this campaign with this key is updated, so that a form sent twice creates one group.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    known = AdGroup.objects.filter(public_id=key).first() if key and group is None else None
    if known is not None and known.campaign_id == campaign.pk:
        group = known
    if group is None:
        group = AdGroup(campaign=campaign, public_id=uuid.uuid4() if known else key or uuid.uuid4())
    group.name = spec.name
    group.default_bid_micros = spec.default_bid_micros
    group.language = spec.language
    group.device = spec.device
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise InvalidChangeError(_("이 캠페인에 같은 이름의 그룹이 있어요."), field="name") from error
    replace_keywords(group, spec.keywords)
    replace_negatives(campaign, group, spec.negatives)
    return group


@transaction.atomic
def set_ad_group_enabled(*, group: AdGroup, is_on: bool) -> None:
    """Switch an ad group on or off for auctions."""
    group.is_on = is_on
    group.save(update_fields=["is_on", "updated_at"])


def _apply_spec(campaign: Campaign, spec: CampaignSpec) -> None:
    campaign.name = spec.name
    campaign.category = spec.category
    campaign.daily_budget_micros = spec.daily_budget_micros
    campaign.total_budget_micros = spec.total_budget_micros
    campaign.starts_at = spec.starts_at or campaign.starts_at
    campaign.ends_at = spec.ends_at
    campaign.daily_views_a_person = spec.daily_views_a_person
    campaign.landing_url = spec.landing_url
