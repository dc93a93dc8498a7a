"""Kill every part of the site by -9 while turns stream, and count what pages lose: nothing may be lost."""

import argparse
import asyncio
import json
import random
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import aiohttp

from testing.site.page_client import Page, ShownTurn
from testing.site.processes import Site
from testing.site.seed import create_listings, create_users, retry_database

if TYPE_CHECKING:
    from aggregator.domain.turn_state import TurnState
    from aggregator.models import Turn

PARTS = ("web", "worker", "valkey", "postgres")
END_SECONDS = 120.0
SETTINGS = {
    "TURN_LEASE_SECONDS": "5",
    "TURN_GRACE_MS": "60000",
    "TURNS_AT_ONCE": "500",
    "LOG_LEVEL": "WARNING",
    "ADS_SPARE_NEWCOMERS": "no",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens: so many pages, so many kills, answers of so many tokens at so many a second."""

    pages: int
    kills: int
    tokens: int
    rate: float
    pause: tuple[float, float]


FULL = Plan(pages=64, kills=50, tokens=60, rate=6, pause=(0.5, 2.5))
QUICK = Plan(pages=16, kills=12, tokens=40, rate=8, pause=(0.5, 1.5))
TINY = Plan(pages=4, kills=4, tokens=30, rate=10, pause=(0.2, 0.8))


@dataclass(slots=True)
class Losses:
    """What must be zero, and how much was tried."""

    turns: int = 0
    shown_tokens: int = 0
    lost_tokens: int = 0
    hanging_turns: int = 0
    states_unlike_replay: int = 0
    calls_counted_twice: int = 0
    calls_not_counted: int = 0
    reconnects: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    catch_up_s: list[float] = field(default_factory=list)


async def run(site: Site, plan: Plan, seed: int) -> Losses:
    """Let people ask while parts are killed, wait for every end, and compare with what is kept."""
    cookies = await asyncio.to_thread(create_users, plan.pages)
    names = [f"tokens:{plan.tokens + 5 * slot}@{plan.rate}" for slot in range(4)]
    url = f"http://127.0.0.1:{site.provider_port}"
    await asyncio.to_thread(create_listings, names, url, can_fuse=False)
    losses = Losses()
    over = asyncio.Event()
    panel = [f"model-{slot}" for slot in range(4)]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        pages = [Page(site.url, cookie, reloads=bool(n % 2)) for n, cookie in enumerate(cookies)]
        asking = [
            asyncio.create_task(_ask_repeatedly(page, session, panel, over, n))
            for n, page in enumerate(pages)
        ]
        await asyncio.sleep(plan.pause[1])
        await _kill_parts(site, plan, random.Random(seed), losses)
        over.set()
        await asyncio.gather(*asking)
        await _wait_for_ends(pages)
        for page in pages:
            losses.reconnects += page.reconnects
            for turn in page.turns:
                await asyncio.to_thread(_count_losses, turn, losses)
            await page.close()
    return losses


async def _ask_repeatedly(
    page: Page, session: aiohttp.ClientSession, panel: list[str], over: asyncio.Event, number: int
) -> None:
    page.open(session)
    strategy = ("best", "vote", "council")[number % 3]
    while not over.is_set():
        turn = await page.ask(f"Tell me about number {number}", panel=panel, strategy=strategy)
        if not await page.wait(turn, END_SECONDS * 3):
            return


async def _kill_parts(site: Site, plan: Plan, rng: random.Random, losses: Losses) -> None:
    order = [PARTS[n % len(PARTS)] for n in range(plan.kills)]
    rng.shuffle(order)
    for part in order:
        await asyncio.to_thread(site.kill, part)
        began = time.monotonic()
        await asyncio.to_thread(site.restart, part)
        losses.catch_up_s.append(time.monotonic() - began)
        losses.kills[part] = losses.kills.get(part, 0) + 1
        await asyncio.sleep(rng.uniform(*plan.pause))


async def _wait_for_ends(pages: list[Page]) -> None:
    # What is kept after the last event (the ad's place) may take a moment longer.
    waiting = [page.wait(turn, END_SECONDS) for page in pages for turn in page.turns]
    await asyncio.gather(*waiting)
    await asyncio.sleep(2)


def _count_losses(shown: ShownTurn, losses: Losses) -> None:
    from aggregator.domain.turn_state import reduce_events
    from aggregator.models import Turn
    from aggregator.selectors.turns import rebuild_events, with_related

    if not shown.turn:
        losses.hanging_turns += 1
        return
    losses.turns += 1
    stored = Turn.objects.filter(public_id=shown.turn)
    turn = retry_database(lambda: with_related(stored).get())
    if not shown.is_over or turn.status == Turn.Status.RUNNING:
        losses.hanging_turns += 1
        return
    kept = reduce_events(rebuild_events(turn))
    if _comparable(kept) != _comparable(shown.state):
        losses.states_unlike_replay += 1
        explain(kept, shown.state)
    _count_lost_texts(shown, kept, losses)
    _count_lost_calls(shown, turn, losses)


def _comparable(state: "TurnState") -> "TurnState":
    # An ad is offered after the turn is over and belongs to the page that saw it.
    return replace(state, placement=None)


def explain(kept: "TurnState", shown: "TurnState") -> None:
    """Say in which fields two states differ."""
    ours, theirs = asdict(kept), asdict(shown)
    for name in ours:
        if name != "placement" and ours[name] != theirs[name]:
            print(f"  {kept.turn} {name}: kept {str(ours[name])[:300]} / shown {str(theirs[name])[:300]}")


def _count_lost_texts(shown: ShownTurn, kept: "TurnState", losses: Losses) -> None:
    for (candidate, attempt), text in shown.shown.items():
        losses.shown_tokens += len(text.split())
        slot = kept.candidates[candidate]
        if slot.attempt == attempt and not slot.text.startswith(text):
            losses.lost_tokens += len(text.split())


def _count_lost_calls(shown: ShownTurn, turn: "Turn", losses: Losses) -> None:
    ids = retry_database(lambda: list(turn.usages.values_list("call_id", flat=True)))
    losses.calls_counted_twice += len(ids) - len(set(ids))
    attempts = {slot.candidate: slot.attempt for slot in shown.state.candidates.values()}
    expected = {_call_id(candidate, attempt) for candidate, attempt in attempts.items()}
    losses.calls_not_counted += len(expected - set(ids))
    most = {_call_id(candidate, n + 1) for candidate, last in attempts.items() for n in range(last)}
    losses.calls_counted_twice += len(set(ids) - most)


def _call_id(candidate: str, attempt: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{candidate}/{attempt}")


def report(losses: Losses, plan: Plan, seconds: float) -> None:
    """Print what happened and, last, the goals as JSON."""
    kills = ", ".join(f"{part} {count}" for part, count in sorted(losses.kills.items()))
    print(f"{losses.turns} turns × 4 candidates, {plan.pages} pages, {seconds:.0f} s; killed: {kills}")
    print(f"{losses.shown_tokens} tokens shown, {losses.reconnects} reconnects")
    zeros = {
        name: getattr(losses, name)
        for name in (
            "lost_tokens",
            "hanging_turns",
            "states_unlike_replay",
            "calls_counted_twice",
            "calls_not_counted",
        )
    }
    for name, count in zeros.items():
        print(f"  {name:<24}{count}")
    goals = {name: {"value": count, "must": 0, "ok": count == 0} for name, count in zeros.items()}
    goals["turns"] = {"value": losses.turns, "must": plan.pages, "ok": losses.turns >= plan.pages}
    figures = {"turns": losses.turns, "shown_tokens": losses.shown_tokens, "kills": losses.kills}
    print(json.dumps({"bench": "chaos", "figures": figures, "goals": goals}, ensure_ascii=False))


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pages and kills")
    parser.add_argument("--tiny", action="store_true", help="as little as a test needs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", default="", help="not used: the provider makes its own tokens")
    options = parser.parse_args()
    plan = TINY if options.tiny else QUICK if options.quick else FULL
    with Site(**SETTINGS) as site:
        import django

        django.setup()
        began = time.monotonic()
        losses = asyncio.run(run(site, plan, options.seed))
        report(losses, plan, time.monotonic() - began)


if __name__ == "__main__":
    main()
