"""What a provider that fails does to the answers of the others."""

from array import array
from dataclasses import replace

from bench.turns.goals import Goal, Measurement
from bench.turns.harness import Harness
from bench.turns.loads import Load, ObservedTurn, median, quantile, run_load
from bench.turns.plans import FAULTS
from bench.turns.site_unit import SiteUnit


async def measure_faults(house: Harness) -> Measurement:
    """Three models answer beside one that breaks: how much later their tokens come for that."""
    load, measurement = house.plan.fault_chats, Measurement()
    for role in ("here", "worker"):
        unit, late = await house.site(role), dict[str, list[float]]()
        await unit.run(replace(load, slots=4))
        for _ in range(house.plan.rounds):
            for fault in ("", *FAULTS):
                found = await _measure_lateness(unit, load, fault)
                late.setdefault(fault or "sound", []).append(1e3 * quantile(found, 0.99))
        lateness = {name: median(each) for name, each in late.items()}
        delay = max(lateness[fault] - lateness["sound"] for fault in FAULTS)
        measurement.figures[f"{role}, token lateness p99 ms beside"] = lateness
        measurement.goals.append(
            Goal(f"ms that others are delayed by a fault, p99, {role}", delay, 50.0, 0.0)
        )
    return measurement


async def _measure_lateness(unit: SiteUnit, load: Load, fault: str) -> "array[float]":
    """Return the lateness of every token of the sound models, in seconds; all must have come."""
    fourth = unit.site.panel(load.faulty(fault) if fault else load.model, 4)[3]
    sound = unit.site.panel(load.model, load.slots)
    late = array("f")

    async def ask(place: int) -> ObservedTurn:
        pending = await unit.pages[place].ask([*sound, fourth])
        told = [pending.shown.slots[slot].count for slot, model in pending.models.items() if model in sound]
        if told != [load.tokens] * len(sound):
            raise RuntimeError(f"beside {fault or 'a sound model'} others ended at {told} tokens")
        for slot, model in pending.models.items():
            if model in sound:
                late.extend(pending.shown.late_by[slot])
        return pending.shown

    await run_load(load, ask)
    return late
