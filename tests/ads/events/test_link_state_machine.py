"""Any sequence of uses of ad links bills a click only after an impression, and once."""

import datetime
import itertools
import uuid

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ads.domain.money import WON
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.invariants import find_discrepancies
from ads.models import Click, Impression, Offer
from testing.ads.inventory import CHROME, make_ad, make_advertiser, make_offer

PURPOSES = {"seen": LinkPurpose.IMPRESSION, "click": LinkPurpose.CLICK}
# Links as an attacker or a fault could make them; none of them may bill anything.
MANIPULATED = ("expired", "cut", "changed", "stranger", "other_purpose", "crossed", "unknown_offer")


class Links(RuleBasedStateMachine):
    """Offers of two ads whose links are opened, repeated, expired, truncated, forged and recombined."""

    offers = Bundle("offers")

    def __init__(self) -> None:
        super().__init__()
        self.sheltered = transaction.atomic()
        self.sheltered.__enter__()
        advertiser = make_advertiser(uuid.uuid4().hex)
        self.creatives = [make_ad(advertiser), make_ad(advertiser, bid_won=500)]
        self.visitors = itertools.count()
        self.seen: set[uuid.UUID] = set()
        self.used_up: set[uuid.UUID] = set()
        self.due: dict[uuid.UUID, int] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.sheltered.__exit__(None, None, None)

    @rule(target=offers, which=st.integers(0, 1), won=st.integers(7, 40))
    def offer(self, which: int, won: int) -> Offer:
        return make_offer(self.creatives[which], price_won=won * 10, seen=False)

    @rule(offer=offers, times=st.integers(1, 2))
    def view(self, offer: Offer, times: int) -> None:
        for _ in range(times):
            assert self.open("seen", sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at)) == 204
        self.seen.add(offer.id)

    @rule(offer=offers, times=st.integers(1, 3))
    def click(self, offer: Offer, times: int) -> None:
        for _ in range(times):
            assert self.open("click", sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)) == 302
        if offer.id in self.seen and offer.id not in self.used_up:
            self.due[offer.id] = offer.price_micros
        self.used_up.add(offer.id)

    @rule(
        offer=offers,
        other=offers,
        action=st.sampled_from(["seen", "click"]),
        how=st.sampled_from(MANIPULATED),
    )
    def manipulate(self, offer: Offer, other: Offer, action: str, how: str) -> None:
        status = self.open(action, manipulate(offer, other, PURPOSES[action], how))
        if how == "crossed" and offer.id == other.id:
            # A link recombined from its own halves is the same link.
            (self.seen if action == "seen" else self.used_up).add(offer.id)
            if action == "click" and offer.id in self.seen and not Click.objects.get(pk=offer.id).reason:
                self.due[offer.id] = offer.price_micros
        elif how == "expired" and action == "click":
            # The visitor is redirected all the same; the advertiser does not pay.
            assert status == 302
            self.used_up.add(offer.id)
        else:
            assert status in (204, 404, 410)

    def open(self, action: str, token: str) -> int:
        number = next(self.visitors)
        # Every event comes from another network.
        visitor = Client(REMOTE_ADDR=f"211.{number // 200}.{number % 200}.7")
        act = visitor.post if action == "seen" else visitor.get
        return int(act(f"/ads/{action}/{token}/", headers={"User-Agent": CHROME}).status_code)

    @invariant()
    def only_what_is_due_is_billed(self) -> None:
        billed = dict(Click.objects.filter(verdict="billed").values_list("offer_id", "price_micros"))
        assert billed == self.due

    @invariant()
    def billed_clicks_have_impressions_and_offers(self) -> None:
        paid = set(Click.objects.filter(verdict="billed").values_list("offer_id", flat=True))
        impressions = set(Impression.objects.values_list("offer_id", flat=True))
        assert paid <= impressions == self.seen <= set(Offer.objects.values_list("id", flat=True))

    @invariant()
    def ledger_is_consistent(self) -> None:
        assert find_discrepancies() == []


def manipulate(offer: Offer, other: Offer, purpose: LinkPurpose, how: str) -> str:
    """Return a manipulated link of an offer."""
    link = sign_token(purpose, offer.id, at=offer.created_at)
    if how == "expired":
        return sign_token(purpose, offer.id, at=timezone.now() - datetime.timedelta(hours=3))
    if how == "cut":
        return link[: len(link) - 1 - offer.price_micros // WON % 40]
    if how == "changed":
        return link[:20] + ("B" if link[20] == "A" else "A") + link[21:]
    if how == "stranger":
        with override_settings(ADS_TOKEN_KEY="mallory"):
            return sign_token(purpose, offer.id, at=offer.created_at)
    if how == "other_purpose":
        rest = {LinkPurpose.IMPRESSION: LinkPurpose.CLICK, LinkPurpose.CLICK: LinkPurpose.FEEDBACK}
        return sign_token(rest[purpose], offer.id, at=offer.created_at)
    if how == "unknown_offer":
        return sign_token(purpose, uuid.uuid4(), at=offer.created_at)
    # The payload of one link with the MAC of another: 23 bytes are 30 whole base64 characters and a rest.
    return link[:30] + sign_token(purpose, other.id, at=offer.created_at)[30:]


@pytest.mark.django_db
def test_any_use_of_links_counts_one_impression_and_bills_one_click(valkey: object) -> None:
    run_state_machine_as_test(
        Links,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
