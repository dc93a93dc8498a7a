"""The capacity of one processor: 64 chats, tokens per second, chats within the SLO, 1,000 chats."""

from dataclasses import replace

from bench.report import Goal
from bench.turns.harness import ROLES, Harness, Unit
from bench.turns.loads import Load, Round, median, per_token, quantile
from bench.turns.measurement import Measurement, ratio_goal

SLO_STRETCH, SLO_LATE_S = 1.05, 0.1
# A load that misses the SLO is tried once more, as the machine may have had other work.
TRIES = 2
SEARCH_RATIO = 1.15


async def measure_fan_out(harness: Harness) -> Measurement:
    """Total time of a turn / its slowest provider's, in 64 chats of four models, named and automatic."""
    load, measurement = harness.plan.fanout, Measurement()
    for panel, names in (("named panel", ("direct", *ROLES)), ("automatic panel", ROLES)):
        found = await harness.interleave(names, as_panel(load, panel))
        measurement.figures |= {
            f"{name}, {panel}": summarize_rounds(rounds) for name, rounds in found.items()
        }
        for role in ROLES:
            measurement.goals += _judge_fan_out(found[role], f"{panel}, {role}")
    return measurement


def as_panel(load: Load, panel: str) -> Load:
    """Return a load for the panel of this kind."""
    return replace(load, is_automatic=panel == "automatic panel")


def _judge_fan_out(rounds: list[Round], label: str) -> list[Goal]:
    stretch = median(quantile(each.stretch, 0.99) for each in rounds)
    cost = 1e6 * median(each.all_cpu_s / max(1, each.tokens) for each in rounds)
    failed = sum(each.failed for each in rounds)
    faults = [fault for each in rounds for fault in each.faults]
    why = f"{failed} turns failed: {'; '.join(faults[:3])}" if failed else ""
    found = stretch if stretch and not failed else None
    return [
        Goal(f"64 chats on one core, total / slowest provider p99, {label}", found, 1.02, 1.005, why=why),
        Goal(f"64 chats on one core, us of processor time a token, {label}", cost, 60.0, 40.0),
    ]


async def measure_throughput(harness: Harness) -> Measurement:
    """Tokens shown per second of processor time, stores included."""
    load = harness.plan.busy
    found = await harness.interleave((*ROLES, "litellm", "proxy", "owui"), load)
    chosen = await harness.interleave(ROLES, as_panel(load, "automatic panel"))
    measurement = Measurement(figures={name: summarize_rounds(rounds) for name, rounds in found.items()})
    measurement.figures |= {
        f"{name}, automatic panel": summarize_rounds(rounds) for name, rounds in chosen.items()
    }
    rates = {name: _tokens_a_second(rounds) for name, rounds in found.items()}
    measurement.figures["tokens/s/core"] = rates
    for role in ROLES:
        for peer, label, must, reach in (
            ("owui", "Open WebUI", 4.0, 8.0),
            ("proxy", "LiteLLM proxy", 6.0, 12.0),
        ):
            name = f"tokens/s/core to browsers, same load, {role} / {label}"
            goal = ratio_goal(name, rates[role], rates.get(peer), must, reach, is_floor=True)
            measurement.goals.append(goal)
    theirs = per_token(found.get("owui", []), "bytes")
    for role in ROLES:
        weight = per_token(found[role], "bytes")
        measurement.goals.append(
            ratio_goal(f"bytes per token, {role} / Open WebUI", weight, theirs, 0.25, 0.1)
        )
    return measurement


async def measure_slo(harness: Harness) -> Measurement:
    """The most chats on one core that meet the SLO: p99 of total / slowest provider and of token lateness."""
    most_chats: dict[str, int] = {}
    measurement = Measurement()
    for name in ("litellm", *ROLES):
        unit = await harness.unit(name)
        if unit:
            most_chats[name] = await _find_most_chats(harness, unit, measurement)
    measurement.figures["chats within the promise"] = most_chats
    for role in ROLES:
        name = f"chats per core within SLO, {role} / acompletion"
        measurement.goals.append(
            ratio_goal(name, most_chats[role], max(most_chats["litellm"], 1), 10.0, 15.0, is_floor=True)
        )
    return measurement


async def measure_thousand_chats(harness: Harness) -> Measurement:
    """1,000 chats of one model at 20 tokens a second, on one core."""
    measurement = Measurement()
    for role in ROLES:
        unit = await harness.site(role)
        await harness.run(unit, replace(harness.plan.thousand, chats=50))
        await harness.wait_until_idle()
        found = await harness.run(unit, harness.plan.thousand)
        measurement.figures[role] = summarize_rounds([found])
        enough = harness.plan.thousand.chats == 1_000
        why = "" if enough else f"only {harness.plan.thousand.chats} chats in a quick run"
        for name, value, must, reach in (
            ("turns that failed", float(found.failed), 0.0, 0.0),
            ("TTFT p99, s", quantile(found.ttft_s, 0.99), 1.0, 0.3),
            ("total / slowest provider p99", quantile(found.stretch, 0.99), 1.15, 1.05),
        ):
            shown = value if enough else None
            measurement.goals.append(
                Goal(f"1,000 chats on one core, {role}: {name}", shown, must, reach, why=why)
            )
    return measurement


async def _find_most_chats(harness: Harness, unit: Unit, measurement: Measurement) -> int:
    """Return the most chats that meet the SLO: doubled until they do not, then by bisection."""
    load, top = harness.plan.slo_load, harness.plan.slo_most_chats
    passed, failed, chats = 0, 0, 4
    await harness.run(unit, replace(load, chats=4), TRIES)
    while not failed or (failed > passed + 1 and failed > SEARCH_RATIO * passed):
        if await _meets_slo(harness, unit, replace(load, chats=chats), measurement):
            passed = chats
            if passed >= top:
                break
            chats = min(top, chats * 2) if not failed else (passed + failed) // 2
        else:
            failed = chats
            chats = (passed + failed) // 2
        if chats == 0:
            break
    return passed


async def _meets_slo(harness: Harness, unit: Unit, load: Load, measurement: Measurement) -> bool:
    for attempt in range(TRIES):
        found = await harness.run(unit, load, attempt)
        row = summarize_rounds([found])
        measurement.figures[f"{unit.name}, {load.chats} chats{', again' * attempt}"] = row
        if not found.failed and row["total_p99"] <= SLO_STRETCH and row["late_p99_ms"] <= 1e3 * SLO_LATE_S:
            return True
    return False


def _tokens_a_second(rounds: list[Round]) -> float:
    return median(each.tokens / each.all_cpu_s for each in rounds if each.all_cpu_s)


def summarize_rounds(rounds: list[Round]) -> dict[str, float]:
    """Return the medians over rounds of all figures."""
    parts = sorted({part for each in rounds for part in each.cpu_s})
    shares = {
        f"cpu_us_per_token_{part}": 1e6 * median(each.cpu_s[part] / max(1, each.tokens) for each in rounds)
        for part in parts
    }
    return {
        "ttft_p50_ms": 1e3 * median(quantile(each.ttft_s, 0.5) for each in rounds),
        "ttft_p99_ms": 1e3 * median(quantile(each.ttft_s, 0.99) for each in rounds),
        "total_p50": median(quantile(each.stretch, 0.5) for each in rounds),
        "total_p99": median(quantile(each.stretch, 0.99) for each in rounds),
        "late_p50_ms": 1e3 * median(quantile(each.late_s, 0.5) for each in rounds),
        "late_p99_ms": 1e3 * median(quantile(each.late_s, 0.99) for each in rounds),
        "cpu_us_per_token": 1e6 * median(each.all_cpu_s / max(1, each.tokens) for each in rounds),
        **shares,
        "tokens_per_s": median(each.tokens / each.wall_s for each in rounds if each.wall_s),
        "frames_per_token": per_token(rounds, "frames"),
        "bytes_per_token": per_token(rounds, "bytes"),
        "failed": float(sum(each.failed for each in rounds)),
        "helped": float(sum(each.helped for each in rounds)),
        "models_a_turn": median(each.slots_total / max(1, len(each.ttft_s)) for each in rounds),
    }
