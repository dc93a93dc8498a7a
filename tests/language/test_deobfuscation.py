"""Obfuscated text reads the same as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.deobfuscation import compose, decompose, deobfuscate


@pytest.mark.parametrize(
    ("obfuscated", "plain"),
    [
        ("자ㅅㅏㄹ", "자살"),
        ("ㅈㅏㅅㅏㄹ", "자살"),
        ("자.살", "자살"),
        ("자 살", "자살"),
        ("자\u200b살", "자살"),
        ("주ㄱ고 싶다", "죽고 싶다"),
        ("k i l l myself", "kill myself"),
        ("su1c1de", "suicide"),
        ("$uicide", "suicide"),
        ("ＫＭＳ", "kms"),
    ],
)
def test_obfuscation_is_undone(obfuscated: str, plain: str) -> None:
    assert deobfuscate(obfuscated) == plain


@pytest.mark.parametrize(
    "text", ["rtx4090 vs 5090", "혼자 살기 좋은 원룸", "3박4일", "mp3", "ㅋㅋㅋ", "iphone 16"]
)
def test_ordinary_writing_is_unchanged(text: str) -> None:
    assert deobfuscate(text) == text


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=1))
def test_a_decomposed_syllable_composes_again(syllable: str) -> None:
    assert compose(decompose(syllable)) in {syllable, decompose(syllable)}


@given(st.text(max_size=120))
def test_any_text_can_be_deobfuscated(text: str) -> None:
    assert isinstance(deobfuscate(text), str)
