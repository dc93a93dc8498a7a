"""The first word of a newcomer beside a person whose 12 long questions take every call of the model."""

import asyncio

from bench.report import Goal
from bench.turns.harness import ROLES, SNAPSHOT_SECONDS, Harness
from bench.turns.loads import median
from bench.turns.measurement import Measurement
from bench.turns.prompts.source import Prompt
from bench.turns.units.site_unit import LightPage, SiteUnit

# How many calls the model serves at once, as a local model does.
CALLS_AT_ONCE, ALL_CALLS = 2, 10_000
HEAVY_USER, NEWCOMER = 0, 1
NEWCOMER_ASKS_AFTER_S = 1.0


async def measure_fairness(harness: Harness) -> Measurement:
    """The newcomer's wait beyond the time that the first running call had left, against its time alone."""
    measurement, load = Measurement(), harness.plan.heavy_user
    for role in ROLES:
        unit = await harness.site(role)
        await asyncio.to_thread(unit.site.limit_calls, load.model, CALLS_AT_ONCE)
        await asyncio.sleep(SNAPSHOT_SECONDS)
        alone, waits, left = [], [], []
        for number in range(harness.plan.rounds + 1):
            alone_prompt, beside_prompt, *heavy = _sort_prompts(harness.deal(load, number))
            first_s = await _ask_alone(unit, load.model, alone_prompt)
            wait_s, left_s = await _ask_beside(unit, load.model, heavy, beside_prompt)
            if number:
                alone.append(first_s)
                waits.append(wait_s)
                left.append(left_s)
            await harness.wait_until_idle()
        await asyncio.to_thread(unit.site.limit_calls, load.model, ALL_CALLS)
        beyond = median(wait - running for wait, running in zip(waits, left, strict=True)) / median(alone)
        measurement.figures[role] = {
            "alone_ms": 1e3 * median(alone),
            "beside_ms": 1e3 * median(waits),
            "running_call_left_ms": 1e3 * median(left),
        }
        measurement.goals.append(
            Goal(f"newcomer's first word beyond a running call / alone, {role}", beyond, 2.0, 1.0)
        )
    return measurement


def _sort_prompts(prompts: list[Prompt]) -> list[Prompt]:
    """Return prompts, the shortest first; those that help lines may answer stand last."""
    return sorted(prompts, key=lambda prompt: (prompt.is_sensitive, len(prompt.text)))


async def _ask_alone(unit: SiteUnit, model: str, prompt: Prompt) -> float:
    """Return the seconds to the newcomer's first word on an idle site."""
    page = await _open_page(unit, NEWCOMER)
    pending = await page.ask(unit.site.panel(model, 1), prompt.text)
    await page.close()
    return pending.shown.first_at - pending.shown.sent_at


async def _ask_beside(unit: SiteUnit, model: str, heavy: list[Prompt], prompt: Prompt) -> tuple[float, float]:
    """Return the newcomer's seconds to its first word, and those until the first running call had ended."""
    panel = unit.site.panel(model, 1)
    pages = [await _open_page(unit, HEAVY_USER) for _ in heavy]
    ended: list[float] = []

    async def ask(page: LightPage, long: Prompt) -> None:
        shown = (await page.ask(panel, long.text)).shown
        if "candidate_finished" in shown.steps_s:
            ended.append(shown.sent_at + shown.steps_s["candidate_finished"])

    asking = [asyncio.create_task(ask(*each)) for each in zip(pages, heavy, strict=True)]
    newcomer = await _open_page(unit, NEWCOMER)
    await asyncio.sleep(NEWCOMER_ASKS_AFTER_S)
    pending = await newcomer.ask(panel, prompt.text)
    await asyncio.gather(*asking)
    for page in (*pages, newcomer):
        await page.close()
    sent_at = pending.shown.sent_at
    return pending.shown.first_at - sent_at, min(end for end in ended if end > sent_at) - sent_at


async def _open_page(unit: SiteUnit, user: int) -> LightPage:
    return await LightPage.open(unit.site.url, unit.site.cookies[user])
