"""Detect the language of a prompt from its scripts."""

from collections import Counter

# Enough Hangul for a Korean request that quotes English code, a product name or an error message.
MIN_HANGUL = 2
MIN_HANGUL_SHARE = 0.02
SCANNED_CHARS = 20_000

_SCRIPTS: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x005A, "latin"),
    (0x0061, 0x007A, "latin"),
    (0x00C0, 0x024F, "accented"),
    (0x1100, 0x11FF, "hangul"),
    (0x3040, 0x30FF, "kana"),
    (0x3131, 0x318E, "hangul"),
    (0x3400, 0x9FFF, "han"),
    (0xAC00, 0xD7A3, "hangul"),
    (0xFF21, 0xFF5A, "latin"),
    (0xFF66, 0xFF9D, "kana"),
)
_ACCENTED_SHARE = 0.04


def detect_language(text: str) -> str:
    """Return "ko", "en", "ja", "zh" or "other"; enough Hangul makes any text Korean."""
    counts = _count_scripts(text[:SCANNED_CHARS])
    letters = sum(counts.values())
    if not letters:
        return "other"
    hangul, kana, han = counts["hangul"], counts["kana"], counts["han"]
    if _is_korean(hangul, letters) and hangul >= kana:
        return "ko"
    if kana and kana + han >= 0.2 * letters:
        return "ja"
    if han >= 0.2 * letters:
        return "zh"
    return "en" if _is_english(counts, letters) else "other"


def _is_korean(hangul: int, letters: int) -> bool:
    if hangul == letters:
        return hangul > 0
    return hangul >= MIN_HANGUL and hangul >= MIN_HANGUL_SHARE * letters


def _is_english(counts: Counter[str], letters: int) -> bool:
    latin, accented = counts["latin"], counts["accented"]
    return latin >= 0.8 * letters and accented <= _ACCENTED_SHARE * letters


def _count_scripts(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for character, times in Counter(text).items():
        script = _script_of(ord(character))
        if script is None and character.isalpha():
            script = "unknown"
        if script is not None:
            counts[script] += times
    return counts


def _script_of(code: int) -> str | None:
    for first, last, script in _SCRIPTS:
        if first <= code <= last:
            return script
    return None
