"""Ranks candidates and gives the reasons: faults of form, public quality, agreement and style.

Where answers can be compared, the score is mostly the vote's estimate of the chance that they are right;
elsewhere it predicts which one a reader prefers. A shown order changes only for a clear lead and enough new
text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from aggregator.domain.events import RankedCandidate
from aggregator.infra.telemetry import span
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.ranking.calibration import is_probability_shown
from aggregator.pipeline.ranking.format_checks import find_faults, sum_penalties
from aggregator.pipeline.ranking.self_checks import run_checks, score_checks
from aggregator.pipeline.ranking.style_weights import (
    MIN_RATED_PROMPTS,
    extract_response_features,
    predict_preference,
)
from aggregator.pipeline.ranking.vote import Tally, vote
from aggregator.pipeline.ranking.weights import get_active_weights
from aggregator.pipeline.types import NOTHING_JUDGED, Draft, JudgedTexts, Question, Ranking

REASONS = (
    "agrees",
    "stands_alone",
    "likely_right",
    "not_compared",
    "higher_standing",
    "longer_detail",
    "failed",
    "empty",
    "refusal",
    "wrong_language",
    "loop",
    "cut_off",
)
VOTE_SHARE, LIKELY_RIGHT = 0.8, 0.8
CHECK_LIMIT = 0.02
_DISQUALIFYING = {"failed", "empty", "refusal"}
_DETAIL_RATIO = 1.5
_DETAIL_MIN_CHARS = 400
# A lead of this many standard deviations of the scores, and this many characters since the last ranking.
MIN_LEAD = 0.3
# A late answer, or one that says the same, takes the place of what is being read with this lead only.
MIN_SWAP_MARGIN = 0.1
MIN_NEW_CHARS = 300


def _number_groups(drafts: Sequence[Draft], tally: Tally | None) -> dict[str, int]:
    """Number the groups of equal answers, the leading one 0; every other candidate is a group of its own."""
    groups: dict[str, int] = {}
    for number, group in enumerate(tally.groups if tally else ()):
        groups.update(dict.fromkeys(group.candidates, number))
    for draft in drafts:
        groups.setdefault(draft.candidate, max(groups.values(), default=-1) + 1)
    return groups


def _list_merits(
    draft: Draft,
    drafts: Sequence[Draft],
    groups: Mapping[str, int],
    tally: Tally | None,
    *,
    is_calibrated: bool,
) -> list[str]:
    others = [other for other in drafts if other.candidate != draft.candidate]
    merits = []
    if tally and draft.candidate in tally.silent:
        merits.append("not_compared")
    elif tally:
        agrees = any(groups[other.candidate] == groups[draft.candidate] for other in others)
        merits.append("agrees" if agrees else "stands_alone")
        if groups[draft.candidate] == 0 and tally.confidence >= LIKELY_RIGHT and is_calibrated:
            merits.append("likely_right")
    if others and draft.standing > max(other.standing for other in others):
        merits.append("higher_standing")
    lengths = sorted(len(other.text) for other in others)
    median = lengths[len(lengths) // 2] if lengths else 0
    if not tally and others and len(draft.text) > max(_DETAIL_MIN_CHARS, _DETAIL_RATIO * median):
        merits.append("longer_detail")
    return merits


def _score_open(question: Question, drafts: Sequence[Draft]) -> dict[str, float]:
    """Return how likely a reader prefers each draft to another one; without fitted weights, its standing."""
    weights = get_active_weights().styles.get(question.language)
    if weights is None or weights.judged < MIN_RATED_PROMPTS or len(drafts) < 2:
        return {draft.candidate: 0.1 + 0.8 * draft.standing for draft in drafts}
    features = extract_response_features(question, drafts)
    chances = predict_preference(weights.score_models(drafts) + weights.score_features(features))
    return {draft.candidate: float(chance) for draft, chance in zip(drafts, chances, strict=True)}


def _score_self_checks(question: Question, drafts: Sequence[Draft]) -> dict[str, float]:
    """Return a small bonus for drafts with better self-checks than the others; it decides between equals."""
    checks = score_checks(np.array([run_checks(question.prompt, draft.text) for draft in drafts]))
    return {
        draft.candidate: CHECK_LIMIT * float(np.clip(gap, -1.0, 1.0))
        for draft, gap in zip(drafts, checks - checks.mean(), strict=True)
    }


def _score_merits(question: Question, drafts: Sequence[Draft], tally: Tally | None) -> dict[str, float]:
    """Return each draft's score in 0-1: mostly the vote where there is one, else the predicted preference."""
    if tally:
        probabilities = {name: group.probability for group in tally.groups for name in group.candidates}
        bonuses = _score_self_checks(question, drafts)
        return {
            draft.candidate: VOTE_SHARE * probabilities.get(draft.candidate, 0.0)
            + (1 - VOTE_SHARE) * (0.1 + 0.9 * draft.standing)
            + bonuses[draft.candidate]
            for draft in drafts
        }
    if drafts and detect_answer_type(question.prompt):
        # Readers' preferences say nothing about which of several incomparable answers is right.
        bonuses = _score_self_checks(question, drafts)
        return {d.candidate: 0.1 + 0.8 * d.standing + bonuses[d.candidate] for d in drafts}
    return _score_open(question, drafts)


def rank(question: Question, drafts: Sequence[Draft], judged: JudgedTexts = NOTHING_JUDGED) -> Ranking:
    """Return the drafts best first, with their scores and reasons."""
    faults = {draft.candidate: find_faults(question, draft) for draft in drafts}
    qualified = [draft for draft in drafts if not _DISQUALIFYING & set(faults[draft.candidate])]
    tally = vote(question, qualified, judged)
    merits = _score_merits(question, qualified, tally)
    groups = _number_groups(drafts, tally)
    is_calibrated = is_probability_shown(get_active_weights().calibration, question)
    ranked = []
    for draft in drafts:
        found = faults[draft.candidate]
        score = merits.get(draft.candidate, 0.1 * draft.standing) * (1 - sum_penalties(found))
        reasons = found or tuple(_list_merits(draft, qualified, groups, tally, is_calibrated=is_calibrated))
        ranked.append(RankedCandidate(draft.candidate, round(score, 4), groups[draft.candidate], reasons))
    order = {draft.candidate: index for index, draft in enumerate(drafts)}
    ranked.sort(key=lambda row: (-row.score, order[row.candidate]))
    # A fault or a far better model can place an answer above the most probable one.
    first = ranked[0].candidate if ranked else ""
    winning = next((group for group in tally.groups if first in group.candidates), None) if tally else None
    return Ranking(
        standings=tuple(ranked),
        agreeing=len(winning.candidates) if winning else 0,
        compared=tally.compared if tally and winning else 0,
        confidence=round(winning.probability, 4) if winning else None,
        is_calibrated=is_calibrated,
    )


@span("rank")
def rank_stably(
    question: Question,
    drafts: Sequence[Draft],
    shown: Sequence[str],
    read_chars: int,
    judged: JudgedTexts = NOTHING_JUDGED,
) -> Ranking:
    """Rank drafts in an order that changes from the shown one only where needed."""
    new_chars = sum(len(draft.text) for draft in drafts) - read_chars
    return stabilise_order(shown, rank(question, drafts, judged), new_chars=new_chars)


def stabilise_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> Ranking:
    """Return the ranking in the order to show; the result of a vote is shown at once.

    Of candidates with the same answer, the one that is being read stays first unless another is much better.
    A candidate that was not shown yet is inserted by its score, and first only with a clear lead.
    """
    by_name = {row.candidate: row for row in ranking.standings}
    known = [name for name in shown if name in by_name]
    if not known:
        return ranking
    if ranking.compared:
        first, best = by_name[known[0]], ranking.standings[0]
        others = tuple(row for row in ranking.standings if row != first)
        stays = first.group == best.group and best.score - first.score <= MIN_SWAP_MARGIN
        return replace(ranking, standings=(first, *others)) if stays else ranking
    kept = replace(ranking, standings=tuple(row for row in ranking.standings if row.candidate in known))
    order = list(keep_order(known, kept, new_chars=new_chars))
    margin = max(MIN_SWAP_MARGIN, MIN_LEAD * float(np.std([row.score for row in ranking.standings])))
    for row in ranking.standings:
        if row.candidate in order:
            continue
        index = next((i for i, name in enumerate(order) if by_name[name].score < row.score), len(order))
        leads = row.score - by_name[order[0]].score > margin
        order.insert(index if index or leads else 1, row.candidate)
    return replace(ranking, standings=tuple(by_name[name] for name in order))


def keep_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> tuple[str, ...]:
    """Return the shown order, or the new one after a clear lead and enough new text."""
    scores = {row.candidate: row.score for row in ranking.standings}
    if set(shown) != set(scores):
        return tuple(scores)
    deviation = float(np.std(list(scores.values())))
    lead = max(scores.values()) - scores[shown[0]] if shown else 0.0
    return tuple(scores) if lead > MIN_LEAD * deviation and new_chars >= MIN_NEW_CHARS else tuple(shown)
