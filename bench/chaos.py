"""Kill every part of the site with SIGKILL while turns stream; no page may lose anything."""

import asyncio
import random
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import aiohttp

from bench.report import Goal, Report, bench_parser
from testing.site.page_client import Page, ShownTurn
from testing.site.processes import Site
from testing.site.seed import create_listings, create_users, retry_database
from testing.site.stored_turn import count_lost_tokens, read_stored_turn

if TYPE_CHECKING:
    from aggregator.domain.turn_state import TurnState
    from aggregator.models import Turn

PARTS = ("web", "worker", "valkey", "postgres")
END_SECONDS = 120.0
MUST_BE_ZERO = (
    "lost_tokens", "hanging_turns", "states_unlike_replay", "calls_counted_twice", "calls_not_counted",
)  # fmt: skip
SETTINGS = {
    "TURN_LEASE_SECONDS": "5",
    "TURN_GRACE_MS": "60000",
    "TURNS_AT_ONCE": "500",
    "LOG_LEVEL": "WARNING",
    "ADS_SPARE_NEWCOMERS": "no",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run: answers have `tokens` tokens at `rate` a second, kills are `pause` seconds apart."""

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
    """What was lost, and how much was shown."""

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
    """Ask turns on every page while parts are killed, and compare what was shown with what is stored."""
    cookies = await asyncio.to_thread(create_users, plan.pages)
    names = [f"tokens:{plan.tokens + 5 * slot}@{plan.rate}" for slot in range(4)]
    url = f"http://127.0.0.1:{site.provider_port}"
    await asyncio.to_thread(create_listings, names, url, can_fuse=False)
    losses = Losses()
    stopping = asyncio.Event()
    panel = [f"model-{slot}" for slot in range(4)]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        pages = [Page(site.url, cookie, reloads=bool(n % 2)) for n, cookie in enumerate(cookies)]
        asking = [
            asyncio.create_task(_ask_repeatedly(page, session, panel, stopping, n))
            for n, page in enumerate(pages)
        ]
        await asyncio.sleep(plan.pause[1])
        await _kill_parts(site, plan, random.Random(seed), losses)
        stopping.set()
        await asyncio.gather(*asking)
        await _wait_for_ends(pages)
        for page in pages:
            losses.reconnects += page.reconnects
            for turn in page.turns:
                await asyncio.to_thread(_count_losses, turn, losses)
            await page.close()
    return losses


async def _ask_repeatedly(
    page: Page, session: aiohttp.ClientSession, panel: list[str], stopping: asyncio.Event, number: int
) -> None:
    page.open(session)
    strategy = ("best", "vote", "council")[number % 3]
    while not stopping.is_set():
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
    # The ad placement is stored after the last event.
    waiting = [page.wait(turn, END_SECONDS) for page in pages for turn in page.turns]
    await asyncio.gather(*waiting)
    await asyncio.sleep(2)


def _count_losses(shown: ShownTurn, losses: Losses) -> None:
    from aggregator.models import Turn

    if not shown.turn:
        losses.hanging_turns += 1
        return
    losses.turns += 1
    turn, stored = read_stored_turn(shown)
    if not shown.is_over or turn.status == Turn.Status.RUNNING:
        losses.hanging_turns += 1
        return
    if _comparable(stored) != _comparable(shown.state):
        losses.states_unlike_replay += 1
        print_difference(stored, shown.state)
    losses.shown_tokens += sum(len(text.split()) for text in shown.shown.values())
    losses.lost_tokens += count_lost_tokens(shown, stored)
    _count_lost_calls(shown, turn, losses)


def _comparable(state: "TurnState") -> "TurnState":
    # The ad is placed after the end of the turn, for the page that is open then.
    return replace(state, placement=None)


def print_difference(stored: "TurnState", shown: "TurnState") -> None:
    """Print the fields in which two states differ."""
    ours, theirs = asdict(stored), asdict(shown)
    for name in ours:
        if name != "placement" and ours[name] != theirs[name]:
            print(f"  {stored.turn} {name}: stored {str(ours[name])[:300]} / shown {str(theirs[name])[:300]}")


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


def print_report(losses: Losses, plan: Plan, seconds: float) -> None:
    """Print the losses, the goals and the closing line."""
    kills = ", ".join(f"{part} {count}" for part, count in sorted(losses.kills.items()))
    print(f"{losses.turns} turns × 4 candidates, {plan.pages} pages, {seconds:.0f} s; killed: {kills}")
    print(f"{losses.shown_tokens} tokens shown, {losses.reconnects} reconnects")
    report = Report("chaos")
    report.figures = {"turns": losses.turns, "shown_tokens": losses.shown_tokens, "kills": losses.kills}
    for name in MUST_BE_ZERO:
        report.add(Goal(name, getattr(losses, name), 0))
    report.add(Goal("turns", losses.turns, plan.pages, is_floor=True))
    report.close()


def main() -> None:
    """Run the bench from the command line."""
    parser = bench_parser(__doc__, quick="fewer pages and kills")
    parser.add_argument("--tiny", action="store_true", help="the smallest run, for tests")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    plan = TINY if options.tiny else QUICK if options.quick else FULL
    with Site(**SETTINGS) as site:
        import django

        django.setup()
        began = time.monotonic()
        losses = asyncio.run(run(site, plan, options.seed))
        print_report(losses, plan, time.monotonic() - began)


if __name__ == "__main__":
    main()
