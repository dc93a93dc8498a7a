"""The router learns topics, neighbours and the price of parity from judged prompts, and only from those."""

import numpy as np

from aggregator.training.fit_router import PARITY, choose_models, fit_router
from aggregator.training.router_features import HASHED_WORDS, extract_router_features

SUMS = [f"What is {left} plus {right}?" for left in range(12) for right in range(5)]
TALES = [f"Tell a story about a {who} who lost a {what}" for who in ("fox", "king") for what in range(30)]
MODELS = ("counter", "teller", "cheap")


def _judge(prompts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[1.0, 0.2, 0.9] if "plus" in prompt else [0.1, 1.0, 0.3] for prompt in prompts])


def test_a_prompt_is_sketched_alike_every_time_and_near_to_what_it_resembles() -> None:
    rows = extract_router_features([SUMS[0], SUMS[1], TALES[0]])

    assert rows.shape[1] > HASHED_WORDS
    assert np.array_equal(rows, extract_router_features([SUMS[0], SUMS[1], TALES[0]]))
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_prompts_go_to_the_model_that_is_good_at_their_kind() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    costs = np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    head = fit_router(extract_router_features(prompts), topics, _judge(prompts), costs, MODELS)

    asked = extract_router_features(["What is 77 plus 3?", "Tell a story about a crow who lost a hat"])
    quality = head.predict(asked)

    assert [MODELS[place] for place in quality.argmax(axis=1)] == ["counter", "teller"]
    assert [head.topics[place] for place in head.predict_topics(asked).argmax(axis=1)] == ["sums", "tales"]


def test_the_parity_price_saves_money_without_falling_behind_the_best_single_model() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    scores, costs = _judge(prompts), np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    features = extract_router_features(prompts)
    head = fit_router(features, topics, scores, costs, MODELS)

    chosen = choose_models(head.predict(features), costs, head.parity_price)
    rows = np.arange(len(prompts))

    assert head.parity_price > 0
    assert scores[rows, chosen].mean() >= PARITY * scores.mean(axis=0).max()
    assert costs[rows, chosen].mean() < 3.0
