"""Words the estimate, the progress and the result of a run for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.calibration.estimate import RunEstimate
from aggregator.calibration.fit import CALIBRATED, IN_USE, MIN_HELD_OUT, MIN_TRAIN, SHIPPED
from aggregator.calibration.fusion.verdict import NOT_WORSE, UNCLEAR, WORSE
from aggregator.models import CalibrationRun
from aggregator.selectors.calibration_runs import RunProgress

WON = 1_000_000
_NAMES = {SHIPPED: "cold start", IN_USE: "in use", CALIBRATED: "calibrated"}
_PROBLEMS = {
    "too_few": f"too few answered questions: {MIN_TRAIN} to fit and {MIN_HELD_OUT} held out are needed",
    "too_few_models": "fewer than two models answered",
}
_FUSION_PROBLEMS = {
    "no_candidates": "there are no answers to fuse: fewer than two models answered",
    "no_judge": "no model on offer can judge, so none is measured",
}
_VERDICTS = {
    NOT_WORSE: "not worse than the best candidate, so it may fuse",
    WORSE: "worse than the best candidate, so it may not fuse",
    UNCLEAR: "not enough pairs to tell",
}
_ROUTERS = {
    "fitted": "router: fitted",
    "no_gain": "router: none, as it chose no better than the best single model",
    "too_few": "router: none, as it needs 300 questions to fit",
}


def format_estimate(estimate: RunEstimate, run: CalibrationRun, questions: int) -> str:
    """Return what a run is expected to cost."""
    lines = [f"calibration {run.pk}: {questions} questions, {estimate.calls} calls"]
    for row in estimate.models:
        won = row.cost_micros / WON
        lines.append(f"  {row.model}: {row.calls} calls, about {won:,.2f} won, {row.seconds / 60:,.1f} min")
    budget = "no budget cap" if run.budget_micros is None else f"at most {run.budget_micros / WON:,.2f} won"
    lines.append(f"about {estimate.cost_micros / WON:,.2f} won ({budget}), about {estimate.minutes} minutes")
    return "\n".join(lines)


def format_progress(progress: RunProgress, run_cost_micros: int) -> str:
    """Return how far a run has come, in one line."""
    failed = sum(row.failed for row in progress.models)
    failures = f", {failed} failed" if failed else ""
    return f"{progress.ended} of {progress.planned} answers{failures}, {run_cost_micros / WON:,.2f} won"


def format_result(run: CalibrationRun) -> str:
    """Return the result of a run that ended."""
    if run.status == CalibrationRun.Status.FAILED:
        return f"calibration {run.pk} failed ({run.error})"
    report: Mapping[str, Any] = run.report
    lines = [f"calibration {run.pk}: {run.cost_micros / WON:,.4f} won"]
    if run.is_over_budget:
        lines.append("the budget was reached before every question was asked")
    if run.kind == CalibrationRun.Kind.FUSION:
        return "\n".join([*lines, *_format_fusion(report)])
    if left_out := report.get("left_out"):
        lines.append(f"left out, as they hardly answered: {', '.join(left_out)}")
    if problem := report.get("problem"):
        return "\n".join([*lines, f"no weights were fitted: {_PROBLEMS[problem]}"])
    lines += [*_format_table(report), _ROUTERS[report["router"]], _format_use(run, report)]
    return "\n".join(lines)


def _format_fusion(report: Mapping[str, Any]) -> list[str]:
    judges = [_format_judge(row) for row in report.get("judges", ())]
    if problem := report.get("problem"):
        return [*judges, f"nothing was decided: {_FUSION_PROBLEMS[problem]}"]
    return [*judges, *(_format_verdict(row) for row in report["fusion"])]


def _format_judge(row: Mapping[str, Any]) -> str:
    ability = "can judge" if row["can_judge"] else "cannot judge"
    return (
        f"{row['slug']} {ability}: the better of {row['passed']} of {row['pairs']} labelled pairs in both"
        f" orders; {row['swayed']} by the order alone, {row['unreadable']} unreadable"
    )


def _format_verdict(row: Mapping[str, Any]) -> str:
    judge = "itself" if row["judge"] == row["slug"] else row["judge"]
    return (
        f"{row['slug']}: {_VERDICTS[row['verdict']]}; better in {row['share']:.0%}"
        f" ({row['low']:.0%} to {row['high']:.0%}) of {row['pairs']} pairs, judged by {judge}"
        f" ({row.get('swayed', 0)} by the order alone, {row.get('unreadable', 0)} unreadable)"
    )


def _format_table(report: Mapping[str, Any]) -> list[str]:
    models: Sequence[Mapping[str, Any]] = report["models"]
    lines = [
        f"fitted on {report['train']} questions; on {report['held_out']} held-out ones:",
        f"  {'':28s} {'right':>7s} {'router':>7s} {'calibration error':>18s}",
    ]
    lines.extend(f"  {row['slug'][:28]:28s} {row['held_out']:7.1%}" for row in models)
    for name, row in report["rows"].items():
        error = "–" if row["error"] is None else f"{row['error']:.3f} of {row['shown']}"
        lines.append(f"  {_NAMES[name]:28s} {row['vote']:7.1%} {row['routed']:7.1%} {error:>18s}")
    lines.append(f"  {'best possible choice':28s} {report['oracle']:7.1%}")
    gain, spread = report["gain"] * 100, report["gain_error"] * 100
    lines.append(f"calibrated against cold start: {gain:+.1f} ± {spread:.1f} points")
    return lines


def _format_use(run: CalibrationRun, report: Mapping[str, Any]) -> str:
    version = run.version.version if run.version else "–"
    if report["is_used"]:
        return f"version {version} is in use"
    if report["is_worse"]:
        return f"version {version} is stored and not used: it is worse on held-out questions"
    return f"version {version} is stored; --activate, or the admin, uses it"
