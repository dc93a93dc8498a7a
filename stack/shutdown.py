"""Stop signals: turned into an exception once, then ignored until the shutdown is done."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A stop signal arrived: Ctrl-C, SIGTERM or a closed terminal."""


@contextmanager
def handle_stop_signals() -> Iterator[None]:
    """Raise StopRequested in the main thread on the first stop signal."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        ignore_stop_signals()
        raise StopRequested

    # Signals that are already ignored stay ignored: nohup ignores SIGHUP.
    handled = [number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """Ignore further stop signals; every step of the shutdown has a timeout."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
