"""Recorded sets become questions that models can be asked, with the right answer as a model ends its own."""

import gzip
from pathlib import Path

from aggregator.calibration.recorded_questions import read_open_questions, read_recorded_questions

HEADER = "id,topic,gold,question,one\n"
SETS = {
    "sums": "1,t,n18,What is nine plus nine?,n18\n2,t,4,2 더하기 2는 얼마인가요?,4\n",
    "code": "1,t,abc,assert f('a') == ??,abc\n2,t,[1],assert f(1) == ??,[1]\n",
    "options": '1,t,B,"Which is prime?\nA. 8\nB. 7",B\n2,t,B,Which is it?,B\n3,t,B,,B\n',
}


def _pack(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def test_numbers_code_and_options_are_asked_and_what_has_no_text_is_left_out(tmp_path: Path) -> None:
    for name, text in SETS.items():
        _pack(tmp_path / "short_answers" / f"{name}.csv.gz", HEADER + text)

    found = {(row.task, row.gold, row.language): row.prompt for row in read_recorded_questions(tmp_path)}

    assert set(found) == {
        ("sums", "Answer: 18", "en"), ("sums", "정답: 4", "ko"), ("code", "Answer: 'abc'", "en"),
        ("code", "Answer: [1]", "en"), ("options", "Answer: B", "en"),
    }  # fmt: skip
    assert found["sums", "Answer: 18", "en"].endswith("Calculate the answer, and end with it.")


def test_recorded_prompts_without_one_answer_are_for_fused_answers(tmp_path: Path) -> None:
    row = '{"prompt": "부산을 소개해 주세요."}\n'
    _pack(tmp_path / "open_answers" / "set.jsonl.gz", row + '{"prompt": ""}\n' + row)

    assert [(row.prompt, row.gold) for row in read_open_questions(tmp_path)] == [
        ("부산을 소개해 주세요.", "")
    ]
