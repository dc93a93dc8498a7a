"""A disguise does not change what a text says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.deobfuscation import compose, decompose, deobfuscate


@pytest.mark.parametrize(
    ("disguised", "plain"),
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
def test_a_disguise_is_taken_off(disguised: str, plain: str) -> None:
    assert deobfuscate(disguised) == plain


@pytest.mark.parametrize(
    "text", ["rtx4090 vs 5090", "혼자 살기 좋은 원룸", "3박4일", "mp3", "ㅋㅋㅋ", "iphone 16"]
)
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    assert deobfuscate(text) == text


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=1))
def test_a_syllable_taken_apart_goes_together_again(syllable: str) -> None:
    assert compose(decompose(syllable)) in {syllable, decompose(syllable)}


@given(st.text(max_size=120))
def test_any_text_can_be_undisguised(text: str) -> None:
    assert isinstance(deobfuscate(text), str)
