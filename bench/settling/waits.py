"""How long simulated turns wait for their answer, and what waiting less costs."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

from aggregator.pipeline.panel.settling import read_settling_weights
from bench.report import Report
from bench.settling.fit import lose, split_items
from bench.settling.turns import SettledTurn, measure_standings, read_items, settle, simulate_turns

# Few turns in a thousand lose anything, so the loss is measured on many.
TURNS, QUICK_TURNS = {"right_or_wrong": 2_000, "open": 300}, 60


def report_waits(report: Report, data: Path, *, is_quick: bool) -> None:
    """Print and record how turns of the held-out half are settled by the weights that ship."""
    fitted, held_out = split_items(read_items(data))
    if not fitted or not held_out:
        return
    standings, weights = measure_standings(fitted), read_settling_weights()
    print(f"{len(fitted)} questions fitted on, {len(held_out)} judged on, split by the checksum of their ids")
    turns: dict[str, list[SettledTurn]] = {}
    for name, is_short in (("right_or_wrong", True), ("open", False)):
        count = QUICK_TURNS if is_quick else TURNS[name]
        simulated = simulate_turns(held_out, standings, count, is_short=is_short, seed=15)
        turns[name] = [settle(turn, weights) for turn in simulated]
    for name, settled in turns.items():
        _note(report, name, settled)
    half = min(map(len, turns.values()))
    ratio = _measure_ratio([turn for settled in turns.values() for turn in settled[:half]])
    report.at_most("settled_time_over_winners_time_p50", ratio, 1.15)
    ratios = {name: _measure_ratio(settled) for name, settled in turns.items()}
    report.at_most("settled_time_over_winners_time_p50.right_or_wrong", ratios["right_or_wrong"], 1.15)
    report.at_most("settled_time_over_winners_time_p50.open", ratios["open"], 1.15)
    report.at_most("accuracy_lost_pt", 100 * lose(turns["right_or_wrong"]), 0.3)
    report.at_most("preference_lost_pt", 100 * lose(turns["open"]), 0.3)


def _measure_ratio(settled: Sequence[SettledTurn]) -> float:
    return median(turn.seconds / turn.winner_seconds for turn in settled)


def _note(report: Report, name: str, settled: list[SettledTurn]) -> None:
    ratio = _measure_ratio(settled)
    saved = 1 - sum(turn.seconds for turn in settled) / sum(turn.all_seconds for turn in settled)
    mean = fmean(turn.worth for turn in settled)
    print(
        f"{name}: {len(settled)} turns, worth {mean:.4f}, {100 * lose(settled):+.2f} pt lost,"
        f" time / winner's {ratio:.3f}, {saved:.0%} of the wait for all saved"
    )
    report.note(f"{name}.saved_share", saved)
