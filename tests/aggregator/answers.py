"""Stored answers of models, as the picker's facts are computed from them."""

from django.utils import timezone

from accounts.models import User
from aggregator.models import Candidate, Conversation, Turn, Vote


def store_answers(person: User, model: str, *durations_ms: int, **fields: object) -> list[Candidate]:
    """Store a turn for each duration, which one model answered in this time."""
    conversation = Conversation.objects.create(owner=person, updated_at=timezone.now())
    values = {
        "model_name": model,
        "vendor": model,
        "status": Candidate.Status.DONE,
        "text": "답이에요.",
        "ttft_ms": 100,
        "output_tokens": 40,
        **fields,
    }
    return [
        Candidate.objects.create(
            turn=_store_turn(conversation, number), position=0, model=model, duration_ms=duration_ms, **values
        )
        for number, duration_ms in enumerate(durations_ms, 1)
    ]


def store_votes(person: User, winner: str, loser: str, *, topic: str, votes: int) -> None:
    """Store turns on a topic that two models answered, each with a vote of the person for one of them."""
    for candidate in store_answers(person, winner, *[1_000] * votes):
        turn = candidate.turn
        Turn.objects.filter(pk=turn.pk).update(route={"topic": topic})
        Candidate.objects.create(
            turn=turn,
            position=1,
            model=loser,
            model_name=loser,
            vendor=loser,
            status=Candidate.Status.DONE,
            text="답이에요.",
        )
        Vote.objects.create(turn=turn, candidate=candidate, voter=person)


def _store_turn(conversation: Conversation, number: int) -> Turn:
    return Turn.objects.create(
        conversation=conversation,
        number=number,
        prompt="무엇이든",
        language="ko",
        status=Turn.Status.DONE,
        closed_at=timezone.now(),
    )
