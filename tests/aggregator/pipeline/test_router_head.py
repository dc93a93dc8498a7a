"""The router learns topics, neighbours and the price of parity from judged prompts, and only from those."""

import numpy as np

from aggregator.pipeline.router_head import PARITY, choose_models, fit_router_head
from aggregator.pipeline.router_sketch import WORDS, sketch_for_routing

SUMS = [f"What is {left} plus {right}?" for left in range(12) for right in range(5)]
TALES = [f"Tell a story about a {who} who lost a {what}" for who in ("fox", "king") for what in range(30)]
MODELS = ("counter", "teller", "cheap")


def _judge(prompts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[1.0, 0.2, 0.9] if "plus" in prompt else [0.1, 1.0, 0.3] for prompt in prompts])


def test_a_prompt_is_sketched_alike_every_time_and_near_to_what_it_resembles() -> None:
    rows = sketch_for_routing([SUMS[0], SUMS[1], TALES[0]])

    assert rows.shape[1] > WORDS
    assert np.array_equal(rows, sketch_for_routing([SUMS[0], SUMS[1], TALES[0]]))
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_prompts_go_to_the_model_that_is_good_at_their_kind() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    costs = np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    head = fit_router_head(sketch_for_routing(prompts), topics, _judge(prompts), costs, MODELS)

    asked = sketch_for_routing(["What is 77 plus 3?", "Tell a story about a crow who lost a hat"])
    quality = head.predict(asked)

    assert [MODELS[place] for place in quality.argmax(axis=1)] == ["counter", "teller"]
    assert [head.topics[place] for place in head.tell_topics(asked).argmax(axis=1)] == ["sums", "tales"]


def test_the_parity_price_saves_money_without_falling_behind_the_best_single_model() -> None:
    prompts = SUMS + TALES
    topics = ["sums"] * len(SUMS) + ["tales"] * len(TALES)
    scores, costs = _judge(prompts), np.tile([3.0, 3.0, 1.0], (len(prompts), 1))
    sketches = sketch_for_routing(prompts)
    head = fit_router_head(sketches, topics, scores, costs, MODELS)

    chosen = choose_models(head.predict(sketches), costs, head.parity_price)
    rows = np.arange(len(prompts))

    assert head.parity_price > 0
    assert scores[rows, chosen].mean() >= PARITY * scores.mean(axis=0).max()
    assert costs[rows, chosen].mean() < 3.0
