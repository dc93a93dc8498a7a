"""A prompt is read once, in two stages; the sentence model reads only what the first leaves in doubt."""

import numpy as np
import pytest

from language import sensitivity_head
from language.deobfuscation import deobfuscate
from language.embed import Vectors, embed
from language.reading import forget_readings, read_prompt
from language.sensitivity_head import MODEL_HEAD_CHARS, MODEL_TAIL_CHARS, load_static_head
from language.static_vectors import load_token_table, pack_levels, read_static, unpack_levels

CLEAR = "가성비 노트북 추천해줘"
DISGUISED = "ㅁㅏㅇㅑㄱ 나오는 영화 추천해줘"


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that the gate gives to the sentence model from now on."""
    texts: list[str] = []

    def note(found: list[str]) -> Vectors:
        texts.extend(found)
        return embed(found)

    forget_readings()
    monkeypatch.setattr(sensitivity_head, "embed", note)
    return texts


def test_a_clear_prompt_is_not_given_to_the_sentence_model(embedded: list[str]) -> None:
    reading = read_prompt(CLEAR)
    assert (reading.sensitivity.verdict, reading.sensitivity.used_model) == ("pass", False)
    assert reading.topics[0] == "laptops"
    assert reading.vector.shape == (384,)
    assert not embedded


def test_a_prompt_is_read_once(embedded: list[str]) -> None:
    first, again = read_prompt(DISGUISED), read_prompt(DISGUISED)
    assert first is again
    assert first.sensitivity is again.sensitivity
    assert len(embedded) == len(set(embedded))
    forget_readings()
    assert read_prompt(DISGUISED) is not first


def test_the_sentence_vector_is_the_one_that_the_gate_has_computed(embedded: list[str]) -> None:
    reading = read_prompt(DISGUISED)
    assert reading.sensitivity.used_model
    before = len(embedded)
    assert reading.sentence_vector is reading.sentence_vector
    assert set(embedded[before:]) <= set(embedded[:before])


@pytest.mark.parametrize("text", [DISGUISED, "wnrrh tlvek", "нужна помощь с покупкой"])
def test_disguised_and_unknown_spelling_reaches_the_sentence_model(text: str, embedded: list[str]) -> None:
    assert read_prompt(text).sensitivity.used_model
    assert embedded


def test_the_sentence_model_reads_one_short_part_of_a_long_prompt(embedded: list[str]) -> None:
    assert read_prompt("Подскажите, где купить хороший велосипед. " * 60).sensitivity.used_model
    assert len(embedded) == 1
    assert len(embedded[0]) <= MODEL_HEAD_CHARS + MODEL_TAIL_CHARS + 1


def test_a_doubtful_risk_asks_and_a_clear_one_does_not() -> None:
    head = load_static_head()
    assert head.band is not None
    assert head.is_unsure(0.0, -1.0)
    assert not head.is_unsure(-head.band.below, -1.0)
    assert not head.is_unsure(head.band.above, -1.0)
    assert head.is_unsure(1.0, head.band.crisis + 0.01)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("강아지 사료 추천", "고양이 간식 뭐가 좋아", "파이썬으로 정렬하는 법"),
        ("cheap flights to osaka", "where to book a hotel in japan", "explain recursion in java"),
    ],
)
def test_static_vectors_of_like_texts_are_nearer(text: str, near: str, far: str) -> None:
    vector = read_static(text).vector
    assert vector @ read_static(near).vector > vector @ read_static(far).vector + 0.1


def test_static_vectors_are_like_the_sentence_vectors() -> None:
    texts = [
        "주말에 갈 만한 조용한 바닷가 숙소",
        "적금 금리 비교",
        "how do I fix a leaking tap",
        "운동화 어디가 싸?",
    ]
    vectors = embed(texts)
    vectors = vectors - vectors.mean(axis=0)
    static = np.stack([read_static(deobfuscate(text)).vector for text in texts])
    nearest = (static @ vectors.T).argmax(axis=1)
    assert nearest.tolist() == [0, 1, 2, 3]


def test_unknown_letters_and_empty_texts_have_a_vector() -> None:
    for text in ("", "   ", "日本語だけ", "🙂🙂"):
        assert np.isclose(np.linalg.norm(read_static(text).vector), 1.0)
    assert not read_static("日本語だけ").is_known


def test_levels_are_packed_two_to_a_byte() -> None:
    levels = load_token_table().levels[:5]
    assert np.array_equal(unpack_levels(pack_levels(levels)), levels)
