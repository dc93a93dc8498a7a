"""Turns of recorded answers on simulated time, settled by the function that live turns call."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator.pipeline.panel.settling import Ended, SettlingWeights, Writer, is_settled
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question, Ranking
from aggregator.training.recordings import NO_ANSWER, RecordedSet, read_recorded_sets
from language.detect import detect_language

# Characters a second by a part of a model's name, the first that fits; recorded sets have no times.
SPEEDS = (
    (("405b", "opus", "large"), 100.0), (("mini", "flash", "haiku", "nano", "8b", "7b", "9b", "2b"), 380.0),
    (("70b", "72b", "34b", "8x", "plus"), 180.0), (("",), 260.0),
)  # fmt: skip
SPEED_SPREAD, FIRST_TEXT_SECONDS = 0.3, (0.3, 1.5)
PANEL_SIZES, TICK_SECONDS, DEADLINE_SECONDS = (2, 3, 3, 4, 5), 0.5, 180.0


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """A recorded answer with what it is worth and when it is written."""

    draft: Draft
    worth: float
    chars: int
    first_text_s: float
    writing_s: float

    @property
    def ends_s(self) -> float:
        """When it ends, from the beginning of the turn."""
        return self.first_text_s + self.writing_s


@dataclass(frozen=True, slots=True)
class SimulatedTurn:
    """A question and the answers of its panel."""

    item: str
    question: Question
    answers: tuple[SimulatedAnswer, ...]
    is_short: bool


@dataclass(frozen=True, slots=True)
class SettledTurn:
    """When a turn was settled and what its answer is worth, beside those of waiting for all."""

    seconds: float
    winner_seconds: float
    all_seconds: float
    worth: float
    worth_of_all: float


@dataclass(frozen=True, slots=True)
class Item:
    """A question with recorded answers: model, text, worth and length of each."""

    name: str
    prompt: str
    candidates: tuple[tuple[str, str, float, int], ...]
    is_short: bool


def _read_short(recorded: RecordedSet) -> Iterator[Item]:
    for row in recorded.rows:
        lengths = recorded.chars.get(row["id"])
        if not lengths or not row["question"]:
            continue
        found = tuple(
            (
                model,
                row[model].removeprefix("n"),
                float(row[model] == row["gold"]),
                int(float(lengths[model])),
            )
            for model in recorded.models
            if row[model] not in NO_ANSWER and lengths.get(model)
        )
        yield Item(f"{recorded.name}/{row['id']}", row["question"], found, is_short=True)


def _read_open(path: Path) -> Iterator[Item]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found = tuple(
                (each["model"], each["text"], float(each["utility"]), len(each["text"]))
                for each in row["candidates"]
                if each["text"] and each["model"] != "NullModel"
            )
            yield Item(f"{path.stem}/{row['id']}", row.get("prompt") or "", found, is_short=False)


def read_items(data: Path) -> list[Item]:
    """Return every question with recorded lengths."""
    items = [item for recorded in read_recorded_sets(data) for item in _read_short(recorded)]
    for path in sorted((data / "open_answers").glob("*.jsonl.gz")):
        items += _read_open(path)
    return [item for item in items if len(item.candidates) >= max(PANEL_SIZES)]


def measure_standings(items: Sequence[Item]) -> dict[tuple[str, str], float]:
    """Return each model's mean worth by set, as its public quality."""
    worths: dict[tuple[str, str], list[float]] = {}
    for item in items:
        for model, _, worth, _ in item.candidates:
            worths.setdefault((item.name.split("/")[0], model), []).append(worth)
    return {key: sum(values) / len(values) for key, values in worths.items()}


def _speed_of(model: str) -> float:
    return next(speed for parts, speed in SPEEDS if any(part in model.lower() for part in parts))


def simulate_turns(
    items: Sequence[Item], standings: dict[tuple[str, str], float], count: int, *, is_short: bool, seed: int
) -> Iterator[SimulatedTurn]:
    """Yield turns of panels of models that are about equally good, at seeded speeds."""
    chances = random.Random(seed)
    pool = [item for item in items if item.is_short == is_short]
    for _ in range(count):
        item = chances.choice(pool)
        name = item.name.split("/")[0]
        known = [each for each in item.candidates if (name, each[0]) in standings]
        known.sort(key=lambda each: -standings[name, each[0]])
        size = chances.choice(PANEL_SIZES)
        start = chances.randrange(max(1, len(known) - 2 * size))
        chosen = chances.sample(known[start : start + 2 * size], min(size, len(known)))
        answers = tuple(
            _simulate(f"c{number}", standings[name, each[0]], each, chances, is_short=is_short)
            for number, each in enumerate(chosen)
        )
        yield SimulatedTurn(item.name, Question(item.prompt, detect_language(item.prompt)), answers, is_short)


def _simulate(
    name: str,
    standing: float,
    candidate: tuple[str, str, float, int],
    chances: random.Random,
    *,
    is_short: bool,
) -> SimulatedAnswer:
    model, text, worth, chars = candidate
    speed = _speed_of(model) * chances.lognormvariate(0, SPEED_SPREAD)
    shown = f"The answer is {text}." if is_short else text
    draft = Draft(name, model, model, standing, shown)
    return SimulatedAnswer(
        draft, worth, chars, chances.uniform(*FIRST_TEXT_SECONDS), max(0.05, chars / speed)
    )


def list_moments(turn: SimulatedTurn) -> Iterator[tuple[float, list[SimulatedAnswer]]]:
    """Yield the ends of answers and the ticks between, each with the answers that have ended by then."""
    order = sorted(turn.answers, key=lambda answer: answer.ends_s)
    for number, answer in enumerate(order, 1):
        moment = answer.ends_s
        following = order[number].ends_s if number < len(order) else moment
        while True:
            yield moment, order[:number]
            moment += TICK_SECONDS
            if moment >= following:
                break


def rank_ended(turn: SimulatedTurn, ended: Sequence[SimulatedAnswer]) -> Ranking:
    """Return the live ranking of the answers that have ended, in the panel's order."""
    names = {answer.draft.candidate for answer in ended}
    return rank(turn.question, [answer.draft for answer in turn.answers if answer.draft.candidate in names])


def view_at(
    turn: SimulatedTurn, ended: Sequence[SimulatedAnswer], moment: float
) -> tuple[list[Ended], list[Writer]]:
    """Return what a live turn knows of its candidates at a moment."""
    done = [Ended(answer.draft, answer.chars, answer.writing_s) for answer in ended]
    writers = [watch(answer, moment) for answer in turn.answers if answer not in ended]
    return done, writers


def watch(answer: SimulatedAnswer, moment: float) -> Writer:
    """Return what a live turn knows of a candidate that is being written."""
    writing = max(0.0, moment - answer.first_text_s)
    chars = round(answer.chars * min(1.0, writing / answer.writing_s))
    return Writer(answer.draft.standing, chars, moment, writing, max(0.0, DEADLINE_SECONDS - moment))


def settle(turn: SimulatedTurn, weights: SettlingWeights) -> SettledTurn:
    """Return how a turn ends under the weights."""
    last = max(answer.ends_s for answer in turn.answers)
    by_name = {answer.draft.candidate: answer for answer in turn.answers}
    all_best = by_name[rank_ended(turn, turn.answers).standings[0].candidate]
    known, ranking = 0, None
    for moment, ended in list_moments(turn):
        if len(ended) != known or ranking is None:
            ranking, known = rank_ended(turn, ended), len(ended)
        if _is_settled(turn, ranking, ended, moment, weights):
            best = by_name[ranking.standings[0].candidate]
            return SettledTurn(moment, best.ends_s, last, best.worth, all_best.worth)
    return SettledTurn(last, all_best.ends_s, last, all_best.worth, all_best.worth)


def _is_settled(
    turn: SimulatedTurn,
    ranking: Ranking,
    ended: Sequence[SimulatedAnswer],
    moment: float,
    weights: SettlingWeights,
) -> bool:
    """Return whether a live turn is settled: one that votes where answers are right or wrong."""
    done, writers = view_at(turn, ended, moment)
    return is_settled(
        ranking, done, writers, is_votable=turn.is_short, is_combined=turn.is_short, weights=weights
    )
