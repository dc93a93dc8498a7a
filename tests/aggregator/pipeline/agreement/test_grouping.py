"""Groups do not depend on order or politeness, and shared words do not join answers that differ."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.agreement.agreement import Verdict
from aggregator.pipeline.agreement.compare import compare_prompt
from aggregator.pipeline.agreement.readings import read_answer

FEW = settings(max_examples=25, deadline=None)
QUESTIONS = {
    "한국의 수도는?": [
        "서울",
        "서울입니다.",
        "한국의 수도는 서울이에요.",
        "부산",
        "부산입니다.",
        "잘 모르겠습니다.",
    ],
    "12 곱하기 12는?": ["144", "12 × 12 = 144입니다.", "백사십사", "124", "답은 124예요."],
    "감기에 항생제 먹어도 되나요?": [
        "네, 드셔도 됩니다.",
        "아니요, 안 됩니다.",
        "드시지 마세요.",
        "괜찮습니다.",
    ],
    "what year did the titanic sink": ["1912", "It sank in 1912.", "In April 1914.", "I don't know."],
}


@FEW
@given(st.sampled_from(sorted(QUESTIONS)), st.data())
def test_the_order_of_answers_does_not_change_the_groups(prompt: str, data: st.DataObject) -> None:
    answers = QUESTIONS[prompt]
    order = data.draw(st.permutations(range(len(answers))))
    straight = compare_prompt(prompt, answers)
    shuffled = compare_prompt(prompt, [answers[index] for index in order])
    regrouped = {frozenset(order[index] for index in group) for group in shuffled.groups}
    assert regrouped == {frozenset(group) for group in straight.groups}


@pytest.mark.parametrize(
    ("prompt", "bare", "forms"),
    [
        (
            "한국의 수도는?",
            "서울",
            ["서울이에요", "서울입니다!", "한국의 수도는 서울이에요.", "수도는 서울입니다."],
        ),
        ("12 곱하기 12는?", "144", ["144예요", "144입니다.", "12 곱하기 12는 144입니다.", "12 × 12 = 144"]),
        ("1킬로그램은 몇 그램이야?", "1000g", ["1,000그램입니다.", "1킬로그램은 1000그램이에요.", "천 그램"]),
        ("커피값 얼마?", "4,500원", ["4500원이에요", "사천오백 원입니다.", "커피값은 4,500원입니다."]),
        ("회의 몇 시야?", "오후 3시", ["오후 세 시예요.", "15:00", "회의는 오후 3시입니다."]),
        ("capital of australia?", "Canberra", ["It's Canberra.", "The capital of Australia is Canberra."]),
    ],
)
def test_restating_the_question_or_a_polite_ending_does_not_change_the_group(
    prompt: str, bare: str, forms: list[str]
) -> None:
    for form in forms:
        assert compare_prompt(prompt, [bare, form]).judge(0, 1) == Verdict.SAME, form


@pytest.mark.parametrize(
    ("prompt", "one", "other"),
    [
        # The other answer is mentioned and rejected.
        ("호주 수도는?", "시드니가 아니라 캔버라예요.", "시드니예요."),
        ("capital of australia?", "Not Sydney, it's Canberra.", "Sydney."),
        # The question is restated with a wrong value.
        ("12 곱하기 12는?", "12 곱하기 12는 144입니다.", "12 곱하기 12는 124입니다."),
        (
            "세종대왕은 몇 년에 태어났어?",
            "세종대왕은 1397년에 태어났어요.",
            "세종대왕은 1418년에 태어났어요.",
        ),
        # The same number in another unit.
        ("거기까지 얼마나 멀어?", "5km", "5마일"),
        ("how long does it take", "30 minutes", "30 hours"),
        # A neighbouring number.
        ("average of 72, 85, 91, 64", "78", "77.5"),
        # Shared words with opposite conclusions.
        ("계란을 전자레인지에 돌려도 되나요?", "네, 돌려도 됩니다.", "아니요, 돌리면 안 됩니다."),
        ("is it safe to drink tap water in korea", "Yes, it's safe.", "No, it isn't safe."),
        ("컴퓨터 껐다 켜도 데이터 남아?", "남아 있습니다.", "남아 있지 않습니다."),
        # A refusal.
        ("2030년 대통령은 누구야?", "알 수 없습니다.", "홍길동입니다."),
        # The afternoon and the next morning.
        ("몇 시에 도착해?", "오후 6시 55분입니다.", "06:55"),
    ],
)
def test_answers_that_differ_are_not_joined(prompt: str, one: str, other: str) -> None:
    assert compare_prompt(prompt, [one, other]).judge(0, 1) != Verdict.SAME


def test_two_refusals_are_one_group_apart_from_an_answer() -> None:
    answers = ["죄송하지만 알 수 없습니다.", "잘 모르겠습니다.", "42입니다."]
    agreement = compare_prompt("내가 생각한 숫자는?", answers)
    assert agreement.groups == ((0, 1), (2,))
    assert agreement.declined == {0, 1}


def test_a_compared_answer_is_read_once() -> None:
    answers = ["이 문장은 처음 비교됩니다.", "이 문장도 처음 비교됩니다."]
    compare_prompt("무엇을 비교해?", answers)
    before = read_answer.cache_info()
    compare_prompt("무엇을 비교해?", answers)
    after = read_answer.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 2)


@pytest.mark.parametrize(
    ("prompt", "one", "other", "verdict"),
    [
        (
            "엑셀에서 중복 제거하는 방법 알려줘",
            "데이터 탭에서 중복된 항목 제거를 누르면 됩니다.",
            "범위를 고른 뒤 [데이터] - [중복된 항목 제거]를 클릭하세요.",
            Verdict.UNKNOWN,
        ),
        (
            "How do I sort a dict by value in Python?",
            "Use `sorted(d.items(), key=lambda x: x[1])`.",
            "You can call sorted() with key=lambda kv: kv[1] on d.items().",
            Verdict.UNKNOWN,
        ),
        (
            "부산에서 서울까지 얼마나 걸려?",
            "KTX로 2시간 30분 정도 걸려요.",
            "약 2시간 반입니다.",
            Verdict.SAME,
        ),
    ],
)
def test_ways_of_doing_a_thing_never_differ_and_how_long_it_takes_is_a_number(
    prompt: str, one: str, other: str, verdict: Verdict
) -> None:
    assert compare_prompt(prompt, [one, other]).judge(0, 1) == verdict
