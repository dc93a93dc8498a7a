"""The loads that units are put under, and what one round of a load measures."""

import asyncio
import statistics
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.turns.prompts.source import Prompt
from testing.provider.timestamps import SLOT_BY_WORD, TimestampReader


@dataclass(frozen=True, slots=True)
class Load:
    """Concurrent chats, begun within `spread_s` seconds, each of `panel_size` models and `tokens` tokens.

    With `is_automatic` the site chooses the panel among as many models on offer.
    """

    name: str
    chats: int
    panel_size: int = 4
    tokens: int = 20
    rate: float = 50.0
    spread_s: float = 0.0
    repeats: int = 1
    # Work that a site does after the end of a turn must not delay the next one.
    pause_s: float = 0.0
    is_automatic: bool = False

    @property
    def model(self) -> str:
        """The model name, which tells the provider what to answer."""
        return f"stamps:{self.tokens}@{self.rate:g}"

    def faulty(self, fault: str) -> str:
        """The name of a model whose stream fails after a quarter of its tokens."""
        return f"{self.model}!{fault}@{self.tokens // 4}"

    @property
    def turns(self) -> int:
        """The turns of one round."""
        return self.chats * self.repeats

    @property
    def models(self) -> list[str]:
        """The model of each panel slot."""
        return [self.model] * self.panel_size


@dataclass(slots=True)
class ObservedTurn:
    """One turn as a client received it: text, lateness of tokens in seconds and times, by panel slot."""

    sent_at: float = field(default_factory=time.monotonic)
    slots: dict[str, TimestampReader] = field(default_factory=dict)
    late_by: "dict[str, array[float]]" = field(default_factory=dict)
    first_at: float = 0.0
    last_at: float = 0.0
    steps_s: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0
    # How many models were asked, if the site chose them.
    panel_size: int = 0
    # Whether help lines were shown in place of models' answers.
    is_help: bool = False

    def mark(self, name: str) -> None:
        """Record the seconds from the request to the first message of this name."""
        self.steps_s.setdefault(name, time.monotonic() - self.sent_at)

    def receive_text(self, slot: str, text: str, *, again: bool = False) -> None:
        """Add text of one slot; with `again` it starts at the beginning of the slot's answer."""
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
        """The tokens received."""
        return sum(stamps.count for stamps in self.slots.values())

    @property
    def slowest_s(self) -> float:
        """The duration of the slowest provider's stream, from its first token, sent at once, to its last."""
        return max((stamps.last_s - stamps.first_s for stamps in self.slots.values()), default=0.0)

    @property
    def span_s(self) -> float:
        """The time from the first token of any provider to the last one."""
        firsts = [stamps.first_s for stamps in self.slots.values()]
        return max((stamps.last_s for stamps in self.slots.values()), default=0.0) - min(firsts, default=0.0)


@dataclass(slots=True)
class Round:
    """The measurements of one round of a load on one unit; `stretch` is total time / slowest provider."""

    ttft_s: list[float] = field(default_factory=list)
    stretch: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    steps_s: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    tokens: int = 0
    frames: int = 0
    bytes: int = 0
    failed: int = 0
    helped: int = 0
    slots_total: int = 0
    faults: list[str] = field(default_factory=list)
    wall_s: float = 0.0

    def add(self, shown: ObservedTurn, load: Load) -> None:
        """Add one turn; it has failed if tokens are missing."""
        if shown.is_help:
            self.helped += 1
            return
        panel_size = shown.panel_size if load.is_automatic else load.panel_size
        self.slots_total += panel_size
        self.tokens += shown.tokens
        self.frames += shown.frames
        self.bytes += shown.bytes
        if not panel_size or shown.tokens != panel_size * load.tokens:
            self.failed += 1
            counts = [stamps.count for stamps in shown.slots.values()]
            self.faults.append(f"tokens {counts} {', '.join(shown.faults)}".strip())
            return
        self.ttft_s.append(shown.first_at - shown.sent_at)
        slowest_s = shown.span_s if load.is_automatic else shown.slowest_s
        if slowest_s:
            self.stretch.append((shown.last_at - shown.sent_at) / slowest_s)
        for name, seconds in shown.steps_s.items():
            self.steps_s.setdefault(name, []).append(seconds)
        for late in shown.late_by.values():
            self.late_s.extend(late)

    @property
    def all_cpu_s(self) -> float:
        """Processor time of all parts, stores included."""
        return sum(self.cpu_s.values())

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document, with the token lateness as 201 quantiles."""
        quantiles = [quantile(self.late_s, step / 200) for step in range(201)]
        return {**asdict(self), "late_s": quantiles}


async def run_load(
    load: Load, prompts: Sequence[Prompt], ask: Callable[[int, Prompt], Awaitable[ObservedTurn]]
) -> Round:
    """Run a load on a unit; `ask` runs one turn as the chat of this number and returns what it received."""
    found, began = Round(), time.monotonic()

    async def converse(chat: int, prompt: Prompt) -> None:
        await asyncio.sleep(load.spread_s * chat / load.chats)
        try:
            found.add(await ask(chat, prompt), load)
        except (TimeoutError, OSError) as error:
            found.failed += 1
            found.faults.append(f"{type(error).__name__} {error}".strip())

    for start in range(0, load.turns, load.chats):
        await asyncio.gather(*(converse(chat, prompts[start + chat]) for chat in range(load.chats)))
        await asyncio.sleep(load.pause_s)
    found.wall_s = time.monotonic() - began
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies, 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def per_token(rounds: Iterable[Round], name: str) -> float:
    """Return the median over rounds of a total per token."""
    return median(getattr(each, name) / max(1, each.tokens) for each in rounds)


def median(values: Iterable[float]) -> float:
    """Return the median, 0 for no values."""
    items = list(values)
    return statistics.median(items) if items else 0.0
