"""A campaign says why it is not seen, also where its groups are off or split."""

from ads.models import AdGroup, Campaign, Creative
from ads.portal.obstacles import obstacles_of
from ads.portal.statement import read_balance


def obstacle(campaign: Campaign) -> str:
    shop = campaign.advertiser
    return obstacles_of(shop, [campaign.pk], read_balance(shop))[campaign.pk]


def test_groups_that_are_all_off_are_named(campaign: Campaign) -> None:
    assert obstacle(campaign) == ""
    AdGroup.objects.update(is_on=False)
    assert obstacle(campaign) == "광고 그룹이 모두 꺼져 있어요"


def test_a_keyword_and_an_ad_in_different_groups_are_not_enough(campaign: Campaign, ad: Creative) -> None:
    other = AdGroup.objects.create(campaign=campaign, name="B", default_bid_micros=300_000_000)
    assert obstacle(campaign) == ""
    Creative.objects.update(ad_group=other)
    assert obstacle(campaign) == "켜진 키워드와 광고 문구가 같은 그룹에 없어요"
    Creative.objects.update(ad_group=ad.ad_group)
    assert obstacle(campaign) == ""
