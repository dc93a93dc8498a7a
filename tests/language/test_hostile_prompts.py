"""No prompt takes the gate long, however it is written, as the event loop runs its first check."""

import re
import time
import tomllib
from pathlib import Path

import pytest

from language import lexicon
from language.deobfuscation import deobfuscate
from language.lexicon import find_classes, matches_crisis_pattern, remove_idioms
from language.pii import contains_pii
from language.sensitivity import is_explicit_crisis

PROMPT_CHARS = 20_000
# Quadratic patterns took a minute and a half; linear ones take a fraction of a second, more on a busy
# machine.
MAX_SECONDS = 8.0
LITERALS = sorted(
    {
        literal
        for file in Path(lexicon.__file__).parent.glob("*.toml")
        for entries in tomllib.loads(file.read_text(encoding="utf-8")).values()
        for entry in entries
        for literal in re.findall(r"[가-힣]+|[a-z]+", entry)
    }
)


def _read_all(text: str) -> None:
    plain = remove_idioms(deobfuscate(text))
    find_classes(plain)
    matches_crisis_pattern(plain)
    contains_pii(plain)


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\u3000", " \n"])
@pytest.mark.parametrize("word", ["교도소", "살인", "저는 이제", "password", "period is"])
def test_thousands_of_blanks_are_judged_fast(word: str, blank: str) -> None:
    text = f"{word}{blank * 1_990}추천해 줘"
    begun = time.thread_time()
    is_explicit_crisis(text)
    _read_all(text)
    assert time.thread_time() - begun < MAX_SECONDS


@pytest.mark.parametrize(
    "piece",
    [
        "1", "가", "나다", "a", "ㅋ", "가ㅋ", "1!", "a1", "@a", "| ", "가 ", "a ", ".", "_leuk",
        "_accommodat", "짬뽕", "자살골 ", "살인", "경찰 ", "1,1", "비밀번호 ", "010-", "\n", "살.",
    ],
)  # fmt: skip
def test_repeated_text_is_judged_fast(piece: str) -> None:
    text = (piece * PROMPT_CHARS)[:PROMPT_CHARS]
    begun = time.thread_time()
    is_explicit_crisis(text)
    _read_all(text)
    assert time.thread_time() - begun < MAX_SECONDS


@pytest.mark.parametrize("between", [" " * 280, "\n" * 280, " ", ""])
def test_no_lexicon_entry_backtracks_on_a_long_gap(between: str) -> None:
    begun = time.thread_time()
    for first in range(0, len(LITERALS), 60):
        _read_all(between.join(LITERALS[first : first + 60])[:PROMPT_CHARS])
    assert time.thread_time() - begun < MAX_SECONDS


def test_no_repeated_lexicon_entry_backtracks() -> None:
    slow = []
    for literal in LITERALS[::20]:
        begun = time.thread_time()
        _read_all((literal * 500)[:500])
        if time.thread_time() - begun > 1:
            slow.append(literal)
    assert slow == []
