"""The router head chooses by a prompt's features only where it knows prompts like it."""

import numpy as np

from aggregator.pipeline.routing_weights import RouterHead

HEAD = RouterHead(
    models=("sound", "special"),
    topic_weights=np.eye(3, 2, dtype=np.float32),
    topic_level=np.zeros(2, np.float32),
    by_topic=np.zeros((2, 2), np.float32),
    by_feature=np.tile(np.array([[-0.2, 0.2]], np.float32), (3, 1)),
    level=np.array([0.6, 0.5], np.float32),
)


def test_a_prompt_of_a_known_task_goes_to_the_model_that_its_features_speak_for() -> None:
    qualities = HEAD.predict(np.array([[1.0, 0.0, 0.0]], np.float32))

    assert HEAD.models[int(qualities.argmax())] == "special"


def test_a_prompt_unlike_any_task_goes_to_the_model_that_is_best_on_average() -> None:
    qualities = HEAD.predict(np.array([[0.0, 0.0, 1.0]], np.float32))

    assert np.allclose(qualities, HEAD.level)
