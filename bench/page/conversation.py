"""A stored conversation of many turns with recorded prompts and answers."""

import itertools
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from bench.page.answers import RecordedPrompt, cut_pieces

if TYPE_CHECKING:
    from accounts.models import User
    from aggregator.models import Conversation, Turn

MODELS = ("model-0", "model-1", "model-2", "model-3")
SECONDS_A_TURN = 60


def store_conversation(owner: "User", prompts: list[RecordedPrompt], turns: int) -> uuid.UUID:
    """Store a conversation of so many turns, each with an answer of every model; return its id."""
    from django.utils import timezone

    from aggregator.models import Candidate, Conversation, Turn

    held = Conversation.objects.create(owner=owner, title="긴 대화", updated_at=timezone.now())
    rows = Turn.objects.bulk_create(
        _draft_turn(held, number, prompts[number % len(prompts)]) for number in range(1, turns + 1)
    )
    for earlier, turn in itertools.pairwise(rows):
        turn.parent = earlier
    candidates = Candidate.objects.bulk_create(
        Candidate(
            turn=turn,
            position=position,
            model=model,
            model_name=model.title(),
            vendor="vendor",
            status=Candidate.Status.DONE,
            text=text,
            finish_reason="stop",
            ttft_ms=300,
            duration_ms=8_000,
            output_tokens=len(cut_pieces(text)),
        )
        for turn in rows
        for position, (model, text) in enumerate(
            zip(MODELS, prompts[turn.number % len(prompts)].answers, strict=False)
        )
    )
    for place, turn in enumerate(rows):
        _rank(turn, [str(row.public_id) for row in candidates[place * len(MODELS) :][: len(MODELS)]])
        turn.answer_candidate = candidates[place * len(MODELS)]
    Turn.objects.bulk_update(rows, ["parent", "ranking", "answer_candidate"], batch_size=200)
    return held.public_id


def _draft_turn(conversation: "Conversation", number: int, recorded: RecordedPrompt) -> "Turn":
    from django.utils import timezone

    from aggregator.models import Turn

    return Turn(
        conversation=conversation,
        number=number,
        prompt=recorded.prompt,
        language="ko",
        strategy=Turn.Strategy.BEST,
        status=Turn.Status.DONE,
        route_reasons=["topic"],
        answer_kind="best",
        duration_ms=8_000,
        last_seq=40,
        closed_at=timezone.now() + timedelta(seconds=SECONDS_A_TURN * number),
    )


def _rank(turn: "Turn", candidates: list[str]) -> None:
    standings = [
        {"candidate": candidate, "score": 0.9 - place / 10, "reasons": ["agrees"], "group": place // 2}
        for place, candidate in enumerate(candidates)
    ]
    turn.ranking = {"standings": standings, "agreeing": 2, "compared": len(candidates)}
