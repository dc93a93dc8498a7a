"""Personal data is recognised by its form, and other numbers are not."""

import pytest

from language.pii import contains_pii
from language.sensitivity import judge_sensitivity


@pytest.mark.parametrize(
    "text",
    [
        "이 등본 요약해줘 홍길동 900101-1234567",
        "900101-1****** 가려도 되나",
        "연락처 010-0000-1234 정리해줘",
        "카드 0000-1111-2222-3333 결제가 안 돼",
        "국민은행 000-12-345678 여기로 보내도 돼?",
        "akia0000example0000 이 키 왜 안 되지",
        "홈택스 비번 sunny6402 저장해줘",
        "password: blue7rain why does it fail",
    ],
)
def test_pasted_personal_data_is_found(text: str) -> None:
    assert contains_pii(text)
    judged = judge_sensitivity(text)
    assert judged.verdict == "block"
    assert "secrets" in judged.classes


@pytest.mark.parametrize(
    "text",
    [
        "비밀번호 8자리 이상 저금통 추천",
        "1588-0000 말고 온라인으로 예약되는 미용실",
        "2026-11-26 제주 항공권",
        "갤럭시 s26 512gb 최저가",
        "rtx 5090 vs 4090 가격 비교",
    ],
)
def test_other_numbers_are_no_personal_data(text: str) -> None:
    assert not contains_pii(text)
