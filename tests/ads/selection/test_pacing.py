import datetime
import random

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ads.domain.money import WON
from ads.domain.pacing import MIN_PACE, PacingState, due_share, next_state, pace_factor
from ads.ledger.billing import Charge, charge_click
from ads.selection.jobs.live_overrides import publish_live_overrides, update_paces
from testing.ads.inventory import make_ad, make_offer

MINUTES = 24 * 60


def spend_a_day(
    budget: int, demand: float, *, seed: int = 1, state: PacingState | None = None
) -> tuple[list[float], PacingState]:
    """Return the spent shares of a day with a tick a minute; demand 1 would spend the budget exactly."""
    chance = random.Random(seed)
    state, spent, shares = state or PacingState(), 0, []
    for minute in range(MINUTES):
        before, now = due_share(minute / MINUTES), due_share((minute + 1) / MINUTES)
        demanded = budget * demand * (now - before) * pace_factor(state) * chance.uniform(0.5, 1.5)
        spent = min(budget, spent + int(demanded))
        state = next_state(state, spent=spent, budget=budget, due_before=before, due_now=now)
        shares.append(spent / budget)
    return shares, state


def error_of(shares: list[float]) -> float:
    """Return how far spending was from the curve, on average over the day."""
    errors = [abs(share - due_share((minute + 1) / MINUTES)) for minute, share in enumerate(shares)]
    return sum(errors) / len(errors)


@pytest.mark.parametrize("demand", [1.5, 3.0, 10.0, 40.0])
def test_a_budget_that_binds_follows_the_curve_and_is_used_up(demand: float) -> None:
    shares, _ = spend_a_day(50_000 * WON, demand)
    assert error_of(shares) <= 0.03
    assert shares[-1] >= 0.97


@pytest.mark.parametrize("demand", [3.0, 40.0])
def test_the_second_day_starts_from_the_first_day_s_state(demand: float) -> None:
    first, state = spend_a_day(50_000 * WON, demand)
    second, _ = spend_a_day(50_000 * WON, demand, seed=2, state=state.for_new_day())
    assert error_of(second) < error_of(first)
    assert second[-1] >= 0.97


def test_a_budget_that_does_not_bind_is_never_slowed() -> None:
    state = PacingState()
    for minute in range(MINUTES):
        before, now = due_share(minute / MINUTES), due_share((minute + 1) / MINUTES)
        state = next_state(state, spent=0, budget=50_000 * WON, due_before=before, due_now=now)
        assert pace_factor(state) == 1


@given(
    mu=st.floats(0, 49),
    spent=st.integers(0, 10**12),
    more=st.integers(0, 10**12),
    budget=st.integers(1, 10**12),
    before=st.floats(0, 1),
    step=st.floats(0, 1),
)
def test_a_pace_is_always_a_usable_factor(
    mu: float, spent: int, more: int, budget: int, before: float, step: float
) -> None:
    state = next_state(
        PacingState(mu, spent),
        spent=spent + more,
        budget=budget,
        due_before=before,
        due_now=min(1.0, before + step),
    )
    assert MIN_PACE <= pace_factor(state) <= 1


@given(first=st.floats(0, 1), second=st.floats(0, 1))
def test_the_curve_only_rises(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= due_share(low) <= due_share(high) <= 1.0000001


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_campaign_ahead_of_its_curve_is_slowed_until_it_lags() -> None:
    offer = make_offer(make_ad(daily_won=250), price_won=200)
    morning = timezone.localtime().replace(hour=6, minute=0)
    charge_click(Charge(offer.id, offer.campaign_id, offer.price_micros, "", morning))
    paces = dict(update_paces(at=morning))
    assert paces[offer.campaign_id] < 1
    live = publish_live_overrides(at=morning + datetime.timedelta(seconds=5))
    assert dict(live.paces) == paces
    assert update_paces(at=morning + datetime.timedelta(days=1)) == ()
