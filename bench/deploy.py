"""Replace web and worker by SIGTERM while turns stream, as a deploy does: nothing may be cut or lost."""

import argparse
import asyncio
import json
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace

import aiohttp

from testing.site.page_client import Page, ShownTurn
from testing.site.processes import Site
from testing.site.seed import create_listings, create_users, retry_database

END_SECONDS = 60.0
KEPT_SECONDS = 5.0
POLL_SECONDS = 0.05
ENDED_WELL = (0, -signal.SIGTERM)
# A page that is told to come back (1012) does so at once; all others wait before they try.
SERVICE_RESTART = 1012
SETTINGS = {"TURN_LEASE_SECONDS": "30", "TURN_GRACE_MS": "60000", "TURN_DRAIN_SECONDS": "15"}


@dataclass(frozen=True, slots=True)
class Deploy:
    """One step: which part is replaced, and whether its turns may move to the next one."""

    name: str
    part: str
    hands_over: bool = False


STEPS = (
    Deploy("web", "web"),
    Deploy("worker, turns end in time", "worker"),
    Deploy("worker, turns are handed over", "worker", hands_over=True),
    Deploy("web that runs turns itself", "web", hands_over=True),
)
# What a part is started with is what the next step ends.
BEFORE = {
    "worker, turns are handed over": ("worker", {"TURN_DRAIN_SECONDS": "1"}),
    "web that runs turns itself": ("web", {"TURN_RUNNER": "here"}),
}


@dataclass(slots=True)
class DeployOutcome:
    """What a deploy did to the pages."""

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
    """Go through the steps, each with turns of its own that stream while a part is replaced."""
    cookies = await asyncio.to_thread(create_users, pages)
    names = [f"tokens:{tokens + 4 * slot}@8" for slot in range(3)]
    url = f"http://127.0.0.1:{site.provider_port}"
    await asyncio.to_thread(create_listings, names, url, can_fuse=False)
    seen = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for step in STEPS:
            if step.name in BEFORE:
                part, changes = BEFORE[step.name]
                site.environment.update(changes)
                await asyncio.to_thread(_replace, site, part)
            open_pages = [Page(site.url, cookie) for cookie in cookies]
            for page in open_pages:
                page.open(session)
            seen.append(await _deploy(site, step, open_pages))
            for page in open_pages:
                await page.close()
    return seen


async def _deploy(site: Site, step: Deploy, pages: list[Page]) -> DeployOutcome:
    seen = DeployOutcome(step.name)
    panel = [f"model-{slot}" for slot in range(3)]
    turns = [await page.ask(f"{step.name} {n}", panel=panel, strategy="best") for n, page in enumerate(pages)]
    await _wait_for_first_texts(turns)
    began = time.monotonic()
    code = await asyncio.to_thread(_replace, site, step.part)
    seen.end_s, seen.bad_exits = time.monotonic() - began, code not in ENDED_WELL
    await asyncio.gather(*(page.wait(turn, END_SECONDS) for page, turn in zip(pages, turns, strict=True)))
    for page in pages:
        seen.odd_closings += [code for code in page.closed_with if code != SERVICE_RESTART]
    for turn in turns:
        await asyncio.to_thread(_count_losses, turn, step, seen)
    return seen


async def _wait_for_first_texts(turns: list[ShownTurn]) -> None:
    for _ in range(round(END_SECONDS / POLL_SECONDS)):
        if all(turn.first_text_at for turn in turns):
            return
        await asyncio.sleep(POLL_SECONDS)


def _replace(site: Site, part: str) -> int:
    """End a part as a supervisor does, start the next one at once, and return how the old one ended."""
    old = site.children[part].process
    if old is None:
        return 0
    old.send_signal(signal.SIGTERM)
    # A web process lets go of its port within a round of its own.
    time.sleep(0.5)
    site.restart(part)
    try:
        return old.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        old.kill()
        return old.wait()


def _count_losses(shown: ShownTurn, step: Deploy, seen: DeployOutcome) -> None:
    from aggregator.domain.turn_state import reduce_events
    from aggregator.models import Turn
    from aggregator.selectors.turns import rebuild_events, with_related

    seen.turns += 1
    stored = Turn.objects.filter(public_id=shown.turn)
    ends = time.monotonic() + KEPT_SECONDS
    # A page hears of the end in the moment in which it is being kept.
    while stored.filter(status=Turn.Status.RUNNING).exists() and time.monotonic() < ends:
        time.sleep(0.1)
    turn = retry_database(lambda: with_related(stored).get())
    if not shown.is_over or turn.status != Turn.Status.DONE:
        seen.hanging_turns += 1
        return
    kept = reduce_events(rebuild_events(turn))
    seen.states_unlike_replay += replace(kept, placement=None) != replace(shown.state, placement=None)
    for (candidate, attempt), text in shown.shown.items():
        slot = kept.candidates[candidate]
        if slot.attempt == attempt and not slot.text.startswith(text):
            seen.lost_tokens += len(text.split())
    moved = sum(slot.attempt > 1 for slot in kept.candidates.values())
    seen.moved += moved
    seen.cut_candidates += 0 if step.hands_over else moved


def report(all_seen: list[DeployOutcome]) -> None:
    """Print a line for each step and, last, the goals as JSON."""
    goals = {}
    for seen in all_seen:
        moved = f"{seen.moved} candidates asked again"
        print(f"{seen.name:<32} {seen.turns} turns, {moved}, replaced in {seen.end_s:.1f} s")
        for name in ("lost_tokens", "cut_candidates", "hanging_turns", "states_unlike_replay", "bad_exits"):
            value = int(getattr(seen, name))
            goals[f"{seen.name}: {name}"] = {"value": value, "must": 0, "ok": value == 0}
        odd = len(seen.odd_closings)
        goals[f"{seen.name}: odd_closings"] = {"value": odd, "must": 0, "ok": odd == 0}
    print(json.dumps({"bench": "deploy", "figures": {}, "goals": goals}, ensure_ascii=False))


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="as little as a test needs")
    options = parser.parse_args()
    with Site(**SETTINGS) as site:
        import django

        django.setup()
        report(asyncio.run(run(site, *((3, 24) if options.tiny else (32, 40)))))


if __name__ == "__main__":
    main()
