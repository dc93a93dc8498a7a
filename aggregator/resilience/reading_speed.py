"""How fast slow models read prompts, as their calls measure it; known to every process that runs turns."""

from collections.abc import Mapping

import redis.asyncio as redis
from redis.exceptions import RedisError

from aggregator.catalog.catalog import LanguageModel

SPEEDS_KEY = "models:reading"
# Shorter prompts say little: the rest of the way to the first token counts as reading.
MIN_TOKENS = 200
NEWEST_SHARE = 0.3
# A prompt that begins like the one before is read faster than another one, and beside other work slower.
MOST_FACTOR = 4.0
_measured: dict[str, float] = {}
_unpublished: set[str] = set()


def find_reading_speed(model: LanguageModel) -> float | None:
    """Return the tokens of a prompt that a model reads a second, None where that takes no time."""
    return _measured.get(model.slug, model.reading_tokens_per_second)


def note_reading(model: LanguageModel, input_tokens: int, seconds: float) -> None:
    """Note how long a call took to its first token, of a model whose reading takes time."""
    usual, known = model.reading_tokens_per_second, find_reading_speed(model)
    if not usual or not known or input_tokens < MIN_TOKENS or seconds <= 0:
        return
    newest = min(usual * MOST_FACTOR, max(usual / MOST_FACTOR, input_tokens / seconds))
    _measured[model.slug] = (1 - NEWEST_SHARE) * known + NEWEST_SHARE * newest
    _unpublished.add(model.slug)


async def publish_speeds(client: "redis.Redis") -> None:
    """Tell other processes what calls of this one measured since it last did."""
    while _unpublished:
        slug = _unpublished.pop()
        try:
            await client.hset(SPEEDS_KEY, slug, f"{_measured[slug]:.1f}")
        except RedisError:
            _unpublished.add(slug)
            return


def apply_speeds(published: Mapping[bytes, bytes]) -> None:
    """Apply what calls of other processes measured, unless this one knows better."""
    for slug, speed in published.items():
        if slug.decode() not in _unpublished:
            _measured[slug.decode()] = float(speed)


def forget_speeds() -> None:
    """Forget what was measured."""
    _measured.clear()
    _unpublished.clear()
