"""What belongs to an advertiser, as pages read it: members, campaigns, ad groups, keywords, creatives."""

import datetime
import uuid

from django.db.models import Prefetch, QuerySet

from ads.models import AdGroup, Advertiser, Campaign, Click, Creative, Keyword, Membership, NegativeKeyword

MAX_REJECTED = 5


def list_memberships(account_id: int) -> list[Membership]:
    """Return the memberships of an account with their advertisers, oldest first."""
    return list(Membership.objects.filter(member_id=account_id).select_related("advertiser").order_by("pk"))


def find_membership(account_id: int | None, advertiser_id: uuid.UUID) -> Membership | None:
    """Return the membership of an account at the advertiser with this public id, or None."""
    memberships = Membership.objects.filter(member_id=account_id, advertiser__public_id=advertiser_id)
    return memberships.select_related("advertiser").first()


def members_of(advertiser: Advertiser) -> QuerySet[Membership]:
    """Return the memberships of an advertiser with their accounts, oldest first."""
    return Membership.objects.filter(advertiser=advertiser).select_related("member").order_by("pk")


def campaigns_of(advertiser: Advertiser) -> QuerySet[Campaign]:
    """Return the campaigns of an advertiser."""
    return Campaign.objects.filter(advertiser=advertiser).select_related("advertiser")


def ad_groups_of(advertiser: Advertiser) -> QuerySet[AdGroup]:
    """Return the ad groups of an advertiser with their campaigns."""
    return AdGroup.objects.filter(campaign__advertiser=advertiser).select_related("campaign")


def creatives_of(advertiser: Advertiser) -> QuerySet[Creative]:
    """Return all versions of an advertiser's creatives with their groups and campaigns."""
    creatives = Creative.objects.filter(ad_group__campaign__advertiser=advertiser)
    return creatives.select_related("ad_group__campaign")


def list_rejected_creatives(advertiser: Advertiser) -> list[Creative]:
    """Return the first creatives that are switched on and were rejected."""
    rejected = creatives_of(advertiser).filter(review=Creative.Review.REJECTED, is_on=True)
    return list(rejected[:MAX_REJECTED])


def list_ad_groups(campaign: Campaign) -> list[AdGroup]:
    """Return a campaign's ad groups with their keywords, negative keywords and current creatives."""
    current = Creative.objects.exclude(review=Creative.Review.RETIRED)
    return list(
        campaign.ad_groups.prefetch_related("keywords", "negative_keywords", Prefetch("creatives", current))
    )


def keywords_of(campaign: Campaign) -> QuerySet[Keyword]:
    """Return the keywords of a campaign with their groups, in the order of group, text and match."""
    keywords = Keyword.objects.filter(ad_group__campaign=campaign).select_related("ad_group")
    return keywords.order_by("ad_group", "text", "match")


def list_negative_texts(campaign: Campaign) -> list[str]:
    """Return the texts of the negative keywords that hold for the whole campaign."""
    negatives = NegativeKeyword.objects.filter(campaign=campaign, ad_group=None)
    return list(negatives.order_by("text").values_list("text", flat=True))


def count_clicks_since(advertiser: Advertiser, day: datetime.date) -> tuple[int, int]:
    """Return the clicks since a Korean day that came from the advertiser's own networks, and all clicks."""
    clicks = Click.objects.filter(campaign__advertiser=advertiser, day__gte=day)
    return clicks.filter(reason="own_address").count(), clicks.count()


def find_first_group(campaign: Campaign) -> AdGroup | None:
    """Return the oldest ad group of a campaign, or None."""
    return campaign.ad_groups.order_by("pk").first()


def find_newest_creative(campaign: Campaign, group: AdGroup | None = None) -> Creative | None:
    """Return the newest current version of an ad of a campaign, or of one of its groups; None without ads."""
    creatives = Creative.objects.filter(ad_group__campaign=campaign).exclude(review=Creative.Review.RETIRED)
    if group is not None:
        creatives = creatives.filter(ad_group=group)
    return creatives.select_related("ad_group").order_by("-pk").first()
