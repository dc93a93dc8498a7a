"""How long and how fast each model answers, measured on the newest answers; cached for minutes."""

from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache, cached
from django.db.models import Aggregate, Avg, Count, ExpressionWrapper, F, FloatField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Greatest

from aggregator.models import Candidate

CACHE_SECONDS = 300.0
# The newest answers of all models, by primary key, so that the query reads a bounded part of the table.
NEWEST_ANSWERS = 5_000
# A median of fewer answers says little.
MIN_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """The median times of a model's answers, with the wait for a busy model, and how many were measured."""

    answer_ms: int
    first_token_ms: int
    samples: int
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class TopicLength:
    """The mean tokens of a model's answers to prompts of one kind, and how many were measured."""

    model: str
    topic: str
    is_votable: bool
    tokens: float
    samples: int
    # What an average model was expected to write on these prompts, None of turns that do not say so.
    expected: float | None = None


class Median(Aggregate):
    """The median of a column, as PostgreSQL computes it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@cached(TTLCache(1, CACHE_SECONDS), lock=Lock())
def measure_speeds() -> dict[str, ModelSpeed]:
    """Return the speed of each model with enough complete answers among the newest."""
    rate = F("output_tokens") * 1000.0 / Greatest(F("duration_ms") - F("ttft_ms"), 1)
    measured = (
        _list_newest_answers()
        .values_list("model")
        .annotate(
            answer_ms=Median("duration_ms"),
            first_token_ms=Median("ttft_ms"),
            samples=Count("pk"),
            rate=Median(ExpressionWrapper(rate, FloatField())),
        )
    )
    return {
        model: ModelSpeed(round(answer_ms), round(first_token_ms), samples, round(rate, 1))
        for model, answer_ms, first_token_ms, samples, rate in measured
        if samples >= MIN_SAMPLES
    }


@cached(TTLCache(1, CACHE_SECONDS), lock=Lock())
def measure_lengths() -> tuple[TopicLength, ...]:
    """Return how long each model's newest complete answers are, by topic and kind of prompt."""
    measured = (
        _list_newest_answers()
        .annotate(
            topic=KeyTextTransform("topic", "turn__route"),
            votable=KeyTextTransform("is_votable", "turn__route"),
        )
        .values_list("model", "topic", "votable")
        .annotate(
            tokens=Avg("output_tokens"),
            samples=Count("pk"),
            expected=Avg(Cast(KeyTextTransform("answer_tokens", "turn__route"), FloatField())),
        )
    )
    return tuple(
        TopicLength(model, topic or "", votable == "true", float(tokens), samples, expected)
        for model, topic, votable, tokens, samples, expected in measured
    )


def _list_newest_answers() -> QuerySet[Candidate]:
    newest = Candidate.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Candidate.objects.filter(
        pk__gt=newest - NEWEST_ANSWERS,
        status=Candidate.Status.DONE,
        ttft_ms__isnull=False,
        output_tokens__gt=1,
    ).order_by()


def forget_speeds() -> None:
    """Measure again at the next call."""
    measure_speeds.cache_clear()
    measure_lengths.cache_clear()
