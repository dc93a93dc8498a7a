"""Compares Korean and Latin spellings of a name by their consonants: 톨스토이 and Tolstoy are t-l-s-t."""

from functools import lru_cache

from language.particles import split_words

_INITIALS = split_words("g gg n d dd r m b bb s ss - j jj ch k t p h")
_VOWELS = split_words("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i")
_FINALS = ("", *split_words("g gg gs n nj nh d l lg lm lb ls lt lp lh m b bs s ss ng j ch k t p h"))
# Letters that transliteration confuses fall into one class.
_CLASSES = {
    "g": "k", "k": "k", "q": "k", "c": "k", "x": "ks", "d": "t", "t": "t", "b": "p", "p": "p", "f": "p",
    "v": "p",
    "r": "l", "l": "l", "j": "s", "z": "s", "s": "s", "m": "m", "n": "n", "h": "h",
}  # fmt: skip

# Two consonants are shared by too many names.
MIN_CLASSES = 3


def _romanise(word: str) -> str:
    letters = []
    for character in word:
        code = ord(character) - 0xAC00
        if 0 <= code < 11172:
            final = _FINALS[code % 28]
            initial, vowel = _INITIALS[code // 588].strip("-"), _VOWELS[code % 588 // 28]
            # Letters of two syllables make no group: 반고흐 has no "ng".
            letters += [initial, vowel, "n" if final == "ng" else final, "-"]
        else:
            letters.append(character)
    return "".join(letters)


@lru_cache(maxsize=4096)
def _reduce(word: str) -> str:
    """Return the classes of a word's consonants, with `a` for a vowel that begins it."""
    is_hangul = any("가" <= c <= "힣" for c in word)
    spelled = _romanise(word) if is_hangul else word
    for group, single in (
        ("tch", "s"), ("sch", "s"), ("ch", "s"), ("sh", "s"), ("ph", "p"), ("th", "t"), ("ng", "n"),
        ("ck", "k"),
        ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("ge", "se"), ("gi", "si"), ("gh", "g"), ("wh", "w"),
    ):  # fmt: skip
        if not (is_hangul and group in {"ge", "gi", "gh", "ce", "ci"}):
            spelled = spelled.replace(group, single)
    skeleton = "a" if spelled[:1] in set("aeiouyw") else ""
    for letter in spelled:
        for each in _CLASSES.get(letter, ""):
            if not skeleton or skeleton[-1] != each:
                skeleton += each
    return skeleton


def sounds_alike(korean: str, latin: str) -> bool:
    """Return whether a Korean word may be the Latin one transliterated."""
    one, other = _reduce(korean), _reduce(latin.casefold())
    if min(len(one), len(other)) < MIN_CLASSES or one[0] != other[0]:
        return False
    if one == other:
        return True
    # Final r and h are often silent, and 스/으 are inserted: one class may be missing.
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1 or len(shorter) < 3:
        return False
    return any(longer[:cut] + longer[cut + 1 :] == shorter for cut in range(len(longer)))
