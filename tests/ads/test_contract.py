import dataclasses
import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ads.contract import (
    UNKNOWN_PERCENT,
    AdRequest,
    ContractError,
    NoAd,
    ServedAd,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
    to_percent,
)

WHOLE = AdRequest("r", "below_answer", "v", (1, 2), ("travel",), "ko", "mobile", "pass")
AD = ServedAd("o", "광고", "Grace", "Title", "Body", "grace.example", ("because",), "/c", "/i", "/h", "/r")


def test_a_request_survives_the_wire() -> None:
    assert decode_request(json.loads(json.dumps(encode_request(WHOLE)))) == WHOLE


@pytest.mark.parametrize("answer", [AD, dataclasses.replace(AD, is_ai_written=True), NoAd("no_match")])
def test_an_answer_survives_the_wire(answer: ServedAd | NoAd) -> None:
    assert decode_answer(json.loads(json.dumps(encode_answer(answer)))) == answer


@given(name=st.text(min_size=1).filter(lambda name: name not in encode_request(WHOLE)), words=st.text())
def test_a_field_that_is_not_in_the_contract_is_refused(name: str, words: str) -> None:
    with pytest.raises(ContractError):
        decode_request({**encode_request(WHOLE), name: words})


@pytest.mark.parametrize(
    "change",
    [
        {"term_ids": list(range(13))},
        {"term_ids": ["도쿄"]},
        {"term_ids": [True]},
        {"term_ids": "1"},
        {"topics": ["a"] * 6},
        {"topics": ["x" * 33]},
        {"topics": [1]},
        {"request_id": 5},
        {"placement": "x" * 65},
        {"language": None},
        {"intent_percent": 101},
        {"intent_percent": -2},
        {"work_percent": 0.5},
        {"work_percent": True},
    ],
)
def test_a_wrong_type_or_an_excess_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ContractError):
        decode_request({**encode_request(WHOLE), **change})


def test_a_request_of_an_earlier_release_has_no_intent() -> None:
    document = encode_request(WHOLE)
    del document["intent_percent"], document["work_percent"]
    assert decode_request(document).intent_percent == UNKNOWN_PERCENT


def test_a_probability_crosses_in_whole_percent_rounded_down() -> None:
    assert [to_percent(share) for share in (0.0, 0.699, 1.0)] == [0, 69, 100]


@given(verdict=st.text())
def test_any_verdict_but_pass_is_a_block(verdict: str) -> None:
    document = {**encode_request(WHOLE), "sensitivity": verdict[:64]}
    assert decode_request(document).sensitivity == ("pass" if verdict == "pass" else "block")


def test_a_malformed_answer_is_refused() -> None:
    with pytest.raises(ContractError):
        decode_answer({"ad": {"title": "x"}})
    with pytest.raises(ContractError):
        decode_answer({"ad": {**dataclasses.asdict(AD), "why": [1]}})
    with pytest.raises(ContractError):
        decode_answer({"ad": {**dataclasses.asdict(AD), "is_ai_written": "no"}})


def test_no_field_of_a_request_could_hold_a_prompt() -> None:
    long = "나는 요즘 너무 힘들어서 아무것도 하고 싶지 않아. " * 10
    for name in typing.get_type_hints(AdRequest):
        with pytest.raises(ContractError):
            decode_request({**encode_request(WHOLE), name: [long] if name[-1] == "s" else long})
