"""Counts the learned vote, whose weights training/fit_vote.py fits.

Not yet served: it will be served by the live-ensemble work.
"""

from collections.abc import Mapping

from aggregator.pipeline.ranking.tally import VoteWeights, WeightedVote, tally_votes


def find_leading_answer(probabilities: Mapping[str, float]) -> tuple[str, float]:
    """Return the most probable answer and its probability; ("", 0) of no answers."""
    if not probabilities:
        return "", 0.0
    answer = min(probabilities, key=lambda name: (-probabilities[name], name))
    return answer, probabilities[answer]


def count_vote(weights: VoteWeights, given: Mapping[str, str], topic: str) -> tuple[str, float]:
    """Return the leading answer of the models' answers, and its probability."""
    weighted_votes = [
        WeightedVote(model, answer, weights.weigh(model, topic, answer))
        for model, answer in given.items()
        if answer
    ]
    return (
        find_leading_answer(tally_votes(weighted_votes, weights.none_scores, weights.scale, weights.bend)[0])
        if weighted_votes
        else ("", 0.0)
    )
