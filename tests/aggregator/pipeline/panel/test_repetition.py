"""A text that repeats itself is recognised within two repeats; copies that belong to an answer are not."""

import pytest

from aggregator.pipeline.panel import near_repetition
from aggregator.pipeline.panel.repetition import RepetitionDetector, cut_loop, read_repetition_context

HEAD = "광합성은 식물이 빛으로 양분을 만드는 과정이에요. 물과 이산화탄소가 필요해요."
SENTENCE = " 이 과정에서 산소가 나와서 우리가 숨을 쉴 수 있어요."
UNITS = {
    "sentence": SENTENCE,
    "line": "\nPlants make sugar out of light, water and air.",
    "paragraph": "\n\n잎에는 엽록체가 있어요. 엽록체 안의 엽록소가 빛을 받아요. 그래서 잎이 초록색이에요.",
    "few tokens": " 그래서 식물은 그래서 식물은",
    "without blanks": "식물은빛을받아서양분을만들고산소를내보내요.",
}


def stream(text: str, prompt: str = "광합성이 뭐예요?", size: int = 3) -> str:
    """Return the text that was written until it was found to loop."""
    detector = RepetitionDetector(read_repetition_context(prompt))
    for at in range(0, len(text), size):
        if detector.extend(text[at : at + size]):
            return text[: at + size]
    return text


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_a_loop_ends_within_two_repeats(unit: str) -> None:
    written = stream(HEAD + unit * 40)
    assert len(written) <= len(HEAD + unit * 3)
    assert (HEAD + unit).startswith(cut_loop(written))
    assert len(cut_loop(written)) > len(HEAD) + 5


def test_a_list_that_counts_on_with_the_same_entry_is_a_loop() -> None:
    entries = [f"\n{number}. 물을 자주 마시고 푹 쉬는 게 좋아요." for number in range(8, 40)]
    written = stream(HEAD + "".join(entries))
    assert len(written) <= len(HEAD + "".join(entries[:3]))
    assert cut_loop(written) == HEAD + entries[0]


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("구구단 알려 줘", "\n".join(f"{a} × {b} = {a * b}" for a in range(2, 10) for b in range(1, 10))),
        (
            "노래 가사 써 줘",
            "아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다\n" * 4 + "십리도 못 가서 발병 난다",
        ),
        ("운동 계획", "\n".join(f"{week}주차: 유산소 30분, 근력 20분" for week in range(1, 7))),
        ("HTML 예시", "```html\n" + '<li class="item"><a href="#">메뉴</a></li>\n' * 9 + "```"),
        (
            "표로",
            "| 요일 | 계획 |\n|---|---|\n"
            + "\n".join(f"| {day} | 걷기 30분과 휴식 |" for day in "월화수목금"),
        ),
        ("1/3을 소수로", "0." + "3" * 400),
        ("CSV로", "\n".join(f"{row},홍길동,서울,true" for row in range(1, 40))),
        ("숙제를 20번 반복해서 써 줘", "나는 숙제를 매일 성실하게 하겠습니다.\n" * 20),
        ("웃어 줘", "하하하하하하하하! 정말 재미있네요. " + "ㅋ" * 20),
    ],
)
def test_copies_that_belong_to_an_answer_do_not_stop_it(prompt: str, text: str) -> None:
    assert stream(text, prompt) == text


def test_a_text_read_in_one_piece_is_cut_as_well() -> None:
    text = HEAD + SENTENCE * 9
    assert RepetitionDetector().extend(text)
    assert cut_loop(text) == HEAD + SENTENCE


TICKETS = "Compare prices on Travelocity and book cheap plane tickets to Tokyo for the whole family"


def test_list_entries_that_are_nearly_the_same_are_a_loop() -> None:
    changed = (
        TICKETS.replace("cheap ", ""),
        TICKETS.replace("the whole family", "the family"),
        TICKETS.replace("book cheap", "compare cheap"),
    )
    entries = [f"\n{n}. {text}." for n, text in enumerate((TICKETS, *changed, *changed), 6)]
    head = "Here is how to save money on a flight to Tokyo."
    written = stream(head + "".join(entries))
    assert len(written) <= len(head + "".join(entries[:3])) + 1
    assert cut_loop(written) == head + entries[0]


CITIES = enumerate(("부산", "인천", "울산", "포항", "속초", "여수"), 1)


@pytest.mark.parametrize(
    "lines",
    [
        [f"{n}. {city}: 인구가 아주 많고 바다가 가까워서 살기 좋은 도시예요." for n, city in CITIES],
        [f"- Day {n}: walk for {10 * n} minutes in the park, then rest and drink." for n in range(1, 8)],
    ],
)
def test_a_list_that_says_the_same_of_other_things_is_no_loop(lines: list[str]) -> None:
    assert stream("\n".join(lines)) == "\n".join(lines)


def test_a_text_without_sentences_is_not_read_again_for_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    read_unit, split_units = near_repetition._read_unit, near_repetition.split_units

    def count_unit(text: str, known: set[str]) -> near_repetition.Unit:
        read.append(len(text))
        return read_unit(text, known)

    def count_split(text: str) -> list[tuple[int, str]]:
        read.append(len(text))
        return list(split_units(text))

    monkeypatch.setattr(near_repetition, "_read_unit", count_unit)
    monkeypatch.setattr(near_repetition, "split_units", count_split)
    detector, pieces = RepetitionDetector(), [f"{n:x}xq{n * 7919:x} " for n in range(1_000)]
    assert not any(map(detector.extend, pieces))
    assert sum(read) <= 2 * len("".join(pieces))
