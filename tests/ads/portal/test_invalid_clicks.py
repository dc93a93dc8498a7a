from django.test import Client
from django.utils import timezone

from ads.events.click_audit import credit_click
from ads.events.invalid_traffic import count_rejected_event
from ads.ledger.billing import settle_click
from ads.models import Advertiser, Click, Creative, RejectedEvent
from ads.reporting.rollups import roll_up
from ads.reporting.statements import read_statement
from testing.ads.inventory import make_offer


def test_an_advertiser_sees_refused_and_credited_clicks_by_reason(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    now = timezone.now()
    for _ in range(2):
        paid = make_offer(ad, price_won=130)
        settle_click(paid, reason="", network="", at=now)
        credit_click(Click.objects.get(offer=paid), reason="burst_person")
    settle_click(make_offer(ad), reason="datacenter", network="", at=now)
    for _ in range(3):
        count_rejected_event(make_offer(ad), kind=RejectedEvent.Kind.CLICK, reason="robot", at=now)
    roll_up()
    address = f"/advertise/{shop.public_id}/"
    page = portal_client.get(f"{address}campaigns/{ad.ad_group.campaign.public_id}/").content.decode()
    for words in ("한 사람이 몰아서 누름", "데이터센터에서 누름", "로봇", "260원"):
        assert words in page
    statement = portal_client.get(f"{address}money/").content.decode()
    assert "한 사람이 몰아서 누름" in statement and "+130원" in statement
    # A click and what was given back of it both say which campaign it was.
    assert {line.campaign for line in read_statement(shop)} == {ad.ad_group.campaign.name, ""}
    assert [line.campaign for line in read_statement(shop)][:2] == [ad.ad_group.campaign.name] * 2


def test_a_campaign_without_refused_clicks_says_so(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    page = portal_client.get(f"/advertise/{shop.public_id}/campaigns/{ad.ad_group.campaign.public_id}/")
    assert "이 기간에는 무효 클릭이 없어요." in page.content.decode()
