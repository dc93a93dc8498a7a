"""A sample of the last week's requests, for reach estimates: term ids, language and device of each.

It holds neither frequency keys nor request ids, so that the requests of one person cannot be linked.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from ads.contract import AdRequest
from ads.infra.redis_client import Command, redis_client, redis_key
from ads.selection.serving.intent_limits import has_intent

KEPT_DAYS = 7
SAMPLES_PER_HOUR = 300
KEPT_SECONDS = (KEPT_DAYS * 24 + 1) * 3600
ALL, WITH_TERMS = "all", "naming"
HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SampledRequest:
    """One sampled request; `weight` is the number of requests it represents."""

    terms: frozenset[int]
    language: str
    device: str
    weight: float


@dataclass(frozen=True, slots=True)
class RequestSample:
    """The number of requests in the last days, since when, and a sample of those with terms."""

    count: int
    since: datetime.datetime | None
    sample: tuple[SampledRequest, ...]


def sample_commands(request: AdRequest, *, at: datetime.datetime) -> list[Command]:
    """Return the commands that count the request, and sample it if its prompt may carry an ad."""
    counts = _counts_key(at)
    commands: list[Command] = [("HINCRBY", counts, ALL, 1), ("EXPIRE", counts, KEPT_SECONDS)]
    if request.term_ids and has_intent(request):
        sample = _sample_key(at)
        terms = ",".join(map(str, request.term_ids))
        commands += [
            ("HINCRBY", counts, WITH_TERMS, 1),
            ("RPUSH", sample, f"{request.language}|{request.device}|{terms}"),
            ("LTRIM", sample, -SAMPLES_PER_HOUR, -1),
            ("EXPIRE", sample, KEPT_SECONDS),
        ]
    return commands


def read_request_sample(*, at: datetime.datetime) -> RequestSample:
    """Return the counts and the sample of the last KEPT_DAYS days."""
    hours = [at - HOUR * back for back in range(KEPT_DAYS * 24)]
    with redis_client().pipeline(transaction=False) as pipeline:
        for hour in hours:
            pipeline.hgetall(_counts_key(hour))
            pipeline.lrange(_sample_key(hour), 0, -1)
        replies = pipeline.execute()
    counts = [{name.decode(): int(count) for name, count in each.items()} for each in replies[::2]]
    sample: list[SampledRequest] = []
    for count, lines in zip(counts, replies[1::2], strict=True):
        sample += _read_lines(lines, count.get(WITH_TERMS, 0))
    sampled = [hour for hour, count in zip(hours, counts, strict=True) if count]
    return RequestSample(
        count=sum(count.get(ALL, 0) for count in counts),
        since=min(sampled, default=None),
        sample=tuple(sample),
    )


def _read_lines(lines: list[bytes], count: int) -> Iterable[SampledRequest]:
    for line in lines:
        language, device, terms = line.decode().split("|")
        yield SampledRequest(
            frozenset(map(int, terms.split(","))), language, device, max(1.0, count / len(lines))
        )


def _counts_key(at: datetime.datetime) -> str:
    return redis_key("asked", f"{at.astimezone(datetime.UTC):%Y%m%d%H}", "count")


def _sample_key(at: datetime.datetime) -> str:
    return redis_key("asked", f"{at.astimezone(datetime.UTC):%Y%m%d%H}")
