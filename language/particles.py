"""The endings of a Korean noun inside one written word: particles, the copula, verbal suffixes."""

_HANGUL_FIRST, _HANGUL_LAST = "가", "힣"
_RIEUL = 8


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a list written as running text."""
    return tuple(text.split())


# Particles that require a final consonant, that forbid one, and that follow either. 차+이 is no noun phrase
# (차 takes 가), so agreement alone distinguishes 차이 "difference" from 차 "car".
_AFTER_CONSONANT = split_words("이 은 을 과 아 이나 이랑 이란 이라 이라는 이라도 이든 이며")
_AFTER_VOWEL = split_words("가 는 를 와 야 나 랑 란 라 라는 라도 든 며 로 로는 로도")
_AFTER_CONSONANT_NOT_RIEUL = split_words("으로 으로는 으로도 으로만 으로의")
_AFTER_ANY = split_words(
    """
    의 도 만 에 에서 에게 에게서 께 한테 한테서 까지 부터 마다 조차 마저 밖에 보다 처럼 같은 같이 하고 에는
    에도 에만 에서는 에서도 에서의 까지는 까지의 부터는 만의 만을 만은 에의 들 들이 들은 들을 들도 들의 들만
    들로 들과 들에 들이랑 별 별로 인 인데 인데요 인가 인가요 입니다 이에요 이예요 예요 이야 이고 이면 일까
    일까요 이요 요 대신 없이 말고 뿐 등 쪽 씨 님
    """
)
_VERBAL = split_words("하 해 했 할 한 합 함 받 되 될 돼 된 됐 됩 시키 시킬 시켜")
_PARTICLES = {
    **dict.fromkeys(_AFTER_CONSONANT, "consonant"),
    **dict.fromkeys(_AFTER_VOWEL, "vowel"),
    **dict.fromkeys(_AFTER_CONSONANT_NOT_RIEUL, "consonant"),
    **dict.fromkeys(_AFTER_ANY, "any"),
}
LONGEST_PARTICLE = max(map(len, _PARTICLES))


def is_hangul(character: str) -> bool:
    """Return whether this is one composed Korean syllable."""
    return _HANGUL_FIRST <= character <= _HANGUL_LAST


def is_particle(ending: str, after: str) -> bool:
    """Return whether `ending` is a particle that may follow the syllable `after`."""
    required = _PARTICLES.get(ending)
    if required is None or required == "any" or not is_hangul(after):
        return required is not None
    final = (ord(after) - ord(_HANGUL_FIRST)) % 28
    if ending.startswith("로") and final == _RIEUL:
        return True
    return (final > 0) == (required == "consonant")


def is_verbal_suffix(ending: str) -> bool:
    """Return whether `ending` makes a verb of a noun: 여행-하려고, 예약-받는."""
    return ending.startswith(_VERBAL)


def strip_particle(word: str) -> str:
    """Return the word without its longest particle, or the word itself if it has none."""
    for length in range(min(LONGEST_PARTICLE, len(word) - 1), 0, -1):
        stem, ending = word[:-length], word[-length:]
        if is_particle(ending, stem[-1]):
            return stem
    return word
