"""Closed vocabularies are complete wherever each of their members needs an entry."""

import re
from dataclasses import fields
from pathlib import Path

from django.conf import settings

from ads.admin.decision_view import STATUS_LABELS
from ads.selection.serving.traces import STATUS_NAMES
from aggregator.domain.events import EVENTS, Claim, PlacementMade, RankedCandidate, RankingMade, Support
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import REDUCERS, CandidateState, TurnState, reduce_events

ROOT = Path(__file__).resolve().parent.parent.parent
# A value other than the default for every field that a turn's events set.
WHOLE_TURN = TurnState(
    turn="turn",
    conversation="conversation",
    prompt="안녕?",
    attempt=2,
    strategy="council",
    reasons=("asked_panel",),
    topic="travel",
    expected_quality=0.7,
    expected_micros=12,
    expected_ms=4_000,
    requested="vote",
    change="not_comparable",
    candidates={"a": CandidateState("a", "wise", "Wise", "vendor", "done", text="서울", ttft_ms=5)},
    leader="a",
    ranking=RankingMade((RankedCandidate("a", 0.9, 0, ("agrees",)),), 1, 1, 0.8),
    claims=(Claim("shared", "서울", ("a",)),),
    supports=(Support("서울", ("a",), ("서울",)),),
    answer_kind="fused",
    answer_model="wise",
    answer_text="서울이에요.",
    answer_cost_micros=3,
    answer_is_finished=True,
    status="done",
    error="late",
    title="서울",
    duration_ms=900,
    cost_micros=7,
    placement=PlacementMade(None, "no_match"),
)
# A turn that has a route waits no longer, a fused answer is no candidate's, and calls are counted anew.
UNSET_FIELDS = {"queue_position", "answer_candidate", "answers_begun"}


def test_every_event_has_a_reducer_in_python_and_in_javascript() -> None:
    assert set(REDUCERS) == set(EVENTS.values()), "REDUCERS of aggregator/domain/turn_state.py"
    script = (ROOT / "static" / "js" / "state" / "turn_state.js").read_text(encoding="utf-8")
    reducers = re.findall(r"^  (\w+)(?:: |\()", script, re.MULTILINE)
    assert sorted(set(EVENTS) - set(reducers)) == [], "reducers of static/js/state/turn_state.js"


def test_a_snapshot_of_a_turn_leaves_every_field_of_its_state() -> None:
    empty = TurnState()
    names = (field.name for field in fields(TurnState))
    unset = {name for name in names if getattr(WHOLE_TURN, name) == getattr(empty, name)}
    assert unset == UNSET_FIELDS, "give WHOLE_TURN a value"
    rebuilt = reduce_events(build_snapshot_events(WHOLE_TURN))
    assert rebuilt == WHOLE_TURN, "build_snapshot_events of aggregator/domain/snapshot.py"


def test_every_eligibility_status_has_a_label() -> None:
    names = list(STATUS_NAMES.values())
    assert list(STATUS_LABELS) == names, "STATUS_LABELS of ads/admin/decision_view.py, in the same order"


def test_every_language_of_the_site_but_the_source_has_a_catalog() -> None:
    codes = {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    catalogs = {path.parent.parent.name for path in (ROOT / "locale").glob("*/LC_MESSAGES/django.po")}
    assert codes <= catalogs
