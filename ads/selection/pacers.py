"""Keeps every running campaign on its traffic curve: once a minute, from what the ledger says was spent."""

import datetime
import json
from dataclasses import astuple, dataclass

from ads.fast_store import fast_store, key, read_bytes
from ads.leases import KOREA, korean_day
from ads.models import CampaignDay
from ads.selection.pacing import PacerState, due_share, next_state, pace_of

BOOK_KEY = key("pacers")
TICK_SECONDS = 60
DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class PacerBook:
    """The state of all pacers after the last tick of a Korean day, and when within it that was."""

    day: str
    second: int
    states: dict[int, PacerState]


def tick_paces(*, at: datetime.datetime) -> tuple[tuple[int, float], ...]:
    """Return the pace of each campaign that spends ahead of its curve; the others are at full speed."""
    day, second = korean_day(at).isoformat(), _second_of_day(at)
    book = _read_book()
    if book is None:
        book = PacerBook(day, 0, {})
    elif book.day != day:
        book = PacerBook(day, 0, {campaign: old.on_a_new_day() for campaign, old in book.states.items()})
    if second - book.second >= TICK_SECONDS:
        book = PacerBook(day, second, _advance(book, second, korean_day(at)))
        _keep_book(book)
    paces = ((campaign, round(pace_of(state), 4)) for campaign, state in book.states.items())
    return tuple((campaign, pace) for campaign, pace in paces if pace < 1)


def _advance(book: PacerBook, second: int, day: datetime.date) -> dict[int, PacerState]:
    before, now = due_share(book.second / DAY_SECONDS), due_share(second / DAY_SECONDS)
    spending = CampaignDay.objects.filter(day=day, is_open=True, spent_micros__gt=0)
    rows = spending.values_list("campaign_id", "spent_micros", "budget_micros")
    # Who has not spent yet keeps the price of yesterday's budget, falling while nothing is bought at it.
    idle = ((campaign, 0, 1) for campaign, state in book.states.items() if state.mu > 0)
    found = {campaign: (spent, budget) for campaign, spent, budget in (*idle, *rows)}
    return {
        campaign: next_state(
            book.states.get(campaign, PacerState()),
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


def _read_book() -> PacerBook | None:
    (raw,) = read_bytes(BOOK_KEY)
    if not raw:
        return None
    kept = json.loads(raw)
    states = {int(campaign): PacerState(*state) for campaign, state in kept["states"].items()}
    return PacerBook(kept["day"], kept["second"], states)


def _keep_book(book: PacerBook) -> None:
    states = {campaign: astuple(state) for campaign, state in book.states.items()}
    text = json.dumps({"day": book.day, "second": book.second, "states": states})
    fast_store().set(BOOK_KEY, text, ex=2 * DAY_SECONDS)
