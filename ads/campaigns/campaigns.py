"""What an advertiser decides about campaigns, ad groups and ads, each decision in one transaction.

RefusedError names the field that a person has to change, and says how.
"""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ads.domain.money import format_won
from ads.domain.networks import MAX_NETWORKS
from ads.ledger.leases import sync_daily_budget
from ads.models import AdGroup, Advertiser, Campaign, Keyword, NegativeKeyword
from language.keyphrases import normalise

STATUS_TRANSITIONS: dict[str, frozenset[str]] = {
    Campaign.Status.DRAFT: frozenset({Campaign.Status.ACTIVE, Campaign.Status.ENDED}),
    Campaign.Status.ACTIVE: frozenset({Campaign.Status.PAUSED, Campaign.Status.ENDED}),
    Campaign.Status.PAUSED: frozenset({Campaign.Status.ACTIVE, Campaign.Status.ENDED}),
    Campaign.Status.ENDED: frozenset(),
}


class InvalidChangeError(Exception):
    """A decision that cannot be carried out, and the field that stands in its way."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class CampaignSpec:
    """A budget and a schedule as a person wants them; no start means from now on."""

    name: str
    category: str
    daily_budget_micros: int
    total_budget_micros: int | None
    starts_at: datetime.datetime | None
    ends_at: datetime.datetime | None
    daily_views_a_person: int
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordSpec:
    """One keyword as a person wants it; no bid means the group's."""

    text: str
    match: str
    bid_micros: int | None = None


@dataclass(frozen=True, slots=True)
class AdGroupSpec:
    """An ad group as a person wants it, with all of its keywords."""

    name: str
    default_bid_micros: int
    language: str
    device: str
    keywords: tuple[KeywordSpec, ...]
    negatives: tuple[str, ...] = ()


@transaction.atomic
def create_campaign(*, advertiser: Advertiser, plan: CampaignSpec, key: uuid.UUID | None = None) -> Campaign:
    """Make a campaign as a draft: nothing of it is seen before it is started.

    A draft that was made with this key already is revised: somebody pressed twice, or came back.
    """
    Advertiser.objects.select_for_update(no_key=True).get(pk=advertiser.pk)
    known = Campaign.objects.filter(public_id=key).first() if key else None
    if known and (known.advertiser_id, known.status) == (advertiser.pk, Campaign.Status.DRAFT):
        update_campaign(campaign=known, plan=plan)
        return known
    campaign = Campaign(
        advertiser=advertiser,
        starts_at=timezone.now(),
        public_id=uuid.uuid4() if known else key or uuid.uuid4(),
    )
    _apply_spec(campaign, plan)
    campaign.save()
    _replace_negatives(campaign, None, plan.negatives)
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, plan: CampaignSpec) -> None:
    """Change a campaign; money set aside today beyond the new budget goes back to the wallet."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    total = plan.total_budget_micros
    if total is not None and total < campaign.leased_micros:
        least = format_won(campaign.leased_micros)
        raise InvalidChangeError(
            _("이미 쓰거나 떼어 둔 %(least)s원보다 작을 수 없어요.") % {"least": least}, field="total_budget"
        )
    _apply_spec(campaign, plan)
    if campaign.ends_at is not None and campaign.ends_at <= campaign.starts_at:
        raise InvalidChangeError(_("시작하는 날보다 앞이에요."), field="ends_on")
    campaign.save()
    _replace_negatives(campaign, None, plan.negatives)
    sync_daily_budget(campaign.pk, at=timezone.now())


@transaction.atomic
def set_campaign_status(*, campaign: Campaign, status: str) -> None:
    """Start, pause or end a campaign; what ended stays ended."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if status not in STATUS_TRANSITIONS[campaign.status]:
        raise InvalidChangeError(_("지금 상태에서는 할 수 없어요."), field="status")
    campaign.status = status
    campaign.save(update_fields=["status", "updated_at"])


@transaction.atomic
def save_ad_group(
    *, campaign: Campaign, plan: AdGroupSpec, group: AdGroup | None = None, key: uuid.UUID | None = None
) -> AdGroup:
    """Make an ad group, or bring one in line with the plan; keywords that stay keep their row.

    The one that was made with this key already is brought in line, and no second one made.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    known = AdGroup.objects.filter(public_id=key).first() if key and group is None else None
    if known is not None and known.campaign_id == campaign.pk:
        group = known
    if group is None:
        group = AdGroup(campaign=campaign, public_id=uuid.uuid4() if known else key or uuid.uuid4())
    group.name = plan.name
    group.default_bid_micros = plan.default_bid_micros
    group.language = plan.language
    group.device = plan.device
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise InvalidChangeError(_("이 캠페인에 같은 이름의 그룹이 있어요."), field="name") from error
    _replace_keywords(group, plan.keywords)
    _replace_negatives(campaign, group, plan.negatives)
    return group


@transaction.atomic
def set_ad_group_enabled(*, group: AdGroup, is_on: bool) -> None:
    """Let an ad group take part in auctions, or not."""
    group.is_on = is_on
    group.save(update_fields=["is_on", "updated_at"])


def set_keywords_enabled(*, campaign: Campaign, keywords: Iterable[int], is_on: bool) -> int:
    """Switch keywords of a campaign on or off and return how many that changed; others' are left alone."""
    chosen = Keyword.objects.filter(ad_group__campaign=campaign, pk__in=list(keywords)).exclude(is_on=is_on)
    return chosen.update(is_on=is_on, updated_at=timezone.now())


@transaction.atomic
def save_own_networks(*, advertiser: Advertiser, networks: Iterable[str], adds: bool = False) -> None:
    """Keep which addresses are the advertiser's own, in place of what was named or beside it.

    Clicks from there cost nothing from now on; what was charged before stays as it is.
    """
    advertiser = Advertiser.objects.select_for_update(no_key=True).get(pk=advertiser.pk)
    kept = advertiser.own_networks if adds else []
    named = list(dict.fromkeys([*kept, *networks]))
    if len(named) > MAX_NETWORKS:
        raise InvalidChangeError(
            _("%(most)s개까지 적을 수 있어요.") % {"most": MAX_NETWORKS}, field="networks"
        )
    advertiser.own_networks = named
    advertiser.save(update_fields=["own_networks", "updated_at"])


def _apply_spec(campaign: Campaign, plan: CampaignSpec) -> None:
    campaign.name = plan.name
    campaign.category = plan.category
    campaign.daily_budget_micros = plan.daily_budget_micros
    campaign.total_budget_micros = plan.total_budget_micros
    campaign.starts_at = plan.starts_at or campaign.starts_at
    campaign.ends_at = plan.ends_at
    campaign.daily_views_a_person = plan.daily_views_a_person


def _replace_keywords(group: AdGroup, plans: Iterable[KeywordSpec]) -> None:
    wanted = {(normalise(plan.text), plan.match): plan for plan in plans}
    kept = {(keyword.norm, keyword.match): keyword for keyword in group.keywords.all()}
    group.keywords.filter(pk__in=[kept[key].pk for key in kept.keys() - wanted.keys()]).delete()
    changed = [kept[key] for key in kept.keys() & wanted.keys()]
    for keyword in changed:
        plan = wanted[keyword.norm, keyword.match]
        keyword.text, keyword.bid_micros, keyword.updated_at = plan.text, plan.bid_micros, timezone.now()
    Keyword.objects.bulk_update(changed, ["text", "bid_micros", "updated_at"])
    Keyword.objects.bulk_create(
        Keyword(ad_group=group, norm=norm, match=match, text=plan.text, bid_micros=plan.bid_micros)
        for (norm, match), plan in wanted.items()
        if (norm, match) not in kept
    )


def _replace_negatives(campaign: Campaign, group: AdGroup | None, texts: Iterable[str]) -> None:
    wanted = {normalise(text): text for text in texts}
    kept = NegativeKeyword.objects.filter(campaign=campaign, ad_group=group)
    kept.exclude(norm__in=wanted).delete()
    known = set(kept.values_list("norm", flat=True))
    NegativeKeyword.objects.bulk_create(
        NegativeKeyword(campaign=campaign, ad_group=group, norm=norm, text=text)
        for norm, text in wanted.items()
        if norm not in known
    )
