"""Replace web and worker with SIGTERM while turns stream, as a deploy does; no turn may be cut or lost."""

import asyncio
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace

import aiohttp

from bench.report import Goal, Report, bench_parser
from testing.site.page_client import Page, ShownTurn
from testing.site.processes import Site
from testing.site.seed import create_listings, create_users
from testing.site.stored_turn import count_lost_tokens, read_stored_turn

END_SECONDS = 60.0
STORED_SECONDS = 5.0
POLL_SECONDS = 0.05
CLEAN_EXITS = (0, -signal.SIGTERM)
# Pages reconnect at once after this close code, and with a delay after all others.
SERVICE_RESTART = 1012
SETTINGS = {"TURN_LEASE_SECONDS": "30", "TURN_GRACE_MS": "60000", "TURN_DRAIN_SECONDS": "15"}


@dataclass(frozen=True, slots=True)
class Deploy:
    """One step: the part that is replaced, and whether its turns may be handed over to its successor."""

    name: str
    part: str
    hands_over: bool = False


STEPS = (
    Deploy("web", "web"),
    Deploy("worker, turns end in time", "worker"),
    Deploy("worker, turns are handed over", "worker", hands_over=True),
    Deploy("web that runs turns itself", "web", hands_over=True),
)
# The part that a step starts with other settings before its turns.
RESTARTS = {
    "worker, turns are handed over": ("worker", {"TURN_DRAIN_SECONDS": "1"}),
    "web that runs turns itself": ("web", {"TURN_RUNNER": "here"}),
}


@dataclass(slots=True)
class DeployOutcome:
    """What the pages saw of one step; `odd_closings` are unexpected close codes."""

    name: str
    turns: int = 0
    lost_tokens: int = 0
    cut_candidates: int = 0
    hanging_turns: int = 0
    states_unlike_replay: int = 0
    odd_closings: list[int] = field(default_factory=list)
    bad_exits: int = 0
    end_s: float = 0.0
    moved: int = 0


async def run(site: Site, pages: int, tokens: int) -> list[DeployOutcome]:
    """Run the steps, each with its own turns that stream while a part is replaced."""
    cookies = await asyncio.to_thread(create_users, pages)
    names = [f"tokens:{tokens + 4 * slot}@8" for slot in range(3)]
    url = f"http://127.0.0.1:{site.provider_port}"
    await asyncio.to_thread(create_listings, names, url, can_fuse=False)
    outcomes = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for step in STEPS:
            if step.name in RESTARTS:
                part, changes = RESTARTS[step.name]
                site.environment.update(changes)
                await asyncio.to_thread(_replace, site, part)
            open_pages = [Page(site.url, cookie) for cookie in cookies]
            for page in open_pages:
                page.open(session)
            outcomes.append(await _deploy(site, step, open_pages))
            for page in open_pages:
                await page.close()
    return outcomes


async def _deploy(site: Site, step: Deploy, pages: list[Page]) -> DeployOutcome:
    outcome = DeployOutcome(step.name)
    panel = [f"model-{slot}" for slot in range(3)]
    turns = [await page.ask(f"{step.name} {n}", panel=panel, strategy="best") for n, page in enumerate(pages)]
    await _wait_for_first_texts(turns)
    began = time.monotonic()
    code = await asyncio.to_thread(_replace, site, step.part)
    outcome.end_s, outcome.bad_exits = time.monotonic() - began, code not in CLEAN_EXITS
    await asyncio.gather(*(page.wait(turn, END_SECONDS) for page, turn in zip(pages, turns, strict=True)))
    for page in pages:
        outcome.odd_closings += [code for code in page.closed_with if code != SERVICE_RESTART]
    for turn in turns:
        await asyncio.to_thread(_count_losses, turn, step, outcome)
    return outcome


async def _wait_for_first_texts(turns: list[ShownTurn]) -> None:
    for _ in range(round(END_SECONDS / POLL_SECONDS)):
        if all(turn.first_text_at for turn in turns):
            return
        await asyncio.sleep(POLL_SECONDS)


def _replace(site: Site, part: str) -> int:
    """Terminate a part, start its successor at once, and return the exit code of the old process."""
    old = site.children[part].process
    if old is None:
        return 0
    old.send_signal(signal.SIGTERM)
    # A web process closes its listening socket within one iteration of its main loop.
    time.sleep(0.5)
    site.restart(part)
    try:
        return old.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        old.kill()
        return old.wait()


def _count_losses(shown: ShownTurn, step: Deploy, outcome: DeployOutcome) -> None:
    from aggregator.models import Turn

    outcome.turns += 1
    turn, stored = read_stored_turn(shown, wait_seconds=STORED_SECONDS)
    if not shown.is_over or turn.status != Turn.Status.DONE:
        outcome.hanging_turns += 1
        return
    outcome.states_unlike_replay += replace(stored, placement=None) != replace(shown.state, placement=None)
    outcome.lost_tokens += count_lost_tokens(shown, stored)
    moved = sum(slot.attempt > 1 for slot in stored.candidates.values())
    outcome.moved += moved
    outcome.cut_candidates += 0 if step.hands_over else moved


def print_report(outcomes: list[DeployOutcome]) -> None:
    """Print a row for each step, the goals and the closing line."""
    report = Report("deploy")
    for outcome in outcomes:
        moved = f"{outcome.moved} candidates asked again"
        print(f"{outcome.name:<32} {outcome.turns} turns, {moved}, replaced in {outcome.end_s:.1f} s")
        for name in ("lost_tokens", "cut_candidates", "hanging_turns", "states_unlike_replay", "bad_exits"):
            report.add(Goal(f"{outcome.name}: {name}", int(getattr(outcome, name)), 0))
        report.add(Goal(f"{outcome.name}: odd_closings", len(outcome.odd_closings), 0))
    report.close()


def main() -> None:
    """Run the bench from the command line."""
    parser = bench_parser(__doc__, quick="fewer pages")
    parser.add_argument("--tiny", action="store_true", help="the smallest run, for tests")
    options = parser.parse_args()
    with Site(**SETTINGS) as site:
        import django

        django.setup()
        pages, tokens = (3, 24) if options.tiny else (8, 40) if options.quick else (32, 40)
        print_report(asyncio.run(run(site, pages, tokens)))


if __name__ == "__main__":
    main()
