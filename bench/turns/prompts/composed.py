"""Prompts composed of phrases, as long as wanted: what loads ask where no recorded prompts are at hand."""

from random import Random

from bench.turns.prompts.phrases import ADDITIONS, FOLLOW_UPS, REQUESTS, SENSITIVE, SITUATIONS, TOPICS

MOST_CHARS = 400


def compose_request(rng: Random, language: str, chars: int) -> str:
    """Return a request of at least about `chars` characters: what is asked, the person's case, additions."""
    text = _fill(rng, language, rng.choice(REQUESTS[language]))
    situations = rng.sample(SITUATIONS[language], len(SITUATIONS[language]))
    additions = rng.sample(ADDITIONS[language], len(ADDITIONS[language]))
    while len(text) < chars and (situations or additions):
        from_additions = additions and (not situations or rng.random() < 0.4)
        part = _fill(rng, language, additions.pop() if from_additions else situations.pop())
        longer = f"{text} {part}" if from_additions else f"{part} {text}"
        if len(longer) > MOST_CHARS:
            break
        text = longer
    return text


def compose_follow_up(rng: Random, language: str) -> str:
    """Return a prompt that refers to the answer before it."""
    return _fill(rng, language, rng.choice(FOLLOW_UPS[language]))


def compose_sensitive(rng: Random, language: str, chars: int) -> str:
    """Return a prompt that the gate should keep ads away from; a longer one holds a request besides."""
    text = _fill(rng, language, rng.choice(SENSITIVE[language]))
    if len(text) >= chars:
        return text
    return f"{text} {compose_request(rng, language, chars - len(text))}"[:MOST_CHARS]


def _fill(rng: Random, language: str, phrase: str) -> str:
    return phrase.format(topic=rng.choice(TOPICS[language]), number=rng.randint(2, 60))
