"""A campaign says why it is not seen, also where its groups are off or split."""

from ads.models import AdGroup, Campaign, Creative
from ads.reporting.serving_status import find_serving_problems
from ads.reporting.statements import read_balance


def serving_problem(campaign: Campaign) -> str:
    shop = campaign.advertiser
    return find_serving_problems(shop, [campaign.pk], read_balance(shop))[campaign.pk]


def test_a_campaign_with_all_groups_off_says_so(campaign: Campaign) -> None:
    assert serving_problem(campaign) == ""
    AdGroup.objects.update(is_on=False)
    assert serving_problem(campaign) == "광고 그룹이 모두 꺼져 있어요"


def test_a_keyword_and_an_ad_in_different_groups_are_not_enough(campaign: Campaign, ad: Creative) -> None:
    other = AdGroup.objects.create(campaign=campaign, name="B", default_bid_micros=300_000_000)
    assert serving_problem(campaign) == ""
    Creative.objects.update(ad_group=other)
    assert serving_problem(campaign) == "켜진 키워드와 광고 문구가 같은 그룹에 없어요"
    Creative.objects.update(ad_group=ad.ad_group)
    assert serving_problem(campaign) == ""
