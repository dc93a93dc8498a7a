"""Loops planted behind recorded answers, and how many stops of answers that do not loop are false."""

import gzip
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aggregator.pipeline.panel.repetition import (
    RepetitionDetector,
    count_letters,
    cut_loop,
    mask_counter,
    read_repetition_context,
)
from bench.report import Report
from bench.settling.patterns import SONGS, TABLES

EXACT = ("sentence", "line", "paragraph", "list_entry", "few_tokens", "no_blanks")
# Of ten loops, three have copies that differ in a word.
NEAR = ("near_sentence", "near_entry")
COPIES, MIN_PROSE_CHARS = 60, 120
# One word of so many may change.
MIN_NEAR_WORDS = 10
# A few tokens count as one unit as often as it takes to have the letters of a short sentence.
UNIT_LETTERS = 24
# A stop is right if less than this share of what followed is new text, and the unit came this often.
NEW_TEXT_SHARE, MIN_REAL_COPIES = 0.5, 4
SHINGLE_CHARS = 12
SENTENCE = re.compile(r"[^\n.!?。]{12,200}[.!?。](?=\s|$)")
SET_NAMES = ("ko_arena", "alpaca_eval", "wildbench")


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer of a recorded model to a prompt, which may be missing."""

    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A unit with what stands before it, its copies, and its shortest form, of which it may be made."""

    first: str
    copies: tuple[str, ...]
    shortest: str


@dataclass(frozen=True, slots=True)
class PlantedLoop:
    """A loop behind the beginning of an answer."""

    kind: str
    prompt: str
    head: str
    loop: Repeated

    @property
    def text(self) -> str:
        """The whole text."""
        return self.head + self.loop.first + "".join(self.loop.copies)

    def measure(self, repeats: int) -> int:
        """Return after how many characters this many repeats have ended."""
        return len(self.head) + len(self.loop.first) + sum(map(len, self.loop.copies[:repeats]))


def read_answers(data: Path, seed: int) -> list[RecordedAnswer]:
    """Return all recorded open answers in an order that follows from the seed."""
    answers = []
    for name in SET_NAMES:
        path = data / "open_answers" / f"{name}.jsonl.gz"
        if not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                answers += [
                    RecordedAnswer(row.get("prompt") or "", candidate["text"])
                    for candidate in row["candidates"]
                    if candidate["text"]
                ]
    random.Random(seed).shuffle(answers)
    return answers


def stream(text: str, prompt: str, chances: random.Random) -> int | None:
    """Stream a text in small pieces; returns after how many characters it was found to loop."""
    detector, at = RepetitionDetector(read_repetition_context(prompt)), 0
    while at < len(text):
        size = chances.randint(1, 8)
        if detector.extend(text[at : at + size]):
            return min(len(text), at + size)
        at += size
    return None


def list_kinds(text: str) -> set[str]:
    """Return which of code, table, list and song a text holds."""
    kinds = set()
    if "```" in text:
        kinds.add("code")
    if re.search(r"^\|.*\|.*\|\s*$", text, re.M):
        kinds.add("table")
    if len(re.findall(r"^\s*(?:[-*•]|\d+[.)])\s", text, re.M)) >= 3:
        kinds.add("list")
    if re.search(r"chorus|verse \d|후렴|\b1절", text, re.I):
        kinds.add("song")
    return kinds


def is_real_loop(text: str, stopped: int) -> bool:
    """Return whether a stopped answer went on to repeat what it had written, measured by its shingles."""
    masked = "\n".join(mask_counter(line) for line in text.split("\n"))
    start = len("\n".join(mask_counter(line) for line in text[:stopped].split("\n")))
    shingles = [masked[i : i + SHINGLE_CHARS] for i in range(len(masked) - SHINGLE_CHARS + 1)]
    seen, new = set(shingles[:start]), 0
    for shingle in shingles[start:]:
        new += shingle not in seen
        seen.add(shingle)
    if new > NEW_TEXT_SHARE * max(1, len(shingles) - start):
        return False
    unit = masked[max(0, start - SHINGLE_CHARS) : start]
    return masked.count(unit) >= MIN_REAL_COPIES


def _last_sentence(text: str) -> str:
    found = SENTENCE.findall(text)
    return found[-1].strip() if found else ""


def _repeat(piece: str) -> Repeated:
    return Repeated(piece, (piece,) * COPIES, piece)


def _repeat_entry(unit: str, chances: random.Random) -> Repeated:
    start, mark = chances.randint(1, 30), chances.choice((". ", ") ", ". **"))
    entries = tuple(f"\n{start + number}{mark}{unit}" for number in range(COPIES + 1))
    return Repeated(entries[0], entries[1:], entries[0])


def _repeat_tokens(unit: str, chances: random.Random) -> Repeated:
    words = [word for word in unit.split() if count_letters(word)]
    at = chances.randrange(max(1, len(words) - 2))
    phrase = " " + " ".join(words[at : at + chances.randint(1, 3)])
    return replace(_repeat(phrase * -(-UNIT_LETTERS // max(1, count_letters(phrase)))), shortest=phrase)


def _change_word(words: Sequence[str], others: Sequence[str], chances: random.Random) -> str:
    """Return a sentence with a word left out, put in or replaced by another of the answer."""
    changed, at = list(words), chances.randrange(1, len(words) - 1)
    how = chances.choice(("out", "in", "other"))
    if how == "out":
        del changed[at]
    elif how == "in":
        changed.insert(at, chances.choice(others))
    else:
        changed[at] = chances.choice(others)
    return " ".join(changed)


def _repeat_nearly(kind: str, head: str, unit: str, chances: random.Random) -> Repeated:
    """Return copies of a sentence of which no two in a row are the same."""
    words, others = unit.split(), [word for word in head.split() if word.isalpha()]
    start = chances.randint(1, 30)
    copies = [unit]
    while len(copies) <= COPIES:
        copy = _change_word(words, others, chances)
        if copy != copies[-1]:
            copies.append(copy)
    entries = tuple(
        f"\n{start + number}. {copy}" if kind == "near_entry" else f" {copy}"
        for number, copy in enumerate(copies)
    )
    return Repeated(entries[0], entries[1:], entries[0])


def _repeat_paragraph(head: str, unit: str) -> Repeated:
    return _repeat("\n\n" + " ".join([*(each.strip() for each in SENTENCE.findall(head)[-3:]), unit]))


def _can_change(head: str, unit: str) -> bool:
    """Return whether a sentence stays nearly the same with a word changed, and is prose without figures."""
    words = unit.split()
    return (
        len(words) >= MIN_NEAR_WORDS
        and sum(word.isalpha() for word in head.split()) >= MIN_NEAR_WORDS
        and not re.search(r"[\d|`={}<>\\/^:*]", unit)
    )


def make_loop(kind: str, head: str, unit: str, chances: random.Random) -> Repeated:
    """Return the loop of a kind that follows the beginning of an answer, made of its next sentence."""
    if kind in NEAR:
        return _repeat_nearly(kind, head, unit, chances)
    if kind == "paragraph":
        return _repeat_paragraph(head, unit)
    if kind == "list_entry":
        return _repeat_entry(unit, chances)
    if kind == "few_tokens":
        return _repeat_tokens(unit, chances)
    if kind == "no_blanks":
        return _repeat(re.sub(r"\s", "", unit))
    return _repeat(("\n" if kind == "line" else " ") + unit)


def asks_copies(answer: RecordedAnswer) -> bool:
    """Return whether a prompt asks for verse or repetition, or its answer marks a refrain."""
    detector = RepetitionDetector(read_repetition_context(answer.prompt))
    detector.extend(answer.text)
    return detector.context.is_requested or detector.context.is_verse


def plant_loops(answers: list[RecordedAnswer], count: int, seed: int) -> Iterator[PlantedLoop]:
    """Yield loops of each kind in turn, behind answers that have prose with enough letters.

    Songs and poems are left out, where a line that comes three times is no loop.
    """
    chances = random.Random(seed)
    kinds = [
        NEAR[index % len(NEAR)] if index % 10 in {2, 5, 8} else EXACT[index % len(EXACT)]
        for index in range(count)
    ]
    for answer in answers:
        if not kinds:
            return
        prose = answer.text.split("```")[0].rstrip()
        unit = _last_sentence(prose)
        if asks_copies(answer) or len(prose) < MIN_PROSE_CHARS or count_letters(unit) < UNIT_LETTERS:
            continue
        head = prose[: prose.rindex(unit)].rstrip()
        if kinds[0] in NEAR and not _can_change(head, unit):
            continue
        kind = kinds.pop(0)
        yield PlantedLoop(kind, answer.prompt, head, make_loop(kind, head, unit, chances))


@dataclass(frozen=True, slots=True)
class EndedLoop:
    """A planted loop, the repeat in which it ended, and whether it was cut after the first copy."""

    loop: PlantedLoop
    repeat: int | None
    is_cut_right: bool


def judge_loops(loops: list[PlantedLoop], seed: int) -> list[EndedLoop]:
    """Return how the loops end."""
    chances, ended = random.Random(seed), []
    for loop in loops:
        stopped = stream(loop.text, loop.prompt, chances)
        repeats = range(1, len(loop.loop.copies) + 1)
        repeat = next((each for each in repeats if stopped and stopped <= loop.measure(each)), None)
        first = (loop.head + loop.loop.shortest).strip()
        is_cut = stopped is not None and cut_loop(loop.text[:stopped]).strip() == first
        ended.append(EndedLoop(loop, repeat, is_cut))
    return ended


def judge_answers(answers: list[RecordedAnswer], seed: int) -> tuple[list[RecordedAnswer], int]:
    """Return the answers that were stopped although they do not loop, and how many really loop."""
    chances = random.Random(seed)
    false, real = [], 0
    for answer in answers:
        stopped = stream(answer.text, answer.prompt, chances)
        if stopped is None:
            continue
        if is_real_loop(answer.text, stopped):
            real += 1
        else:
            false.append(answer)
    return false, real


def measure_microseconds(answers: list[RecordedAnswer]) -> float:
    """Return the time that a character costs, in pieces of six."""
    detector, chars, started = RepetitionDetector(), 0, time.perf_counter()
    for answer in answers:
        for at in range(0, len(answer.text), 6):
            detector.extend(answer.text[at : at + 6])
        chars += len(answer.text)
    return (time.perf_counter() - started) / max(1, chars) * 1e6


def _share(judged: Sequence[bool]) -> float:
    return sum(judged) / max(1, len(judged))


def _share_ended(ended: Sequence[EndedLoop], repeats: int) -> float:
    return _share([each.repeat is not None and each.repeat <= repeats for each in ended])


def report_loops(report: Report, data: Path, *, is_quick: bool) -> None:
    """Print and record how planted loops, real answers and texts with intended repetition are judged."""
    answers = read_answers(data, seed=15)
    planted = list(plant_loops(answers, 60 if is_quick else 200, seed=15))
    real = answers[: 300 if is_quick else 2_000]
    ended = judge_loops(planted, seed=15)
    exact = [each for each in ended if each.loop.kind in EXACT]
    near = [each for each in ended if each.loop.kind in NEAR]
    false, looping = judge_answers(real, seed=15)
    written = [RecordedAnswer("노래 가사를 알려 줘", song) for song in SONGS]
    written += [RecordedAnswer("표로 보여 줘", table) for table in TABLES]
    false_written = [each for each in written if stream(each.text, each.prompt, random.Random(15))]
    kinds = Counter(kind for answer in real for kind in list_kinds(answer.text))
    print(f"{len(planted)} planted loops, by kind: {dict(Counter(loop.kind for loop in planted))}")
    for name, each in (("copies", exact), ("near copies", near)):
        print(f"  {name} end in repeat: {dict(Counter(loop.repeat for loop in each))}")
    print(f"{len(real)} real answers ({dict(kinds)}): {looping} loop themselves, {len(false)} false stops")
    print(f"{len(written)} songs, tables, code and drawings: {len(false_written)} false stops")
    report.at_least("loops_ended_within_two_repeats", _share_ended(exact, 2), 1.0)
    report.at_least("near_loops_ended_within_two_repeats", _share_ended(near, 2), 0.8)
    report.at_least("near_loops_ended_within_four_repeats", _share_ended(near, 4), 0.95)
    report.at_least("loops_cut_after_first_copy", _share([each.is_cut_right for each in exact]), 0.95)
    report.at_least("near_loops_cut_after_first_copy", _share([each.is_cut_right for each in near]), 0.8)
    report.at_most("false_stops", len(false), 0)
    report.at_most("false_stops_of_written_repetition", len(false_written), 0)
    report.at_most("microseconds_a_character", measure_microseconds(real[:300]), 4.0)
