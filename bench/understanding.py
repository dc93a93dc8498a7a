"""What it costs to understand a prompt, of the sentence model's own time on the same text, in one run.

The prompts are distinct everyday ones of 40, 280 and 2,000 characters, recorded and composed. Measured is
what every turn calls, `read_prompt` for the gate, the topics and the vector; and with the router's topic
besides, which a turn without a chosen panel needs, as it is found without a fitted router.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from aggregator.pipeline.routing.prompt_topics import classify_topic
from bench.report import Goal, Report, bench_parser
from bench.turns.prompts.composed import compose_request
from bench.turns.prompts.recorded import read_recorded
from language.embed import embed, embed_anew, warm
from language.reading import forget_readings, read_prompt
from language.sensitivity import judge_by_model
from language.topics import choose_topics, measure_leads

SEED = 20261201
COUNTS = {40: 240, 280: 80, 2_000: 24}
QUICK_STEP = 4
# A recorded prompt counts as one of a length if it is at most this much shorter or longer.
TOLERANCE = 0.25
COST_MUST, COST_REACH = 0.15, 0.05
LONG_MUST = 3.0
SAME_MUST = 0.9


@dataclass(frozen=True, slots=True)
class Measured:
    """Processor milliseconds a prompt of one length, and what both readers decided."""

    own_ms: float
    router_ms: float
    model_ms: float
    model_share: float
    same_verdicts: float
    same_topics: float


def list_prompts(recorded: dict[str, list[str]], chars: int, count: int) -> list[str]:
    """Return distinct prompts of about this length, half of them Korean, recorded ones first."""
    rng = Random(SEED + chars)
    prompts: dict[str, None] = {}
    for language in ("ko", "en"):
        known = [text for text in recorded.get(language, ()) if abs(len(text) - chars) <= TOLERANCE * chars]
        rng.shuffle(known)
        own = [text for text, _ in zip(known, range(count // 4), strict=False)]
        while len(own) < count // 2:
            text = _compose(rng, language, chars)
            if text not in own:
                own.append(text)
        prompts |= dict.fromkeys(own)
    return list(prompts)


def _compose(rng: Random, language: str, chars: int) -> str:
    parts: list[str] = []
    while len(" ".join(parts)) < chars * (1 - TOLERANCE):
        parts.append(compose_request(rng, language, min(chars, 200)))
    return " ".join(parts)[: int(chars * (1 + TOLERANCE))]


def understand(prompt: str) -> None:
    """Do what every live turn does with a prompt, once."""
    reading = read_prompt(prompt)
    _ = reading.sensitivity, reading.topics, reading.vector


def measure(prompts: Sequence[str]) -> Measured:
    """Measure understanding and the sentence model on the same prompts in turn, on one thread."""
    forget_readings()
    classify_topic.cache_clear()
    own, router, model, reads = 0.0, 0.0, 0.0, 0
    for prompt in prompts:
        own += _time(partial(understand, prompt))
        reads += read_prompt(prompt).sensitivity.used_model
        router += _time(partial(classify_topic, prompt))
        model += _time(partial(embed_anew, prompt))
    judged = [
        (read_prompt(prompt), judge_by_model(prompt), find_topics_by_model(prompt)) for prompt in prompts
    ]
    return Measured(
        own_ms=1e3 * own / len(prompts),
        router_ms=1e3 * router / len(prompts),
        model_ms=1e3 * model / len(prompts),
        model_share=reads / len(prompts),
        same_verdicts=float(np.mean([own.sensitivity.verdict == other.verdict for own, other, _ in judged])),
        same_topics=float(np.mean([set(own.topics) == set(topics) for own, _, topics in judged])),
    )


def find_topics_by_model(prompt: str) -> tuple[str, ...]:
    """Return the topics by the sentence model's vector, as `find_topics` does by the static one."""
    return choose_topics(prompt, measure_leads(embed([read_prompt(prompt).excerpt])[0]))


def _time(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main() -> None:
    """Measure prompts of every length and print the figures."""
    options = bench_parser(__doc__, quick="every fourth prompt").parse_args()
    recorded = read_recorded(options.data)
    report = Report("understanding")
    warm()
    understand("주말에 갈 만한 곳 추천해줘")
    classify_topic("주말에 갈 만한 곳 추천해줘")
    costs: dict[int, Measured] = {}
    for chars, count in COUNTS.items():
        prompts = list_prompts(recorded, chars, count)[:: QUICK_STEP if options.quick else 1]
        costs[chars] = found = measure(prompts)
        print(f"{chars:>6} characters, {len(prompts)} prompts: {found}")
        for name in ("own_ms", "router_ms", "model_ms", "model_share"):
            report.note(f"{name}.{chars}", getattr(found, name))
        ratio = found.own_ms / found.model_ms
        report.add(Goal(f"cost_of_model.{chars}", ratio, COST_MUST, COST_REACH))
        with_router = (found.own_ms + found.router_ms) / found.model_ms
        report.note(f"cost_with_router_of_model.{chars}", with_router)
        report.at_least(f"same_verdicts.{chars}", found.same_verdicts, SAME_MUST)
        report.at_least(f"same_topics.{chars}", found.same_topics, SAME_MUST)
    report.at_most("long_of_model_on_short", costs[2_000].own_ms / costs[40].model_ms, LONG_MUST)
    report.close()


if __name__ == "__main__":
    main()
