"""What a provider that fails does to the answers of the others."""

from array import array
from dataclasses import replace

from bench.engines.goals import Goal, Verdict
from bench.engines.house import House
from bench.engines.loads import Load, Shown, drive, median, quantile
from bench.engines.our_pages import OurSite
from bench.engines.plans import FAULTS


async def measure_faults(house: House) -> Verdict:
    """Three models answer beside one that breaks: how much later their tokens come for that."""
    load, verdict = house.plan.fault_chats, Verdict()
    for role in ("here", "worker"):
        unit, late = await house.site(role), dict[str, list[float]]()
        await unit.run(replace(load, seats=4))
        for _ in range(house.plan.rounds):
            for fault in ("", *FAULTS):
                found = await _beside(unit, load, fault)
                late.setdefault(fault or "sound", []).append(1e3 * quantile(found, 0.99))
        lateness = {name: median(each) for name, each in late.items()}
        delay = max(lateness[fault] - lateness["sound"] for fault in FAULTS)
        verdict.figures[f"{role}, token lateness p99 ms beside"] = lateness
        verdict.goals.append(Goal(f"ms that others are delayed by a fault, p99, {role}", delay, 50.0, 0.0))
    return verdict


async def _beside(unit: OurSite, load: Load, fault: str) -> "array[float]":
    """Return the lateness of every token of the sound models, in seconds; all must have come."""
    fourth = unit.site.panel(load.faulty(fault) if fault else load.model, 4)[3]
    sound = unit.site.panel(load.model, load.seats)
    late = array("f")

    async def ask(place: int) -> Shown:
        asked = await unit.pages[place].ask([*sound, fourth])
        told = [asked.shown.seats[seat].count for seat, model in asked.models.items() if model in sound]
        if told != [load.tokens] * len(sound):
            raise RuntimeError(f"beside {fault or 'a sound model'} others ended at {told} tokens")
        for seat, model in asked.models.items():
            if model in sound:
                late.extend(asked.shown.late_by[seat])
        return asked.shown

    await drive(load, ask)
    return late
