"""The pace of each model on offer, as the router expects lengths and times: measured where it was."""

from collections import defaultdict

from aggregator.pipeline.routing.answer_forecast import (
    ModelPace,
    expect_topic_tokens,
    measure_length_factor,
)
from aggregator.selectors.model_speeds import ModelSpeed, TopicLength, measure_lengths, measure_speeds


def measure_paces() -> dict[str, ModelPace]:
    """Return the pace of every model with stored answers; both reads are cached for minutes."""
    return combine_paces(measure_speeds(), measure_lengths())


def combine_paces(speeds: dict[str, ModelSpeed], lengths: tuple[TopicLength, ...]) -> dict[str, ModelPace]:
    """Return paces: the speed where enough answers were measured, the length shrunk towards the table."""
    by_model: dict[str, list[TopicLength]] = defaultdict(list)
    for row in lengths:
        by_model[row.model].append(row)
    paces = {}
    for model in by_model.keys() | speeds.keys():
        speed = speeds.get(model)
        paces[model] = ModelPace(
            _measure_length_factor(by_model[model]),
            speed.tokens_per_second if speed else None,
            speed.first_token_ms / 1000 if speed else None,
        )
    return paces


def _measure_length_factor(rows: list[TopicLength]) -> float:
    return measure_length_factor(
        samples=sum(row.samples for row in rows),
        written=sum(row.samples * row.tokens for row in rows),
        expected=sum(
            row.samples * (row.expected or expect_topic_tokens(row.topic, is_votable=row.is_votable))
            for row in rows
        ),
    )
