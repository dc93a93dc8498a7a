"""What a turn knows of its prompt: one reading a prompt, kept by text and shared by all that ask."""

import re
import threading
from functools import cached_property

from cachetools import LRUCache, cached

from language.intent import Intent, read_intent
from language.sensitivity import Sensitivity, judge_normalised, normalise
from language.sensitivity_head import Array, embed_excerpt, head_and_tail
from language.static_vectors import read_static
from language.topics import find_topics

# A mail address, or a long word of letters and digits.
_IDENTIFIER = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,64}|(?<![a-z\d])[a-z]{0,40}\d[a-z\d]{9,40}", re.IGNORECASE
)
# A reading takes about 10 kB with the longest prompt.
CACHE_SIZE = 512


class PromptReading:
    """A prompt's vector, sensitivity, intent and topics, each computed once, when it is first asked for.

    The vector is that of `language.static_vectors`, and what further classifiers should read. The gate asks
    the sentence model about prompts that the static vector leaves in doubt.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def normalised(self) -> str:
        """The text without obfuscation and idioms."""
        return normalise(self.text)

    @cached_property
    def excerpt(self) -> str:
        """The head and the tail of the normalised text, which classifiers read."""
        return head_and_tail(self.normalised)

    @cached_property
    def vector(self) -> Array:
        """The static unit vector (384,) of the excerpt."""
        return read_static(self.excerpt).vector

    @cached_property
    def sentence_vector(self) -> Array:
        """The sentence model's unit vector (384,) of the excerpt, which takes a turn's longest computation.

        The gate asks for the same vector of a prompt that is in doubt, so nothing is embedded twice.
        """
        return embed_excerpt(self.excerpt)

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """The verdict of the sensitivity gate."""
        return judge_normalised(self.text, lambda: self.normalised)

    @cached_property
    def intent(self) -> Intent:
        """What the prompt is after: buying, or work that no ad should interrupt."""
        # An address or a code says nothing about it, and its letters would outweigh the words.
        text = _IDENTIFIER.sub(" ", self.text)
        excerpt = self.excerpt if text == self.text else head_and_tail(normalise(text))
        return read_intent(text, excerpt)

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics of the ad market's closed list."""
        return find_topics(self.text, excerpt=self.excerpt)


# Threads that ask for the same prompt share one reading.
@cached(LRUCache(CACHE_SIZE), lock=threading.Lock())
def read_prompt(text: str) -> PromptReading:
    """Return the reading of a prompt, the same for the same text while it is among the latest."""
    return PromptReading(text)


def forget_readings() -> None:
    """Forget every prompt that was read."""
    read_prompt.cache_clear()
    read_static.cache_clear()
