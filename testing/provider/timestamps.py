"""Pieces of text that encode when they were sent, as ordinary words, so that filters treat them as text.

A word stands for one of COUNT slots of eight milliseconds in a cycle of about a second. The number of a piece
in its stream rotates the list, by more with each piece, so that a stream does not repeat itself.
"""

import time
from dataclasses import dataclass

SLOT_S = 0.008
STEP, STEP_GROWTH = 37, 11
TEXT = """
    the of and to in is it you that he was for on are with as his they be at one have this from or had
    by hot but some what there we can out other were all your when up use word how said an each she
    which do their time if will way about many then them would write like so these her long make thing
    see him two has look more day could go come did my sound no most number who over know water than
    call first people may down side been now find any new work part take get place made live where after
    back little only round man year came show every good me give our under name very just form
"""
WORDS = tuple(TEXT.split())
COUNT = len(WORDS)
SLOT_BY_WORD = {word: slot for slot, word in enumerate(WORDS)}
CYCLE_S = COUNT * SLOT_S


def timestamp_word(number: int) -> str:
    """Return the piece to send now as the `number`-th of its stream."""
    return " " + WORDS[(int(time.monotonic() / SLOT_S) + _offset_of(number)) % COUNT]


def _offset_of(number: int) -> int:
    return STEP * number + STEP_GROWTH * number * number


@dataclass(slots=True)
class TimestampReader:
    """Decodes the pieces of a stream in order; correct if less than one cycle passes between two pieces."""

    count: int = 0
    first_s: float = 0.0
    last_s: float = 0.0

    def read(self, word: str, now: float) -> float:
        """Return the monotonic time at which a word was sent, in seconds, to eight milliseconds."""
        if not self.count:
            self.last_s = now - CYCLE_S + SLOT_S
        slot = (SLOT_BY_WORD[word] - _offset_of(self.count)) % COUNT
        since = int(self.last_s / SLOT_S)
        self.last_s = (since + (slot - since) % COUNT) * SLOT_S
        self.count += 1
        if self.count == 1:
            self.first_s = self.last_s
        return self.last_s
