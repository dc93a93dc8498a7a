"""The router predicts topics, quality and the price of parity from rated prompts."""

import numpy as np

from aggregator.training.fit_router import PARITY, choose_models, fit_router
from aggregator.training.router_features import HASHED_WORDS, extract_router_features

SUMS = [f"What is {left} plus {right}?" for left in range(12) for right in range(5)]
TALES = [f"Tell a story about a {who} who lost a {what}" for who in ("fox", "king") for what in range(30)]
MODELS = ("counter", "teller", "cheap")


def _rate(prompts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[1.0, 0.2, 0.9] if "plus" in prompt else [0.1, 1.0, 0.3] for prompt in prompts])


def test_features_are_deterministic_and_similar_for_similar_prompts() -> None:
    rows = extract_router_features([SUMS[0], SUMS[1], TALES[0]])

    assert rows.shape[1] > HASHED_WORDS
    assert np.array_equal(rows, extract_router_features([SUMS[0], SUMS[1], TALES[0]]))
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_prompts_are_routed_to_the_best_model_of_their_topic() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    costs = np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    router = fit_router(extract_router_features(prompts), topics, _rate(prompts), costs, MODELS)

    features = extract_router_features(["What is 77 plus 3?", "Tell a story about a crow who lost a hat"])
    quality = router.predict(features)

    assert [MODELS[place] for place in quality.argmax(axis=1)] == ["counter", "teller"]
    assert [router.topics[place] for place in router.predict_topics(features).argmax(axis=1)] == [
        "sums",
        "tales",
    ]


def test_the_parity_price_saves_cost_at_the_quality_of_the_best_single_model() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    scores, costs = _rate(prompts), np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    features = extract_router_features(prompts)
    router = fit_router(features, topics, scores, costs, MODELS)

    chosen = choose_models(router.predict(features), costs, router.parity_price)
    rows = np.arange(len(prompts))

    assert router.parity_price > 0
    assert scores[rows, chosen].mean() >= PARITY * scores.mean(axis=0).max()
    assert costs[rows, chosen].mean() < 3.0
