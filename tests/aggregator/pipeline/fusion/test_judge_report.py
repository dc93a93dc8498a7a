"""A judge's reply is parsed in the requested form or rejected."""

import json
from typing import Any

import pytest

from aggregator.pipeline.fusion.judge_report import JudgeReportError, parse_judge_report

LETTERS, CASE = ("A", "B"), "5fa1"


def reply(**changes: Any) -> str:
    """Return a valid report with some fields changed."""
    document = {
        "case": CASE,
        "order": ["B", "A"],
        "consensus": ["서울은 한국의 수도예요."],
        "contradictions": [
            {"says": "940만 명", "by": ["A"], "instead": "1,200만 명", "of": ["B"], "right": "A"}
        ],
        "partial_coverage": [],
        "unique_insights": [{"says": "강이 있어요.", "by": ["B"]}],
        "blind_spots": [],
        "per_candidate_errors": {"A": [], "B": ["인구가 틀려요."]},
    }
    return json.dumps({**document, **changes}, ensure_ascii=False)


def test_a_valid_report_is_parsed_even_in_a_code_fence() -> None:
    report = parse_judge_report(f"```json\n{reply()}\n```", LETTERS, case=CASE)
    assert report.order == ("B", "A")
    assert report.findings["consensus"] == ["서울은 한국의 수도예요."]
    assert report.findings["contradictions"][0]["of"] == ["B"]


@pytest.mark.parametrize(
    "text",
    [
        "B is the best.",
        "{not json}",
        "[1, 2]",
        reply(case="another"),
        reply(order=["B"]),
        reply(order=["B", "A", "C"]),
        reply(order="B"),
        reply(consensus="all"),
        reply(consensus=[{"a": 1}]),
        reply(contradictions=["A is wrong"]),
        reply(contradictions=[{"says": "x", "by": ["Z"], "instead": "y", "of": ["B"]}]),
        reply(unique_insights=[{"says": "x", "by": []}]),
        reply(per_candidate_errors={"Z": []}),
        reply(per_candidate_errors=[]),
    ],
)
def test_any_other_form_is_rejected(text: str) -> None:
    with pytest.raises(JudgeReportError):
        parse_judge_report(text, LETTERS, case=CASE)


def test_a_report_keeps_only_known_fields_and_sizes() -> None:
    report = parse_judge_report(reply(system_prompt="leak", consensus=["x" * 9_000] * 50), LETTERS, case=CASE)
    assert "leak" not in report.as_text()
    assert len(report.findings["consensus"]) == 5
    assert len(report.findings["consensus"][0]) == 300


def test_escaped_characters_that_cannot_be_stored_are_replaced() -> None:
    text = reply(consensus=["서\x00울"], blind_spots=["\ud800"]).replace("\ud800", "\\ud800")
    report = parse_judge_report(text, LETTERS, case=CASE)
    assert report.findings["consensus"] == ["서울"]
    assert report.findings["blind_spots"] == ["\ufffd"]
