"""Words encode when they were sent, at any time of the clock, and do not repeat."""

import math
import time

from testing.provider.timestamps import COUNT, SLOT_S, STEP, TimestampReader, timestamp_word


def test_the_reader_decodes_when_a_word_was_sent() -> None:
    stamps, sent = TimestampReader(), list[float]()
    for number in range(30):
        time.sleep(0.01 if number % 7 else 0.2)
        before = time.monotonic()
        decoded = stamps.read(timestamp_word(number).strip(), time.monotonic())
        sent.append(decoded - before)
    assert min(sent) > -SLOT_S - 0.001
    assert max(sent) < 0.05
    assert stamps.count == 30
    assert stamps.last_s - stamps.first_s > 1.0


def test_a_steady_stream_uses_all_words_before_one_repeats() -> None:
    assert all(math.gcd(STEP + slots, COUNT) == 1 for slots in range(60))
