"""The topics on which people prefer a model's answers to those of the other models on offer."""

from collections.abc import Sequence

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.prompt_topics import OTHER
from aggregator.ratings import ratings
from aggregator.selectors import vote_counts

# Below this many votes for a model on a topic nothing is said about it.
MIN_VOTES = 10


def find_strengths(offer: Sequence[LanguageModel], language: str) -> dict[str, tuple[str, ...]]:
    """Return the topics on which each model is better than the average one, the most voted topic first.

    A model is better when the lower bound of its skill's 95 % interval is above the mean skill on the topic.
    """
    scoped_ratings = ratings.find_ratings(ratings.read_all_ratings(), language)
    scope = ratings.KOREAN if language == ratings.KOREAN else ""
    strengths: dict[str, tuple[str, ...]] = {}
    for topic in vote_counts.list_voted_topics():
        if topic == OTHER:
            continue
        votes = vote_counts.count_votes(scope, topic)
        skills = {model.slug: scoped_ratings.estimate_skill(model.slug, topic) for model in offer}
        middle = sum(mean for mean, _ in skills.values()) / max(1, len(skills))
        for slug, (mean, half_interval) in skills.items():
            if votes[slug] >= MIN_VOTES and mean - half_interval > middle:
                strengths[slug] = (*strengths.get(slug, ()), topic)
    return strengths
