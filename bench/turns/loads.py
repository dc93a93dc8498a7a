"""Loads, and what one round of a load shows of a unit."""

import asyncio
import statistics
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from testing.provider.timestamps import SLOT_BY_WORD, TimestampReader


@dataclass(frozen=True, slots=True)
class Load:
    """So many chats at once, begun over some seconds, each asking some models for so many tokens."""

    name: str
    chats: int
    slots: int = 4
    tokens: int = 20
    rate: float = 50.0
    spread_s: float = 0.0
    repeats: int = 1
    # What is still done for a turn after its end is not to count as the next one's wait.
    pause_s: float = 0.0

    @property
    def model(self) -> str:
        """The name that tells the provider what to say."""
        return f"stamps:{self.tokens}@{self.rate:g}"

    def faulty(self, fault: str) -> str:
        """The name of a model that breaks on the way, before anybody has all of its text."""
        return f"{self.model}!{fault}@{self.tokens // 4}"

    @property
    def models(self) -> list[str]:
        """The model of each slot."""
        return [self.model] * self.slots


@dataclass(slots=True)
class ObservedTurn:
    """One turn as its reader saw it come in."""

    asked_at: float = field(default_factory=time.monotonic)
    slots: dict[str, TimestampReader] = field(default_factory=dict)
    late_by: "dict[str, array[float]]" = field(default_factory=dict)
    first_at: float = 0.0
    last_at: float = 0.0
    steps_s: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0

    def step(self, name: str) -> None:
        """Note when something was first told, since the wish."""
        self.steps_s.setdefault(name, time.monotonic() - self.asked_at)

    def receive_text(self, slot: str, text: str, *, again: bool = False) -> None:
        """Take text of one slot; `again` when it begins at the slot's start and may be known in part."""
        now = time.monotonic()
        stamps = self.slots.get(slot)
        if stamps is None:
            stamps = self.slots[slot] = TimestampReader()
            self.late_by[slot] = array("f")
        late = self.late_by[slot]
        words = text.split()[stamps.count if again else 0 :]
        for word in words:
            if word in SLOT_BY_WORD:
                late.append(now - stamps.read(word, now))
        if words:
            self.first_at = self.first_at or now
            self.last_at = now

    @property
    def tokens(self) -> int:
        """How many tokens came in."""
        return sum(stamps.count for stamps in self.slots.values())

    @property
    def slowest_s(self) -> float:
        """How long the slowest provider took, from its first piece, sent when it was asked, to its last."""
        return max((stamps.last_s - stamps.first_s for stamps in self.slots.values()), default=0.0)


@dataclass(slots=True)
class Round:
    """What one round of a load showed of one unit."""

    ttft_s: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)
    stretch: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    steps_s: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    tokens: int = 0
    frames: int = 0
    bytes: int = 0
    failed: int = 0
    faults: list[str] = field(default_factory=list)
    wall_s: float = 0.0

    def note(self, shown: ObservedTurn, load: Load) -> None:
        """Take in one turn; one that did not show every token has failed."""
        self.tokens += shown.tokens
        self.frames += shown.frames
        self.bytes += shown.bytes
        if shown.tokens != load.slots * load.tokens:
            self.failed += 1
            counts = [stamps.count for stamps in shown.slots.values()]
            self.faults.append(f"tokens {counts} {', '.join(shown.faults)}".strip())
            return
        self.ttft_s.append(shown.first_at - shown.asked_at)
        self.total_s.append(shown.last_at - shown.asked_at)
        if shown.slowest_s:
            self.stretch.append((shown.last_at - shown.asked_at) / shown.slowest_s)
        for name, seconds in shown.steps_s.items():
            self.steps_s.setdefault(name, []).append(seconds)
        for late in shown.late_by.values():
            self.late_s.extend(late)

    @property
    def all_cpu_s(self) -> float:
        """Processor time of every part, stores included."""
        return sum(self.cpu_s.values())

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON document, its many latencies as quantiles in steps of a hundredth."""
        steps = [quantile(self.late_s, step / 200) for step in range(201)]
        return {**asdict(self), "late_s": steps}


async def run_load(load: Load, ask: Callable[[int], Awaitable[ObservedTurn]]) -> Round:
    """Put a unit under a load: `ask` asks as chat number so-and-so and returns when the turn is over."""
    found, began = Round(), time.monotonic()

    async def converse(place: int) -> None:
        await asyncio.sleep(load.spread_s * place / load.chats)
        try:
            found.note(await ask(place), load)
        except (TimeoutError, OSError) as error:
            found.failed += 1
            found.faults.append(f"{type(error).__name__} {error}".strip())

    for _ in range(load.repeats):
        await asyncio.gather(*(converse(place) for place in range(load.chats)))
        await asyncio.sleep(load.pause_s)
    found.wall_s = time.monotonic() - began
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies, 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def per_token(rounds: Iterable[Round], name: str) -> float:
    """Return how much of something there was for a token, in the middle one of some rounds."""
    return median(getattr(each, name) / max(1, each.tokens) for each in rounds)


def median(values: Iterable[float]) -> float:
    """Return the middle of some values, or 0 when there are none."""
    known = list(values)
    return statistics.median(known) if known else 0.0
