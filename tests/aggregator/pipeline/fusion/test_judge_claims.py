"""What a judge found is shown in the words of the candidates that say it."""

import json
from collections.abc import Mapping, Sequence

from aggregator.domain.events import Claim
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge_claims import quote_claims
from aggregator.pipeline.fusion.judge_report import FINDING_LISTS, parse_judge_report

TEXTS = {
    "A": "**서울은 한국의 수도입니다.** 서울의 인구는 약 940만 명이에요.",
    "B": "한국의 수도는 서울이에요. 서울의 인구는 약 1,200만 명이에요.",
}


def quote(consensus: Sequence[str], contradictions: Sequence[Mapping[str, object]]) -> tuple[Claim, ...]:
    """Return the claims of a report with these findings."""
    document: dict[str, object] = {name: [] for name in FINDING_LISTS}
    document |= {"case": "5fa1", "order": ["B", "A"], "per_candidate_errors": {}}
    document |= {"consensus": consensus, "contradictions": contradictions}
    report = parse_judge_report(json.dumps(document), ("A", "B"), case="5fa1")
    return quote_claims(report, FusionInputs({"A": "first", "B": "second"}, TEXTS, "5fa1"))


def test_findings_are_shown_as_whole_sentences() -> None:
    found = {"says": "인구는 약 940만", "by": ["A"], "instead": "1,200만 명이에요", "of": ["B"]}
    contested, shared = quote(["서울은 한국의 수도입니다"], [found])
    assert contested == Claim(
        "contested",
        "서울의 인구는 약 940만 명이에요.",
        ("first",),
        ("second",),
        "서울의 인구는 약 1,200만 명이에요.",
    )
    assert shared == Claim("shared", "**서울은 한국의 수도입니다.**", ("first", "second"))


def test_findings_that_no_candidate_says_are_left_out() -> None:
    invented = {"says": "인구는 700만 명이에요.", "by": ["A"], "instead": "1,200만 명이에요.", "of": ["B"]}
    exchanged = {"says": "1,200만 명이에요.", "by": ["A"], "instead": "약 940만 명이에요.", "of": ["B"]}
    assert quote(["부산은 항구 도시입니다.", "서울의 인구는 약 940만 명이에요."], [invented, exchanged]) == ()
