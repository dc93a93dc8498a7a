"""How much one processor carries: sixty-four chats, tokens a second, chats in the promise, a thousand."""

from dataclasses import replace

from bench.engines.goals import Goal, Verdict, ratio
from bench.engines.house import House, Unit
from bench.engines.loads import Load, Round, median, per_token, quantile

STRETCH, LATE_S = 1.05, 0.1
# A step of the ladder that fails is tried once more: this machine may have had something else to do.
TRIES = 2
FINE = 1.15


async def measure_fan_out(house: House) -> Verdict:
    """Sixty-four chats with four models each: a turn's end against its slowest provider's."""
    found = await house.interleave(("direct", "here", "worker"), house.plan.fanout)
    verdict = Verdict(figures={name: tell(rounds) for name, rounds in found.items()})
    for role in ("here", "worker"):
        stretch = median(quantile(each.stretch, 0.99) for each in found[role])
        failed = sum(each.failed for each in found[role])
        value = stretch if stretch and not failed else None
        faults = [fault for each in found[role] for fault in each.faults]
        why = f"{failed} turns failed: {'; '.join(faults[:3])}" if failed else ""
        verdict.goals.append(
            Goal(f"64 chats on one core, total / slowest provider p99, {role}", value, 1.02, 1.005, why=why)
        )
    return verdict


async def measure_throughput(house: House) -> Verdict:
    """Tokens delivered to browsers for a second of processor time, stores included."""
    plan = house.plan
    found = await house.interleave(("here", "worker", "litellm", "proxy", "owui"), plan.busy)
    heavy = await house.interleave(("here", "worker"), plan.fanout)
    verdict = Verdict(figures={name: tell(rounds) for name, rounds in found.items()})
    verdict.figures |= {f"{name}, 64 chats": tell(rounds) for name, rounds in heavy.items()}
    rates = {name: _tokens_a_second(rounds) for name, rounds in found.items()}
    for role in ("here", "worker"):
        ours = _tokens_a_second(heavy[role])
        for peer, label, must, reach in (
            ("owui", "Open WebUI", 4.0, 10.0),
            ("proxy", "LiteLLM proxy", 6.0, 15.0),
        ):
            name = f"tokens/s/core to browsers, {role} / {label}"
            verdict.goals.append(ratio(name, ours, rates.get(peer), must, reach, is_floor=True))
    weight, theirs = (per_token(found.get(name, []), "bytes") for name in ("here", "owui"))
    verdict.goals.append(ratio("bytes per token, ours / Open WebUI", weight, theirs, 0.25, 0.1))
    return verdict


async def measure_ladder(house: House) -> Verdict:
    """Chats on one core while p99 of a turn is within 1.05 of its slowest provider, of a token 0.1 s."""
    tops: dict[str, int] = {}
    verdict = Verdict()
    for name in ("litellm", "here", "worker"):
        unit = await house.unit(name)
        if unit:
            tops[name] = await _climb(unit, house.plan.ladder, house.plan.ladder_top, verdict)
    verdict.figures["chats within the promise"] = tops
    for role in ("here", "worker"):
        name = f"chats per core within SLO, {role} / acompletion"
        verdict.goals.append(ratio(name, tops[role], max(tops["litellm"], 1), 6.0, 15.0, is_floor=True))
    return verdict


async def measure_thousand(house: House) -> Verdict:
    """A thousand chats of one model each at twenty tokens a second, on one core."""
    verdict = Verdict()
    for role in ("here", "worker"):
        unit = await house.site(role)
        await unit.run(replace(house.plan.thousand, chats=50, tokens=house.plan.thousand.tokens))
        await house.calm_down()
        found = await unit.run(house.plan.thousand)
        verdict.figures[role] = tell([found])
        enough = house.plan.thousand.chats == 1_000
        why = "" if enough else f"only {house.plan.thousand.chats} chats in a quick run"
        for name, value, must, reach in (
            ("turns that failed", float(found.failed), 0.0, 0.0),
            ("TTFT p99, s", quantile(found.ttft_s, 0.99), 1.0, 0.4),
            ("total / slowest provider p99", quantile(found.stretch, 0.99), 1.15, 1.05),
        ):
            shown = value if enough else None
            verdict.goals.append(
                Goal(f"1,000 chats on one core, {role}: {name}", shown, must, reach, why=why)
            )
    return verdict


async def _climb(unit: Unit, load: Load, top: int, verdict: Verdict) -> int:
    """Double until it fails, then halve the gap; returns the most chats that were within the promise."""
    passed, failed, chats = 0, 0, 4
    await unit.run(replace(load, chats=4))
    while not failed or (failed > passed + 1 and failed > FINE * passed):
        if await _holds(unit, replace(load, chats=chats), verdict):
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


async def _holds(unit: Unit, load: Load, verdict: Verdict) -> bool:
    for attempt in range(TRIES):
        found = await unit.run(load)
        row = tell([found])
        verdict.figures[f"{unit.name}, {load.chats} chats{', again' * attempt}"] = row
        if not found.failed and row["total_p99"] <= STRETCH and row["late_p99_ms"] <= 1e3 * LATE_S:
            return True
    return False


def _tokens_a_second(rounds: list[Round]) -> float:
    return median(each.tokens / each.all_cpu_s for each in rounds if each.all_cpu_s)


def tell(rounds: list[Round]) -> dict[str, float]:
    """Return the figures of some rounds, each the median over them."""
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
    }
