"""By what factor the expected cost of an answer differs from its real cost, on recorded answers."""

from pathlib import Path
from statistics import median

from aggregator.catalog.catalog import read_catalog
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.routing.answer_forecast import expect_answer_tokens, expect_tokens
from aggregator.pipeline.routing.plan_options import answer_cost_micros, count_prompt_tokens
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.pipeline.types import Question
from aggregator.training.fit_lengths import RecordedLengths, read_lengths
from bench.report import Report
from language.detect import detect_language


def report_costs(report: Report, data: Path, *, is_quick: bool) -> None:
    """Print and record how far expected costs are from real ones on the half that nothing was fitted on."""
    rows = [row for row in read_lengths(data) if row.is_held_out][:: 8 if is_quick else 1]
    factors: dict[str, list[float]] = {}
    for row in rows:
        factors.setdefault(row.source, []).extend(_measure_factors(row))
    for source, found in factors.items():
        within = sum(factor <= 2 for factor in found) / len(found)
        print(
            f"{source}: {len(found)} answers, cost differs {median(found):.2f} times, within 2: {within:.0%}"
        )
        report.note(f"cost_factor_p50.{source}", median(found))
    # Sets count alike, whatever their size.
    report.at_most(
        "expected_over_real_cost_p50", median([median(found) for found in factors.values()] or [0.0]), 2.0
    )
    report.at_most(
        "expected_over_real_cost_p50_worst_set", max(map(median, factors.values()), default=0), 2.5
    )


def _measure_factors(row: RecordedLengths) -> list[float]:
    # Of the dearest model, whose answers make the most of a cost.
    model = max(read_catalog().values(), key=lambda each: each.output_price_micros)
    question = Question(row.prompt, detect_language(row.prompt))
    is_votable = detect_answer_type(row.prompt) is not None
    tokens = expect_tokens(model, expect_answer_tokens(classify_topic(row.prompt), is_votable=is_votable))
    read = count_prompt_tokens(question)
    expected = answer_cost_micros(model, read, tokens)
    real = [answer_cost_micros(model, read, round(written)) for written in row.tokens]
    return [max(expected / cost, cost / expected) for cost in real]
