"""How many tokens a model is expected to write on a prompt, and how long that takes.

A ridge regression on the features of the prompt, fitted on recorded answers (training/fit_lengths.py), gives
the length; a small table by topic does where there are no features. A model's measured pace, from its stored
answers, corrects it once there are enough of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing_weights import Vectors
from aggregator.resilience.reading_speed import find_reading_speed

LENGTHS_FILE = Path(__file__).with_name("length_forecast.npz")
_LEAST_TOKENS, _MOST_TOKENS = 8.0, 2_500.0
# Forecasts have this many steps to the double, so that plans for like prompts are made once.
_STEPS = 4

# Mean tokens of an answer (`estimate_tokens`) by topic, from 645 prompts with the answers of 16 models each
# (AlpacaEval) or about 30 (Ko-Arena-Hard); between the two means where both have ten prompts or more.
# `topic` is what `classify_topic` says. Prompts of Ko-Arena-Hard are harder than what people usually ask.
TOPIC_TOKENS: Mapping[str, int] = {
    "math": 350,
    "code": 600,
    "science": 400,
    "facts": 300,
    "reasoning": 350,
    "writing": 300,
    "translation": 350,
    "health": 400,
    "law": 315,
    "money": 450,
    "work": 400,
    "life": 350,
    "talk": 100,
    "other": 350,
}
# A prompt with one short answer gets about half: GSM8K 138 tokens (43 models), CRUX 167 (51 models).
VOTABLE_SHARE = 0.5
# Where nobody has measured a model: the usual pace of hosted models.
USUAL_TOKENS_PER_SECOND, USUAL_FIRST_TOKEN_SECONDS = 50.0, 1.0
# Measured answers weigh against this many of the table's length.
PRIOR_ANSWERS = 10
_LEAST_FACTOR, _MOST_FACTOR = 0.05, 8.0


@dataclass(frozen=True, slots=True)
class ModelPace:
    """A model's measured answers: their length against the table, tokens a second, time to first token."""

    length_factor: float = 1.0
    tokens_per_second: float | None = None
    first_token_seconds: float | None = None

    @property
    def is_measured(self) -> bool:
        """Whether its speed was measured on enough answers."""
        return self.tokens_per_second is not None


UNMEASURED = ModelPace()
Paces = Mapping[str, ModelPace]


def expect_topic_tokens(topic: str, *, is_votable: bool) -> int:
    """Return the tokens of an average model's answer on a topic."""
    tokens = TOPIC_TOKENS.get(topic, TOPIC_TOKENS["other"])
    return round(tokens * VOTABLE_SHARE) if is_votable else tokens


def measure_length_factor(*, samples: int, written: float, expected: float) -> float:
    """Return how long a model's answers are against the table, shrunk towards it.

    `written` are the tokens of `samples` answers together, `expected` those of an average model's.
    """
    if not samples:
        return 1.0
    prior = PRIOR_ANSWERS * expected / samples
    return round(min(_MOST_FACTOR, max(_LEAST_FACTOR, (written + prior) / (expected + prior))), 2)


@cache
def load_length_weights() -> tuple[Vectors, float]:
    """Return the weights of a prompt's features, shape (features,), and the level."""
    with np.load(LENGTHS_FILE, allow_pickle=False) as file:
        return file["weights"].astype(np.float32), float(file["level"])


def expect_answer_tokens(topic: TopicPrediction, *, is_votable: bool) -> int:
    """Return the tokens of an average model's answer to a prompt, from its features or else its topic."""
    if topic.static_features is None:
        return expect_topic_tokens(topic.topic, is_votable=is_votable)
    weights, level = load_length_weights()
    forecast = math.exp(float(topic.static_features @ weights) + level)
    clipped = min(_MOST_TOKENS, max(_LEAST_TOKENS, forecast))
    return round(2 ** (round(math.log2(clipped) * _STEPS) / _STEPS))


def expect_tokens(model: LanguageModel, topic_tokens: int, pace: ModelPace = UNMEASURED) -> int:
    """Return the tokens that a model is expected to write where an average one writes `topic_tokens`."""
    return max(1, min(model.output_limit, round(topic_tokens * pace.length_factor)))


def expect_seconds(
    model: LanguageModel, input_tokens: int, output_tokens: int, pace: ModelPace = UNMEASURED
) -> float:
    """Return the seconds from asking a model to the end of its answer."""
    rate = pace.tokens_per_second or model.tokens_per_second or USUAL_TOKENS_PER_SECOND
    first = pace.first_token_seconds
    if reading := find_reading_speed(model):
        first = max(first or 0.0, input_tokens / reading)
    elif first is None:
        first = USUAL_FIRST_TOKEN_SECONDS
    return round(first + output_tokens / rate, 1)
