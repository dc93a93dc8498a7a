"""How long each model's answers take, measured on the newest ones; cached, because every page shows it."""

from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache, cached
from django.db.models import Aggregate, Count, FloatField

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


class Median(Aggregate):
    """The median of a column, as PostgreSQL computes it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@cached(TTLCache(1, CACHE_SECONDS), lock=Lock())
def measure_speeds() -> dict[str, ModelSpeed]:
    """Return the speed of each model with enough complete answers among the newest."""
    newest = Candidate.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    answers = Candidate.objects.filter(
        pk__gt=newest - NEWEST_ANSWERS,
        status=Candidate.Status.DONE,
        ttft_ms__isnull=False,
        output_tokens__gt=1,
    ).order_by()
    measured = answers.values_list("model").annotate(
        answer_ms=Median("duration_ms"), first_token_ms=Median("ttft_ms"), samples=Count("pk")
    )
    return {
        model: ModelSpeed(round(answer_ms), round(first_token_ms), samples)
        for model, answer_ms, first_token_ms, samples in measured
        if samples >= MIN_SAMPLES
    }


def forget_speeds() -> None:
    """Measure again at the next call."""
    measure_speeds.cache_clear()
