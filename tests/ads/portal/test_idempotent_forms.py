"""Whoever presses twice, comes back or has two tabs makes one thing, and one thing alone."""

import threading
import uuid

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from ads.campaigns.advertisers import register_advertiser
from ads.campaigns.campaigns import CampaignSpec, create_campaign
from ads.campaigns.creatives import CreativeContent, draft_creative
from ads.domain.money import WON
from ads.models import AdGroup, Advertiser, Campaign, Creative
from testing.ads.inventory import make_ad, make_advertiser
from tests.ads.portal.test_ad_creation import AD, CAMPAIGN, GROUP

PLAN = CampaignSpec("여름", "travel", 10_000 * WON, None, None, None, 3)


def key() -> dict[str, str]:
    return {"key": str(uuid.uuid4())}


def test_a_form_sent_twice_creates_one_object(portal_client: Client, shop: Advertiser) -> None:
    home = f"/advertise/{shop.public_id}"
    made = CAMPAIGN | key()
    first, second = (portal_client.post(f"{home}/campaigns/new/", made) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    step_two, group = first.headers["Location"], GROUP | key()
    first, second = (portal_client.post(step_two, group) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    step_three, ad = first.headers["Location"], AD | key() | {"submit": "yes"}
    assert [portal_client.post(step_three, ad).status_code for _ in range(2)] == [302, 302]
    assert (Campaign.objects.count(), AdGroup.objects.count(), Creative.objects.count()) == (1, 1, 1)
    assert Creative.objects.get().review == Creative.Review.WAITING


def test_a_form_sent_again_updates_what_it_created(portal_client: Client, shop: Advertiser) -> None:
    home = f"/advertise/{shop.public_id}"
    made = CAMPAIGN | key()
    step_two = portal_client.post(f"{home}/campaigns/new/", made).headers["Location"]
    portal_client.post(f"{home}/campaigns/new/", made | {"name": "가을 휴가"})
    assert Campaign.objects.get().name == "가을 휴가"
    group = GROUP | key()
    step_three = portal_client.post(step_two, group).headers["Location"]
    portal_client.post(step_two, group | {"phrase": "제주 호텔", "exact": ""})
    assert AdGroup.objects.get().keywords.get().text == "제주 호텔"
    ad = AD | key() | {"keep": "yes"}
    portal_client.post(step_three, ad)
    portal_client.post(step_three, ad | {"title": "다른 제목"})
    assert Creative.objects.get().title == "다른 제목"


def test_a_form_sent_again_does_not_update_a_running_campaign(
    portal_client: Client, shop: Advertiser
) -> None:
    made = CAMPAIGN | key()
    where = f"/advertise/{shop.public_id}/campaigns/new/"
    portal_client.post(where, made)
    Campaign.objects.update(status="active")
    portal_client.post(where, made | {"name": "다른 것"})
    assert sorted(Campaign.objects.values_list("name", flat=True)) == ["다른 것", "여름 휴가"]


def test_a_key_gives_no_access_to_objects_of_others(
    portal_client: Client, shop: Advertiser, grace: User
) -> None:
    foreign = make_ad(make_advertiser("다른 가게"))
    theirs = foreign.ad_group.campaign
    mine = make_ad(shop)
    made = CAMPAIGN | {"key": str(theirs.public_id)}
    assert portal_client.post(f"/advertise/{shop.public_id}/campaigns/new/", made).status_code == 302
    group = GROUP | {"key": str(foreign.ad_group.public_id)}
    where = f"/advertise/{shop.public_id}/campaigns/{mine.ad_group.campaign.public_id}/groups/new/"
    assert portal_client.post(where, group).status_code == 302
    ad = AD | {"key": str(foreign.public_id), "keep": "yes"}
    ads = f"/advertise/{shop.public_id}/groups/{mine.ad_group.public_id}/ads/new/"
    assert portal_client.post(ads, ad).status_code == 302
    joined = portal_client.post("/advertise/join/", {"name": "또", "key": str(theirs.advertiser.public_id)})
    assert str(theirs.advertiser.public_id) not in joined.headers["Location"]
    for one in (theirs, foreign, foreign.ad_group):
        before = {name: value for name, value in vars(one).items() if name != "_state"}
        one.refresh_from_db()
        assert {name: vars(one)[name] for name in before} == before


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_of_a_form_create_one_object(grace: User) -> None:
    shop, ad = make_advertiser(), make_ad()
    keys = [uuid.uuid4() for _ in range(3)]
    words = CreativeContent("제목", "본문", "https://grace.example/", "grace.example", False)
    barrier, wrong = threading.Barrier(6), []

    def press() -> None:
        try:
            barrier.wait(10)
            create_campaign(advertiser=shop, spec=PLAN, key=keys[0])
            draft_creative(ad_group=ad.ad_group, words=words, key=keys[1])
            register_advertiser(name="둘", owner_id=grace.pk, key=keys[2])
        except Exception as error:  # noqa: BLE001
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert Campaign.objects.filter(advertiser=shop).count() == 1
    assert Creative.objects.filter(title="제목").count() == 1
    assert Advertiser.objects.filter(name="둘").count() == 1
