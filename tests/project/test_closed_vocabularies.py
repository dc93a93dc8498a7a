"""Closed vocabularies are complete wherever each of their members needs an entry."""

import re
from pathlib import Path

from django.conf import settings

from ads.admin.decision_view import STATUS_LABELS
from ads.selection.serving.traces import STATUS_NAMES
from aggregator.domain.events import EVENTS
from aggregator.domain.turn_state import REDUCERS

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_event_has_a_reducer_in_python_and_in_javascript() -> None:
    assert set(REDUCERS) == set(EVENTS.values())
    script = (ROOT / "static" / "js" / "state" / "turn_state.js").read_text(encoding="utf-8")
    reducers = re.findall(r"^  (\w+)(?:: |\()", script, re.MULTILINE)
    assert sorted(set(EVENTS) - set(reducers)) == []


def test_every_eligibility_status_has_a_label() -> None:
    assert list(STATUS_LABELS) == list(STATUS_NAMES.values())


def test_every_language_of_the_site_but_the_source_has_a_catalog() -> None:
    codes = {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    catalogs = {path.parent.parent.name for path in (ROOT / "locale").glob("*/LC_MESSAGES/django.po")}
    assert codes <= catalogs
