"""The effect of a failing provider on the answers of the others."""

from array import array
from dataclasses import replace

from bench.report import Goal
from bench.turns.harness import ROLES, Harness
from bench.turns.loads import ObservedTurn, median, quantile, run_load
from bench.turns.measurement import Measurement
from bench.turns.plans import FAULTS
from bench.turns.prompts.source import Prompt
from bench.turns.units.site_unit import SiteUnit


async def measure_faults(harness: Harness) -> Measurement:
    """The added token lateness of three models beside one that fails."""
    load, measurement = harness.plan.fault_chats, Measurement()
    for role in ROLES:
        unit, late = await harness.site(role), dict[str, list[float]]()
        await harness.run(unit, replace(load, panel_size=4))
        for number in range(harness.plan.rounds):
            for fault in ("", *FAULTS):
                found = await _measure_lateness(harness, unit, fault, number)
                late.setdefault(fault or "sound", []).append(1e3 * quantile(found, 0.99))
        lateness = {name: median(each) for name, each in late.items()}
        delay = max(lateness[fault] - lateness["sound"] for fault in FAULTS)
        measurement.figures[f"{role}, token lateness p99 ms beside"] = lateness
        measurement.goals.append(
            Goal(f"ms that others are delayed by a fault, p99, {role}", delay, 50.0, 0.0)
        )
    return measurement


async def _measure_lateness(harness: Harness, unit: SiteUnit, fault: str, number: int) -> "array[float]":
    """Return the lateness in seconds of every token of the sound models; raises if one is missing."""
    load = harness.plan.fault_chats
    prompts = harness.deal(replace(load, name=f"{load.name}: {fault}"), number)
    fourth = unit.site.panel(load.faulty(fault) if fault else load.model, 4)[3]
    sound = unit.site.panel(load.model, load.panel_size)
    late = array("f")

    async def ask(chat: int, prompt: Prompt) -> ObservedTurn:
        pending = await unit.pages[chat].ask([*sound, fourth], prompt.text)
        if pending.shown.is_help:
            return pending.shown
        counts = [pending.shown.slots[slot].count for slot, model in pending.models.items() if model in sound]
        if counts != [load.tokens] * len(sound):
            raise RuntimeError(f"beside {fault or 'a sound model'} others ended at {counts} tokens")
        for slot, model in pending.models.items():
            if model in sound:
                late.extend(pending.shown.late_by[slot])
        return pending.shown

    await run_load(load, prompts, ask)
    return late
