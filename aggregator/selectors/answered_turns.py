"""Reads finished turns that several models answered, which weights learn from without labels."""

from dataclasses import dataclass

from django.db.models import Prefetch

from aggregator.models import Candidate, Turn


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """One model's answer in a turn."""

    model: str
    vendor: str
    text: str
    cost_micros: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class AnsweredTurn:
    """A prompt without a conversation before it, and the answers of different models to it."""

    prompt: str
    language: str
    answers: tuple[TurnAnswer, ...]


def list_answered_turns(newest: int) -> list[AnsweredTurn]:
    """Return those of the newest finished turns that have two whole answers or more, the oldest first."""
    kept = Candidate.objects.filter(status=Candidate.Status.DONE, finish_reason="stop").exclude(text="")
    # A prompt that follows others may not be understood without them.
    turns = (
        Turn.objects.filter(status=Turn.Status.DONE, parent=None).order_by("-pk").only("prompt", "language")
    )
    rows = turns.prefetch_related(Prefetch("candidates", queryset=kept, to_attr="whole_answers"))[:newest]
    found = [_read_turn(turn) for turn in reversed(rows)]
    return [turn for turn in found if len(turn.answers) > 1]


def _read_turn(turn: Turn) -> AnsweredTurn:
    rows: list[Candidate] = turn.whole_answers  # type: ignore[attr-defined]
    # Of two answers of one model the last counts.
    by_model = {
        row.model: TurnAnswer(row.model, row.vendor, row.text, row.cost_micros, row.duration_ms)
        for row in sorted(rows, key=lambda row: row.position)
    }
    return AnsweredTurn(turn.prompt, turn.language, tuple(by_model.values()))
