"""A sentence is credited only to answers that say it."""

import pytest

from aggregator.pipeline.statements.attribution import is_contradicted_by, is_stated_by, list_statements
from aggregator.pipeline.statements.statement import read_statement


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 + 1은 2입니다.", "1+1은 2예요."),
        ("서울은 대한민국의 수도입니다.", "대한민국의 수도는 서울이에요."),
        ("가격은 1,200원입니다.", "가격은 천이백 원이에요."),
        ("거리는 5km입니다.", "거리는 **5,000m**예요."),
        ("사과는 3개입니다.", "사과는 세 개예요."),
        ("The capital of Australia is Canberra.", "Canberra is the capital of Australia!"),
        ("서울에는 사람이 많이 살아요.", "서울에는 사람이 많이 삽니다. 서울에는 사람이 많이 살아요."),
    ],
)
def test_other_spellings_say_the_same(one: str, other: str) -> None:
    stated = [row.statement for row in list_statements("other", other)]
    assert any(is_stated_by(read_statement(one), each) for each in stated)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 + 1은 2입니다.", "2+1은 3입니다."),
        ("3 + 1은 2입니다.", "3 - 1은 2입니다."),
        ("거리는 5km입니다.", "거리는 5m입니다."),
        ("가격은 140,000,000원입니다.", "가격은 140,000,040원입니다."),
        ("사과는 3개입니다.", "사과는 3명입니다."),
        ("2014년에 열렸습니다.", "2018년에 열렸습니다."),
        ("대한민국의 수도는 서울입니다.", "대한민국의 수도는 부산입니다."),
        ("It is safe to eat.", "It is not safe to eat."),
        ("서울은 부산보다 큽니다.", "부산은 서울보다 큽니다."),
        ("철수가 영희를 때렸습니다.", "영희가 철수를 때렸습니다."),
        ("Nevada and Oregon border it.", "Nevada, Utah and Oregon border it."),
        ("All birds can fly.", "Some birds can fly."),
        ("대한민국의 수도는 서울입니다.", "대한민국의 수도는 서울인가요?"),
    ],
)
def test_another_number_name_unit_place_or_negation_is_not_the_same(one: str, other: str) -> None:
    assert not is_stated_by(read_statement(one), read_statement(other))
    assert not is_stated_by(read_statement(other), read_statement(one))


def test_what_an_answer_takes_back_it_does_not_say() -> None:
    text = "정답은 330명입니다. 아, 다시 계산하니 정답은 340명입니다."
    assert [row.text for row in list_statements("a", text)] == ["아, 다시 계산하니 정답은 340명입니다."]
    assert list_statements("a", "수도는 시드니예요. 그것은 사실이 아닙니다.")[0].text != "수도는 시드니예요."


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("서울의 인구는 940만 명입니다.", "서울의 인구는 1,200만 명입니다.", True),
        ("1 + 1은 2입니다.", "1 + 1은 3입니다.", True),
        ("It is safe to eat.", "It is not safe to eat.", True),
        ("전쟁은 1950년에 시작됐습니다.", "전쟁은 1951년에 시작됐습니다.", True),
        ("1 + 1은 2입니다.", "2 + 1은 3입니다.", False),
        ("서울의 인구는 940만 명입니다.", "서울의 면적은 605km²입니다.", False),
        ("높이는 약 1,950m입니다.", "높이는 1,947m입니다.", False),
    ],
)
def test_contradictions_differ_in_one_detail(one: str, other: str, *, contradict: bool) -> None:
    assert is_contradicted_by(read_statement(one), read_statement(other)) is contradict
