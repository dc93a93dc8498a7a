"""The turn logs of one process over several Valkey servers, of which each turn uses one.

The server of a turn is chosen by rendezvous hashing (Thaler and Ravishankar, 1998), so that a server more
or less moves only its share of the turns. Leases, permits and wake-ups stay on REDIS_URL.
"""

import asyncio
import hashlib
from collections.abc import Sequence

from aggregator.streaming.turn_log import TurnLog


def choose_url(urls: Sequence[str], turn: str) -> str:
    """Return the URL of the server that holds a turn's log."""
    if len(urls) == 1:
        return urls[0]
    return max(urls, key=lambda url: hashlib.blake2b(f"{url} {turn}".encode(), digest_size=8).digest())


class TurnLogs:
    """The logs of one process, one for each server; belongs to one event loop."""

    def __init__(self, main_url: str, log_urls: Sequence[str], *, keep_seconds: int) -> None:
        self._urls = list(log_urls) or [main_url]
        self._logs = {
            url: TurnLog(url, keep_seconds=keep_seconds) for url in {main_url: 0, **dict.fromkeys(self._urls)}
        }
        self.main = self._logs[main_url]

    def start(self) -> None:
        """Start the tasks that write and read; calling it again does nothing."""
        for log in self._logs.values():
            log.start()

    async def close(self) -> None:
        """Write what is pending, then end all tasks and close the connections."""
        await asyncio.gather(*(log.close() for log in self._logs.values()))

    def of(self, turn: str) -> TurnLog:
        """Return the log that holds a turn."""
        return self._logs[choose_url(self._urls, turn)]
