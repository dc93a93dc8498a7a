"""Updates the pacing state of every campaign once a minute from the ledger's spend; kept in Valkey."""

import datetime
import json
from dataclasses import astuple, dataclass

from ads.domain.accounting_day import KOREA, korean_day
from ads.domain.pacing import PacingState, due_share, next_state, pace_factor
from ads.infra.redis_client import read_values, redis_client, redis_key
from ads.models import CampaignDay

PACING_KEY = redis_key("pacers")
TICK_SECONDS = 60
DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class PacingStates:
    """The pacing states after the last tick of an accounting day; `second` is its time of day."""

    day: str
    second: int
    states: dict[int, PacingState]


def update_paces(*, at: datetime.datetime) -> tuple[tuple[int, float], ...]:
    """Return (campaign, pace) for each pace below 1, after a tick if one is due."""
    day, second = korean_day(at).isoformat(), _second_of_day(at)
    pacing = _read_pacing()
    if pacing is None:
        pacing = PacingStates(day, 0, {})
    elif pacing.day != day:
        pacing = PacingStates(
            day, 0, {campaign: old.for_new_day() for campaign, old in pacing.states.items()}
        )
    if second - pacing.second >= TICK_SECONDS:
        pacing = PacingStates(day, second, _advance(pacing, second, korean_day(at)))
        _save_pacing(pacing)
    paces = ((campaign, round(pace_factor(state), 4)) for campaign, state in pacing.states.items())
    return tuple((campaign, pace) for campaign, pace in paces if pace < 1)


def _advance(pacing: PacingStates, second: int, day: datetime.date) -> dict[int, PacingState]:
    before, now = due_share(pacing.second / DAY_SECONDS), due_share(second / DAY_SECONDS)
    spending = CampaignDay.objects.filter(day=day, is_open=True, spent_micros__gt=0)
    rows = spending.values_list("campaign_id", "spent_micros", "budget_micros")
    # A campaign without spend today keeps yesterday's mu, which falls while nothing is bought.
    idle = ((campaign, 0, 1) for campaign, state in pacing.states.items() if state.mu > 0)
    found = {campaign: (spent, budget) for campaign, spent, budget in (*idle, *rows)}
    return {
        campaign: next_state(
            pacing.states.get(campaign, PacingState()),
            spent=spent,
            budget=budget,
            due_before=before,
            due_now=now,
        )
        for campaign, (spent, budget) in found.items()
    }


def _second_of_day(at: datetime.datetime) -> int:
    local = at.astimezone(KOREA)
    return local.hour * 3600 + local.minute * 60 + local.second


def _read_pacing() -> PacingStates | None:
    (raw,) = read_values(PACING_KEY)
    if not raw:
        return None
    kept = json.loads(raw)
    states = {int(campaign): PacingState(*state) for campaign, state in kept["states"].items()}
    return PacingStates(kept["day"], kept["second"], states)


def _save_pacing(pacing: PacingStates) -> None:
    states = {campaign: astuple(state) for campaign, state in pacing.states.items()}
    text = json.dumps({"day": pacing.day, "second": pacing.second, "states": states})
    redis_client().set(PACING_KEY, text, ex=2 * DAY_SECONDS)
