"""Order candidates, best first, and say why: form, standing, and who agrees with whom.

Where answers compare, the score is how likely they are right; elsewhere it predicts preference, no more.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from aggregator.domain.events import RankedCandidate
from aggregator.pipeline.ranking.format_checks import find_faults, sum_penalties
from aggregator.pipeline.ranking.self_checks import run_checks, score_checks
from aggregator.pipeline.ranking.style_weights import MIN_RATED_PROMPTS, extract_response_features
from aggregator.pipeline.ranking.vote import Tally, vote
from aggregator.pipeline.ranking.weights import get_active_weights
from aggregator.pipeline.types import Draft, Question, Ranking

REASONS = (
    "agrees",
    "stands_alone",
    "likely_right",
    "higher_standing",
    "longer_detail",
    "failed",
    "empty",
    "refusal",
    "wrong_language",
    "loop",
    "cut_off",
)
STYLE_LIMIT = 0.2
VOTE_SHARE = 0.8
CHECK_LIMIT = 0.02
MIN_LEAD = 0.3
MIN_NEW_CHARS = 300
_WHOLE_LENGTH = 1_000
_DISQUALIFYING = {"failed", "empty", "refusal"}
_DETAIL_RATIO = 1.5
_DETAIL_MIN_CHARS = 400


def _number_groups(drafts: Sequence[Draft], tally: Tally | None) -> dict[str, int]:
    """Number the groups of candidates that say the same, 0 for the leading one; everyone else is alone."""
    groups: dict[str, int] = {}
    for number, group in enumerate(tally.groups if tally else ()):
        groups.update(dict.fromkeys(group.candidates, number))
    for draft in drafts:
        groups.setdefault(draft.candidate, max(groups.values(), default=-1) + 1)
    return groups


def _list_merits(
    draft: Draft, drafts: Sequence[Draft], groups: Mapping[str, int], tally: Tally | None
) -> list[str]:
    others = [other for other in drafts if other.candidate != draft.candidate]
    praise = []
    if tally and draft.candidate not in tally.silent:
        mates = [other for other in others if groups[other.candidate] == groups[draft.candidate]]
        praise.append("agrees" if mates else "stands_alone")
        if groups[draft.candidate] == 0 and tally.confidence >= 0.8:
            praise.append("likely_right")
    if others and draft.standing > max(other.standing for other in others):
        praise.append("higher_standing")
    lengths = sorted(len(other.text) for other in others)
    middle = lengths[len(lengths) // 2] if lengths else 0
    if not tally and others and len(draft.text) > max(_DETAIL_MIN_CHARS, _DETAIL_RATIO * middle):
        praise.append("longer_detail")
    return praise


def _add_style(question: Question, drafts: Sequence[Draft]) -> dict[str, float]:
    """Return what form adds to each draft or takes from it, length held equal; short texts tell little."""
    head = get_active_weights().styles.get(question.language)
    if head is None or head.judged < MIN_RATED_PROMPTS or len(drafts) < 2:
        return {}
    added = head.score(extract_response_features(question, [draft.text for draft in drafts]))
    return {
        draft.candidate: float(np.clip(extra, -STYLE_LIMIT, STYLE_LIMIT))
        * min(1.0, len(draft.text) / _WHOLE_LENGTH)
        for draft, extra in zip(drafts, added, strict=True)
    }


def _add_checks(question: Question, drafts: Sequence[Draft]) -> dict[str, float]:
    """Return a little for what holds together better than the others: it decides among equals, no more."""
    checks = score_checks(np.array([run_checks(question.prompt, draft.text) for draft in drafts]))
    return {
        draft.candidate: CHECK_LIMIT * float(np.clip(apart, -1.0, 1.0))
        for draft, apart in zip(drafts, checks - checks.mean(), strict=True)
    }


def _score_merits(question: Question, drafts: Sequence[Draft], tally: Tally | None) -> dict[str, float]:
    """Return each draft's merit in 0-1: how likely right where answers compare, else standing and style."""
    if tally:
        chances = {name: group.probability for group in tally.groups for name in group.candidates}
        held = _add_checks(question, drafts)
        return {
            draft.candidate: VOTE_SHARE * chances.get(draft.candidate, 0.0)
            + (1 - VOTE_SHARE) * (0.1 + 0.9 * draft.standing)
            + held[draft.candidate]
            for draft in drafts
        }
    style = _add_style(question, drafts)
    return {
        draft.candidate: min(1.0, max(0.05, 0.1 + 0.8 * draft.standing + style.get(draft.candidate, 0.0)))
        for draft in drafts
    }


def rank(question: Question, drafts: Sequence[Draft]) -> Ranking:
    """Return the order of drafts: the likelier answer leads where answers compare, else the preferred one."""
    faults = {draft.candidate: find_faults(question, draft) for draft in drafts}
    able = [draft for draft in drafts if not _DISQUALIFYING & set(faults[draft.candidate])]
    tally = vote(question, able)
    merits = _score_merits(question, able, tally)
    groups = _number_groups(drafts, tally)
    standings = []
    for draft in drafts:
        found = faults[draft.candidate]
        score = merits.get(draft.candidate, 0.1 * draft.standing) * (1 - sum_penalties(found))
        reasons = found or tuple(_list_merits(draft, able, groups, tally))
        standings.append(RankedCandidate(draft.candidate, round(score, 4), groups[draft.candidate], reasons))
    places = {draft.candidate: place for place, draft in enumerate(drafts)}
    standings.sort(key=lambda standing: (-standing.score, places[standing.candidate]))
    return Ranking(
        standings=tuple(standings),
        agreeing=tally.agreeing if tally else 0,
        compared=tally.compared if tally else 0,
        confidence=round(tally.confidence, 4) if tally else None,
    )


def keep_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> tuple[str, ...]:
    """Return the order to show: it moves only when the new one is clearly better and much text is new."""
    scores = {standing.candidate: standing.score for standing in ranking.standings}
    if set(shown) != set(scores):
        return tuple(scores)
    spread = float(np.std(list(scores.values())))
    lead = max(scores.values()) - scores[shown[0]] if shown else 0.0
    return tuple(scores) if lead > MIN_LEAD * spread and new_chars >= MIN_NEW_CHARS else tuple(shown)
