"""Distinct prompts for loads, dealt from a seeded generator: no two turns of a run ask the same."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from bench.turns.prompts.composed import compose_follow_up, compose_request, compose_sensitive
from bench.turns.prompts.recorded import LEAST_CHARS, MOST_CHARS, read_recorded, read_sensitive

SEED = 20261201
LANGUAGES = {"ko": 0.7, "en": 0.3}
# Lengths in characters, and how often a prompt is that long.
BANDS = {(LEAST_CHARS, 30): 0.3, (30, 60): 0.35, (60, 150): 0.2, (150, 280): 0.1, (280, MOST_CHARS): 0.05}
FOLLOW_UP_SHARE, SENSITIVE_SHARE, RECORDED_SHARE = 0.2, 0.08, 0.5
JUDGED = 60
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one turn asks; a follow-up stands in the conversation of its chat's turn before."""

    text: str
    is_follow_up: bool = False
    is_sensitive: bool = False


class PromptSource:
    """Deals prompts; the same seed and data deal the same ones in the same order."""

    def __init__(self, data: Path | None = None, seed: int = SEED) -> None:
        self._rng = Random(seed)
        recorded = read_recorded(data) if data else {}
        self._recorded = {band: self._shuffle(recorded, band) for band in BANDS}
        self._sensitive = read_sensitive(data) if data else []
        self._rng.shuffle(self._sensitive)
        self._dealt: dict[str, Prompt] = {}
        self._deals: dict[tuple[object, ...], list[Prompt]] = {}
        self._composed = 0

    def _shuffle(self, recorded: dict[str, list[str]], band: tuple[int, int]) -> dict[str, list[str]]:
        texts = {
            language: [text for text in found if band[0] <= len(text) < band[1]]
            for language, found in recorded.items()
        }
        for each in texts.values():
            self._rng.shuffle(each)
        return defaultdict(list, texts)

    def deal(self, count: int, *, key: tuple[object, ...]) -> list[Prompt]:
        """Return `count` prompts that were not dealt before; the same ones for the same key."""
        key = (*key, count)
        if key not in self._deals:
            self._deals[key] = [self._draw() for _ in range(count)]
        return self._deals[key]

    def _draw(self) -> Prompt:
        while True:
            prompt = self._try_to_draw()
            if LEAST_CHARS <= len(prompt.text) <= MOST_CHARS and prompt.text not in self._dealt:
                self._dealt[prompt.text] = prompt
                return prompt

    def _try_to_draw(self) -> Prompt:
        rng = self._rng
        language = _choose(rng, LANGUAGES)
        least, most = band = _choose(rng, BANDS)
        chars, kind = rng.randint(least, most), rng.random()
        if kind < SENSITIVE_SHARE:
            text = self._sensitive.pop() if self._sensitive and language == "ko" else ""
            return Prompt(text or compose_sensitive(rng, language, chars), is_sensitive=True)
        if kind < SENSITIVE_SHARE + FOLLOW_UP_SHARE:
            return Prompt(compose_follow_up(rng, language), is_follow_up=True)
        recorded = self._recorded[band][language]
        if recorded and rng.random() < RECORDED_SHARE:
            return Prompt(recorded.pop())
        self._composed += 1
        return Prompt(compose_request(rng, language, chars))

    def describe(self) -> dict[str, float]:
        """Return what was dealt: how many, their lengths, and the shares of their kinds."""
        prompts = list(self._dealt.values())
        lengths = sorted(len(each.text) for each in prompts) or [0]
        count = max(1, len(prompts))
        korean = sum(any("가" <= letter <= "힣" for letter in each.text) for each in prompts)
        return {
            "distinct prompts": len(prompts),
            "characters p10": lengths[len(lengths) // 10],
            "characters p50": lengths[len(lengths) // 2],
            "characters p90": lengths[len(lengths) * 9 // 10],
            "share in Korean": korean / count,
            "share of follow-ups": sum(each.is_follow_up for each in prompts) / count,
            "share drawn as gate-relevant": sum(each.is_sensitive for each in prompts) / count,
            "share of requests composed of phrases": self._composed / count,
            **_describe_verdicts(prompts[:JUDGED]),
        }


def _describe_verdicts(prompts: Sequence[Prompt]) -> dict[str, float]:
    """Return the share of the first prompts that the gate keeps ads away from, by its own verdict."""
    from language.sensitivity import judge_sensitivity

    verdicts = Counter(judge_sensitivity(each.text).verdict for each in prompts)
    return {f"share the gate blocks, of the first {len(prompts)}": verdicts["block"] / max(1, len(prompts))}


def _choose(rng: Random, weights: dict[Item, float]) -> Item:
    return rng.choices(list(weights), list(weights.values()))[0]
