"""The quality expected of each model on one prompt: what was measured, else its public quality."""

from collections.abc import Iterable
from dataclasses import replace

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing_weights import RoutingWeights

_LEAST, _MOST = 0.02, 0.98


def expect_quality(
    offer: Iterable[LanguageModel], weights: RoutingWeights, topic: TopicPrediction
) -> list[LanguageModel]:
    """Return the models, best first, with the quality expected on this prompt as their standing.

    The router head predicts it from the prompt's features, for the models that it was fitted on; others have
    their measured skill on the topic, and models without one keep their standing.
    """
    predicted: dict[str, float] = {}
    if weights.router and topic.features is not None:
        qualities = weights.router.predict(topic.features[None])[0]
        predicted = {
            model: float(quality) for model, quality in zip(weights.router.models, qualities, strict=True)
        }
    expected = []
    for model in offer:
        quality = predicted.get(model.slug, weights.find_skill(model.slug, topic.topic))
        if quality is not None:
            model = replace(model, standing=round(min(_MOST, max(_LEAST, quality)), 3))
        expected.append(model)
    return sorted(expected, key=lambda model: (-model.standing, model.slug))
