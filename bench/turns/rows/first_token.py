"""Time to first token beyond the provider's own, and frames and bytes per token of a short answer."""

from dataclasses import replace

from bench.report import Goal
from bench.turns.harness import ROLES, Harness, Rounds
from bench.turns.loads import Round, median, per_token, quantile
from bench.turns.measurement import Measurement, ratio_goal


async def measure_first_token(harness: Harness) -> Measurement:
    """Added TTFT when idle and in a burst: ours and Open WebUI with four models, LiteLLM proxy with one."""
    plan, measurement = harness.plan, Measurement()
    one = await harness.interleave(("direct", "proxy"), plan.idle_one)
    idle = await harness.interleave(("direct", *ROLES, "owui"), plan.idle)
    burst = await harness.interleave(("direct", *ROLES, "owui"), plan.burst)
    chosen = await harness.interleave(ROLES, replace(plan.idle, is_automatic=True))
    labelled = (
        ("idle, one model", one), ("idle", idle), ("burst of 8", burst), ("idle, automatic panel", chosen)
    )  # fmt: skip
    for label, rounds in labelled:
        measurement.figures[label] = {name: _summarize(each) for name, each in rounds.items()}
    for role in ROLES:
        measurement.figures[f"idle {role}, sent after ms"] = _summarize_steps(idle[role])
    proxy, owui_idle, owui_burst = (
        _added_ttft_s(one, "proxy"),
        _added_ttft_s(idle, "owui"),
        _added_ttft_s(burst, "owui"),
    )
    for role in ROLES:
        ours, ours_burst = _added_ttft_s(idle, role) or 0.0, _added_ttft_s(burst, role) or 0.0
        measurement.goals += [
            ratio_goal(f"added TTFT p50 N=4 idle, {role} / LiteLLM proxy N=1", ours, proxy, 0.5, 0.25),
            ratio_goal(f"added TTFT p50 N=4 idle, {role} / Open WebUI", ours, owui_idle, 0.15, 0.05),
            ratio_goal(
                f"added TTFT p50 N=4 burst of 8, {role} / Open WebUI", ours_burst, owui_burst, 0.15, 0.05
            ),
        ]
    for role in ROLES:
        frames = per_token(idle[role], "frames")
        measurement.goals.append(Goal(f"frames per token, N=4 at 50 tokens/s, {role}", frames, 0.4, 0.25))
    measurement.figures["bytes per token"] = {name: per_token(each, "bytes") for name, each in idle.items()}
    return measurement


def _summarize(rounds: list[Round]) -> dict[str, float]:
    return {
        "ttft_p50_ms": 1e3 * median(quantile(each.ttft_s, 0.5) for each in rounds),
        "ttft_p99_ms": 1e3 * median(quantile(each.ttft_s, 0.99) for each in rounds),
        "spread_ms": 1e3 * _spread([quantile(each.ttft_s, 0.5) for each in rounds]),
        "cpu_ms_per_turn": 1e3 * median(each.all_cpu_s / max(1, len(each.ttft_s)) for each in rounds),
        "failed": sum(each.failed for each in rounds),
    }


def _summarize_steps(rounds: list[Round]) -> dict[str, float]:
    names = dict.fromkeys(name for each in rounds for name in each.steps_s)
    milliseconds = {
        name: 1e3 * median(median(each.steps_s.get(name, [])) for each in rounds) for name in names
    }
    return dict(sorted(milliseconds.items(), key=lambda item: item[1]))


def _spread(values: list[float]) -> float:
    return max(values) - min(values) if values else 0.0


def _added_ttft_s(rounds: Rounds, name: str) -> float | None:
    if name not in rounds:
        return None
    floor, own = (median(quantile(each.ttft_s, 0.5) for each in rounds[unit]) for unit in ("direct", name))
    return own - floor
