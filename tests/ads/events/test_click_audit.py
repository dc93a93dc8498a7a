import datetime
import random
import uuid

import pytest
from django.utils import timezone

from ads.domain.money import WON
from ads.events.click_audit import BilledClick, audit_clicks, find_suspicious_clicks
from ads.ledger.accounts import wallet_balance
from ads.ledger.billing import settle_click
from ads.ledger.invariants import find_discrepancies
from ads.models import Click, Creative, Credit, Offer, Transaction
from testing.ads.inventory import make_ad, make_offer

NETWORK = "203.0.113.0/24"


def clicks_at(moments: list[float], *, person: str = "", network: str = "") -> list[BilledClick]:
    return [BilledClick(uuid.uuid4(), 1, person, network, moment) for moment in moments]


def reasons_of(clicks: list[BilledClick]) -> list[str]:
    found = find_suspicious_clicks(clicks)
    return [found.get(click.offer, "") for click in clicks]


def test_a_person_who_clicks_in_a_burst_is_found_with_all_of_it() -> None:
    chance = random.Random(1)
    burst = clicks_at(sorted(chance.uniform(0, 500) for _ in range(7)), person="mallory")
    calm = clicks_at([0.0, 3_000.0, 9_000.0], person="ada")
    assert reasons_of(burst) == ["burst_person"] * 7
    assert reasons_of(calm) == [""] * 3
    assert reasons_of(burst[:6]) == [""] * 6


def test_a_network_that_clicks_one_campaign_in_a_burst_is_found() -> None:
    chance = random.Random(2)
    burst = clicks_at(sorted(chance.uniform(0, 590) for _ in range(20)), network=NETWORK)
    assert reasons_of(burst) == ["burst_network"] * 20
    elsewhere = [
        BilledClick(click.offer, number, "", NETWORK, click.at) for number, click in enumerate(burst)
    ]
    assert reasons_of(elsewhere) == [""] * 20


def test_clicks_at_regular_intervals_are_found() -> None:
    chance = random.Random(3)
    machine = clicks_at([1_800 * step + chance.uniform(-40, 40) for step in range(9)], person="clock")
    assert reasons_of(machine) == ["regular_person"] * 9


def test_randomly_timed_clicks_are_not_suspicious() -> None:
    chance = random.Random(4)
    clicks = []
    for person in range(3_000):
        moment = 0.0
        for _ in range(12):
            moment += chance.expovariate(1 / 3_600)
            clicks.append(BilledClick(uuid.uuid4(), person % 50, f"p{person}", f"n{person}", moment))
    assert len(find_suspicious_clicks(clicks)) / len(clicks) < 0.0005


@pytest.fixture
def flood(db: None) -> Creative:
    """Nine billed clicks of one person within minutes, and one of another."""
    creative = make_ad()
    for seconds_ago in (501, 490, 377, 340, 260, 251, 160, 90, 61):
        click(creative, "mallory-today", seconds_ago=seconds_ago)
    click(creative, "ada-today", seconds_ago=30)
    return creative


def click(creative: Creative, person: str, *, seconds_ago: float) -> None:
    offer = make_offer(creative, price_won=100, seconds_ago=seconds_ago + 5)
    Offer.objects.filter(pk=offer.pk).update(frequency_key=person)
    at = timezone.now() - datetime.timedelta(seconds=seconds_ago)
    assert settle_click(offer, reason="", network=NETWORK, at=at) == "billed"


def test_the_audit_credits_a_flood_of_clicks_once(flood: Creative) -> None:
    advertiser = flood.ad_group.campaign.advertiser_id
    before = wallet_balance(advertiser)
    assert audit_clicks() == 9
    assert audit_clicks() == 0
    assert wallet_balance(advertiser) == before + 900 * WON
    assert set(Credit.objects.values_list("reason", flat=True)) == {"burst_person"}
    assert Transaction.objects.filter(kind="reversal").count() == 9
    assert Click.objects.filter(verdict="billed").count() == 10
    assert find_discrepancies() == []
