"""Learns from live turns without labels how often models are right: by how they agree.

What people prefer moves the models' ratings (`aggregator/ratings/`); a stronger model that was asked because
a vote was unsure is one more answer of its turn here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aggregator.calibration.question_file import is_held_out
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.ranking.vote import can_vote, count_choices, read_answers, weigh_answers
from aggregator.pipeline.ranking.weights import ModelWeights, get_active_weights
from aggregator.pipeline.types import Draft, Question
from aggregator.selectors.answered_turns import AnsweredTurn, list_answered_turns
from aggregator.services.listings import list_offered_models
from aggregator.storage.model_weights import (
    activate_version,
    find_base_weights,
    refresh_weights,
    save_version,
)
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer
from aggregator.training.fit_weights import fit_weights

NEWEST_TURNS, MIN_TURNS, MIN_HELD_OUT = 3_000, 200, 50
# Accuracies that changed less say the same as before, and make no version.
MIN_CHANGE = 0.01
_UNKNOWN_QUALITY = 0.5
_LEAST, _MOST = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned from how many turns: the gain in log-likelihood an answer, and whether it is used."""

    turns: int
    outcome: str
    gain: float = 0.0
    version: str = ""


def learn_from_turns() -> Lesson:
    """Fit skills on the newest turns, and use them where they foretell held-out answers no worse."""
    refresh_weights()
    turns = [turn for turn in list_answered_turns(NEWEST_TURNS) if _is_votable(turn)]
    train = [turn for turn in turns if not is_held_out(turn.prompt)]
    held_out = [turn for turn in turns if is_held_out(turn.prompt)]
    if len(turns) < MIN_TURNS or len(held_out) < MIN_HELD_OUT:
        return Lesson(len(turns), "too_few")
    active, public = get_active_weights(), {model.slug: model.standing for model in list_offered_models()}
    # Each fit begins with what was measured with labels, or ships: otherwise the same turns would count anew
    # every night.
    base = find_base_weights(active)
    standings = {**public, **_read_accuracies(base)}
    fitted = fit_weights(
        [_as_record(turn) for turn in train], standings=standings, prior=base, has_router=False
    )
    if _measure_change(active, fitted) < MIN_CHANGE:
        return Lesson(len(turns), "unchanged")
    gain = measure_likelihood(fitted, held_out, public) - measure_likelihood(active, held_out, public)
    provenance = {
        "turns": len(turns),
        "held_out": len(held_out),
        "gain": round(gain, 5),
        "base": base.version,
    }
    version = save_version(replace(fitted, provenance=provenance), is_active=False)
    if gain >= 0:
        activate_version(version)
    return Lesson(len(turns), "used" if gain >= 0 else "worse", gain, version.version)


def measure_likelihood(
    weights: ModelWeights, turns: Sequence[AnsweredTurn], standings: Mapping[str, float]
) -> float:
    """Return the mean log-likelihood of each model's answer, foretold from the other models' votes.

    A model of skill s gives the answer that is right by the others' vote with probability s, and any other
    one of the rest.
    """
    found = [value for turn in turns for value in _score_turn(weights, turn, standings)]
    return float(np.mean(found)) if found else 0.0


def _score_turn(weights: ModelWeights, turn: AnsweredTurn, standings: Mapping[str, float]) -> list[float]:
    question = Question(turn.prompt, turn.language)
    names = read_answers(question, [answer.text for answer in turn.answers])
    skills = _read_accuracies(weights)
    given = [
        (Draft(row.model, row.model, row.vendor, standings.get(row.model, _UNKNOWN_QUALITY), row.text), name)
        for row, name in zip(turn.answers, names, strict=True)
        if name
    ]
    choices = count_choices(detect_answer_type(turn.prompt))
    scores = []
    for draft, name in given:
        others = [(other, answer) for other, answer in given if other is not draft]
        if not others:
            continue
        named = {other.candidate: answer for other, answer in others}
        probabilities = weigh_answers(weights, question, [other for other, _ in others], named)
        right = probabilities.get(name, (1 - sum(probabilities.values())) / choices)
        skill = min(_MOST, max(_LEAST, skills.get(draft.model, draft.standing)))
        scores.append(float(np.log(skill * right + (1 - skill) * (1 - right) / max(1, choices - 1))))
    return scores


def _is_votable(turn: AnsweredTurn) -> bool:
    drafts = [Draft(row.model, row.model, row.vendor, _UNKNOWN_QUALITY, row.text) for row in turn.answers]
    return can_vote(Question(turn.prompt, turn.language), drafts)


def _as_record(turn: AnsweredTurn) -> AnsweredQuestion:
    given = {row.model: GivenAnswer(row.text, row.cost_micros, row.duration_ms) for row in turn.answers}
    return AnsweredQuestion(turn.prompt, "", None, given, turn.language)


def _read_accuracies(weights: ModelWeights) -> dict[str, float]:
    """Return the measured skills of models, those at open questions first."""
    return {**weights.option_vote.skills, **weights.open_vote.skills}


def _measure_change(before: ModelWeights, after: ModelWeights) -> float:
    """Return by how much the skill of a model changed at most; 1 for a model without one before."""
    pairs = ((before.option_vote, after.option_vote), (before.open_vote, after.open_vote))
    changes = [
        abs(skill - old.skills[model]) if model in old.skills else 1.0
        for old, new in pairs
        for model, skill in new.skills.items()
    ]
    return max(changes, default=0.0)
