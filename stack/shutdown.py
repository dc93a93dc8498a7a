"""An orderly end: the signals that ask for one, and what keeps it from being interrupted."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody asked the stack to end: Ctrl-C, SIGTERM or a closed terminal."""


@contextmanager
def handle_stop_signals() -> Iterator[None]:
    """Turn the signals that mean `end` into Stop."""

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ignore_stop_signals()
        raise StopRequested

    # A closed terminal does not end what was started with nohup.
    listened = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in listened}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """Let nothing interrupt an orderly end; every step of it has a deadline."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
