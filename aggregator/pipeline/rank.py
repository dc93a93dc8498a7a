"""Order candidates, best first, and say why: form, standing, and who agrees with whom."""

from collections.abc import Mapping, Sequence

from aggregator.events import Standing
from aggregator.pipeline.gates import find_faults, sum_faults
from aggregator.pipeline.shapes import Draft, Question, Ranking
from aggregator.pipeline.vote import Tally, vote

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
_DETAIL_RATIO = 1.5
_DETAIL_LEAST = 400


def _number_groups(drafts: Sequence[Draft], tally: Tally | None) -> dict[str, int]:
    """Number the groups of candidates that say the same, 0 for the leading one; everyone else is alone."""
    groups: dict[str, int] = {}
    for number, group in enumerate(tally.groups if tally else ()):
        groups.update(dict.fromkeys(group.candidates, number))
    for draft in drafts:
        groups.setdefault(draft.candidate, max(groups.values(), default=-1) + 1)
    return groups


def _say_praise(
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
    if not tally and others and len(draft.text) > max(_DETAIL_LEAST, _DETAIL_RATIO * middle):
        praise.append("longer_detail")
    return praise


def rank(question: Question, drafts: Sequence[Draft]) -> Ranking:
    """Return the order of drafts: the likelier answer leads if answers compare, else the better standing."""
    faults = {draft.candidate: find_faults(question, draft) for draft in drafts}
    able = [draft for draft in drafts if not {"failed", "empty", "refusal"} & set(faults[draft.candidate])]
    tally = vote(question, able)
    chances = {c: group.probability for group in (tally.groups if tally else ()) for c in group.candidates}
    groups = _number_groups(drafts, tally)
    standings = []
    for draft in drafts:
        merit = 0.1 + 0.9 * draft.standing
        if tally:
            merit = 0.8 * chances.get(draft.candidate, 0.0) + 0.2 * merit
        score = merit * (1 - sum_faults(faults[draft.candidate]))
        found = faults[draft.candidate]
        reasons = found or tuple(_say_praise(draft, able, groups, tally))
        standings.append(Standing(draft.candidate, round(score, 4), groups[draft.candidate], tuple(reasons)))
    places = {draft.candidate: place for place, draft in enumerate(drafts)}
    standings.sort(key=lambda standing: (-standing.score, places[standing.candidate]))
    return Ranking(
        standings=tuple(standings),
        agreeing=tally.agreeing if tally else 0,
        compared=tally.compared if tally else 0,
        confidence=round(tally.confidence, 4) if tally else None,
    )
