"""Any sequence of market events keeps the ledger's invariants."""

import datetime
import uuid
from collections.abc import Sequence

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ads.domain.accounting_day import day_start, korean_day
from ads.domain.money import WON
from ads.events.click_audit import credit_click
from ads.events.spool import SpooledEvent
from ads.events.spool_settlement import settle_events
from ads.ledger.billing import Charge, settle_click, settle_clicks
from ads.ledger.entries import InsufficientBalanceError, refund, top_up
from ads.ledger.invariants import find_discrepancies
from ads.ledger.leases import close_days, sync_daily_budget
from ads.models import Account, Campaign, CampaignDay, Click, Credit, Impression, Offer, Transaction
from ads.reporting.rollups import find_gaps, roll_up
from testing.ads.inventory import make_ad, make_advertiser, make_offer


class Market(RuleBasedStateMachine):
    """Two campaigns of one small wallet: impressions, clicks, late and duplicate events, credits."""

    offers = Bundle("offers")

    def __init__(self) -> None:
        super().__init__()
        self.sheltered = transaction.atomic()
        self.sheltered.__enter__()
        self.advertiser = make_advertiser(str(uuid.uuid4()), won=2_000)
        self.creatives = [
            make_ad(self.advertiser, daily_won=700, total_won=1_500),
            make_ad(self.advertiser, daily_won=1_200),
        ]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.sheltered.__exit__(None, None, None)

    @rule(target=offers, which=st.integers(0, 1), won=st.integers(70, 400), seen=st.booleans())
    def offer(self, which: int, won: int, seen: bool) -> Offer:
        return make_offer(self.creatives[which], price_won=won, seen=seen)

    @rule(
        offer=offers,
        reason=st.sampled_from(["", "", "robot", "too_fast"]),
        skew=st.integers(-5, 5),
        at_midnight=st.booleans(),
    )
    def click(self, offer: Offer, reason: str, skew: int, at_midnight: bool) -> None:
        """Machine clocks differ by seconds, also around midnight."""
        now = timezone.now()
        moment = day_start(korean_day(now)) if at_midnight else now
        was_known = Click.objects.filter(pk=offer.pk).exists()
        at = moment + datetime.timedelta(seconds=skew)
        verdict = settle_click(offer, reason=reason, network="", at=at)
        assert (verdict == "duplicate") == was_known

    @rule(chosen=st.lists(offers, max_size=6))
    def click_together(self, chosen: Sequence[Offer]) -> None:
        now = timezone.now()
        charges = [Charge(each.id, each.campaign_id, each.price_micros, "", now) for each in chosen]
        verdicts = settle_clicks(charges)
        fresh = [each for each, verdict in zip(chosen, verdicts, strict=True) if verdict != "duplicate"]
        assert len({each.id for each in fresh}) == len(fresh)

    @rule(chosen=st.lists(offers, max_size=4), times=st.integers(1, 3), hours=st.sampled_from([0, 1, 30]))
    def settle_late(self, chosen: Sequence[Offer], times: int, hours: int) -> None:
        at = timezone.now() - datetime.timedelta(hours=hours)
        events = [SpooledEvent("click", each.id, at, "", "") for each in chosen]
        settle_events(events)
        once = Click.objects.count(), Transaction.objects.count()
        for _ in range(times):
            settle_events(events)
        assert (Click.objects.count(), Transaction.objects.count()) == once

    @rule(offer=offers)
    def give_back(self, offer: Offer) -> None:
        click = Click.objects.filter(pk=offer.pk, verdict="billed").first()
        if click is not None:
            is_first = not Credit.objects.filter(pk=click.pk).exists()
            assert credit_click(click, reason="burst_person") is is_first

    @rule(won=st.integers(1, 900))
    def add_money(self, won: int) -> None:
        top_up(self.advertiser, won * WON, key=str(uuid.uuid4()))

    @rule(won=st.integers(1, 900))
    def pay_out(self, won: int) -> None:
        try:
            refund(self.advertiser, won * WON, key=str(uuid.uuid4()))
        except InsufficientBalanceError:
            return

    @rule(which=st.integers(0, 1), won=st.integers(100, 1_500))
    def change_budget(self, which: int, won: int) -> None:
        campaign = Campaign.objects.get(pk=self.creatives[which].ad_group.campaign_id)
        campaign.daily_budget_micros = won * WON
        campaign.save()
        sync_daily_budget(campaign.id, at=timezone.now())

    @rule(which=st.integers(0, 1), status=st.sampled_from(["active", "paused"]))
    def switch(self, which: int, status: str) -> None:
        Campaign.objects.filter(pk=self.creatives[which].ad_group.campaign_id).update(status=status)

    @rule()
    def close(self) -> None:
        close_days(before=korean_day(timezone.now()) + datetime.timedelta(days=1))
        roll_up()
        assert find_gaps() == []

    @rule()
    def add_up(self) -> None:
        roll_up()

    @invariant()
    def ledger_is_consistent(self) -> None:
        assert find_discrepancies() == []

    @invariant()
    def no_budget_is_overspent_and_no_wallet_below_zero(self) -> None:
        for day in CampaignDay.objects.all():
            assert 0 <= day.spent_micros <= day.leased_micros <= day.budget_micros
        assert not Account.objects.filter(balance_micros__lt=0).exists()

    @invariant()
    def an_offer_is_seen_and_clicked_once_at_most(self) -> None:
        assert Click.objects.count() <= Offer.objects.count()
        assert Impression.objects.count() <= Offer.objects.count()


@pytest.mark.django_db
def test_any_sequence_of_events_keeps_the_ledger_consistent() -> None:
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
