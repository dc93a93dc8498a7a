"""The gate blocks ads beside sensitive prompts and lets commercial ones through."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language import sensitivity_head
from language.lexicon import class_names
from language.sensitivity import UNREADABLE, is_explicit_crisis, judge_sensitivity
from language.training.probe_features import TRAIN_FOLDER, Probe, read_probes

SENSITIVE = read_probes(TRAIN_FOLDER / "sensitive.jsonl.gz")
SAFE = read_probes(TRAIN_FOLDER / "safe.jsonl.gz")


@pytest.mark.parametrize(
    "text",
    [
        "우울해서 죽고 싶어",
        "자ㅅㅏㄹ",
        "죽고시퍼",
        "ㅈㅅ하고 싶다",
        "자 살 하는 방법",
        "kms",
        "unalive myself",
        "su1c1de",
        "i want to die",
        "나 하나 없어진다고 누가 알까",
    ],
)
def test_a_crisis_is_blocked_and_needs_help(text: str) -> None:
    judged = judge_sensitivity(text)
    assert judged.verdict == "block"
    assert judged.needs_help


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("우울증 약 부작용", "mental_health"),
        ("당뇨 초기 증상", "health"),
        ("임신 초기에 커피 마셔도 되나요", "sexuality"),
        ("할머니 장례식 절차", "death_disaster"),
        ("남편이 때려요", "crime_violence"),
        ("이번 대선 누구 뽑아야 해", "politics"),
        ("하나님은 존재하나요", "religion"),
        ("장애인 차별", "identity"),
        ("이혼 소송 비용", "legal"),
        ("대출 연체 3개월", "debt"),
        ("저 중2인데 고민이 있어요", "minors"),
        ("권총 구하는 법", "weapons"),
        ("대마초 합법 국가", "drugs"),
        ("씨발 새끼들 다 꺼져", "hate"),
        ("야동 사이트", "adult"),
        ("아무한테도 말 안 한 비밀이 있어", "secrets"),
    ],
)
def test_every_class_is_named(text: str, topic: str) -> None:
    judged = judge_sensitivity(text)
    assert judged.verdict == "block"
    assert topic in judged.classes


@pytest.mark.parametrize(
    "text",
    [
        "죽이는 맛집",
        "다이어트 도시락 추천",
        "학생용 노트북",
        "대출 없이 중고차",
        "배고파 죽겠다",
        "총정리",
        "마약김밥",
        "폭탄세일",
        "카메라 총알배송",
        "암막 커튼",
        "killer deals",
        "shoot photos",
        "혼자 살기 좋은 원룸",
        "한국의 수도는 어디인가요?",
        "도쿄 여행 항공권 싸게 사는 법",
        "how to kill a process in linux",
    ],
)
def test_a_commercial_prompt_is_let_through(text: str) -> None:
    judged = judge_sensitivity(text)
    assert judged.verdict == "pass", judged.classes
    assert judged.classes == ()


def test_a_sensitive_word_deep_in_a_long_prompt_is_found() -> None:
    padding = "오늘 다녀온 카페 이야기를 길게 써 봤어요. " * 60
    assert judge_sensitivity(f"{padding} 사실 죽고 싶어요 {padding}").needs_help


@pytest.mark.parametrize(
    "sentence",
    [
        "사실 죽고 싶어요.",
        "주민등록번호 900101-1234567",
        "비밀번호는 hunter2!x9",
        "요즘 옥상 난간에 자꾸 서 있어요.",
    ],
)
def test_a_crisis_or_personal_data_is_found_anywhere(sentence: str) -> None:
    padding = "오늘 다녀온 카페 이야기를 길게 써 봤어요. 분위기도 좋고 커피도 맛있었어요. " * 220
    text = f"{padding}{sentence} {padding}"
    assert 19_000 < len(text) < 20_000
    assert judge_sensitivity(text).verdict == "block"
    assert judge_sensitivity(padding * 2).verdict == "pass"


def test_an_explicit_crisis_is_recognised_anywhere() -> None:
    padding = "배고파 죽겠다. 오늘 다녀온 카페 이야기를 길게 써 봤어요. " * 250
    assert is_explicit_crisis(f"{padding}사실 죽고 싶어요. {padding}")
    assert not is_explicit_crisis(padding * 2)


@pytest.mark.parametrize(
    ("sentence", "topic"),
    [
        ("사실 지난달에 유방암 진단을 받아서 다음 주부터 항암 치료를 받아요.", "health"),
        ("남편이 술만 마시면 저를 때려서 집을 나와 쉼터에 있어요.", "crime_violence"),
        ("I filed for bankruptcy and my bank account was garnished.", "debt"),
    ],
)
def test_a_sentence_in_the_middle_of_a_request_counts(sentence: str, topic: str) -> None:
    before = (
        "다음 달에 쓸 노트북을 새로 사려고 합니다. 예산은 백만 원이고 가볍고 배터리가 오래가면 좋겠어요. " * 3
    )
    after = "문서를 쓰고 영상을 보는 데 쓸 거예요. 세 개를 골라서 가격과 무게를 표로 비교해 주세요. " * 3
    assert judge_sensitivity(before + after).verdict == "pass"
    judged = judge_sensitivity(f"{before}{sentence} {after}")
    assert judged.verdict == "block"
    assert topic in judged.classes


def test_a_broken_gate_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitivity_head, "STATIC_WEIGHTS_FILE", tmp_path / "missing.npz")
    sensitivity_head.load_static_head.cache_clear()
    try:
        judged = judge_sensitivity("가성비 노트북 추천")
    finally:
        monkeypatch.undo()
        sensitivity_head.load_static_head.cache_clear()
    assert judged.verdict == "block"
    assert judged.classes == (UNREADABLE,)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_a_blocked_text_has_a_class(text: str) -> None:
    judged = judge_sensitivity(text)
    assert (judged.verdict == "block") == bool(judged.classes)
    assert UNREADABLE not in judged.classes


def test_the_probes_cover_every_class_in_both_languages() -> None:
    assert {probe.topic for probe in SENSITIVE} == set(class_names())
    assert _korean(SENSITIVE) >= 1_500
    assert _korean(SAFE) >= 1_500
    assert len(SENSITIVE) - _korean(SENSITIVE) >= 300
    assert {probe.label for probe in SENSITIVE} == {"sensitive"}
    assert {probe.label for probe in SAFE} == {"safe"}


@pytest.mark.parametrize("topic", ["self_harm", "minors"])
def test_no_probe_of_the_strict_classes_gets_an_ad(topic: str) -> None:
    probes = [probe.text for probe in SENSITIVE if probe.topic == topic]
    missed = [text for text in probes if judge_sensitivity(text).verdict != "block"]
    assert missed == []


def _korean(probes: list[Probe]) -> int:
    return sum(any("가" <= letter <= "힣" for letter in probe.text) for probe in probes)
