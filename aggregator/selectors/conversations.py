"""Reads of conversations: each in a known number of queries, and a turn's events rebuilt from its rows."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Prefetch, Q, QuerySet, Sum

from aggregator.domain import events
from aggregator.domain.calendar_day import start_of_day
from aggregator.domain.exchange import Exchange
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.models import ApiKey, Candidate, Conversation, Turn, Usage, Vote

PAGE_SIZE = 30
TURNS_SHOWN = 60
CURSOR_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of the sidebar, and the cursor that fetches the next one ('' at the end)."""

    conversations: list[Conversation]
    next_cursor: str


def list_conversations(owner: AbstractBaseUser | None, cursor: str = "") -> ConversationPage:
    """Return the owner's conversations, the latest first, in one query; those of programs are left out."""
    if owner is None:
        return ConversationPage([], "")
    held_here = Conversation.objects.filter(owner_id=owner.pk, origin=Conversation.Origin.PAGE)
    rows = held_here.order_by("-updated_at", "-id")
    place = _read_cursor(cursor)
    if place:
        rows = rows.filter(Q(updated_at__lt=place[0]) | Q(updated_at=place[0], id__lt=place[1]))
    page = list(rows[: PAGE_SIZE + 1])
    more = len(page) > PAGE_SIZE
    page = page[:PAGE_SIZE]
    return ConversationPage(page, f"{page[-1].updated_at.isoformat()}~{page[-1].pk}" if more else "")


def list_api_conversations(owner: AbstractBaseUser) -> "QuerySet[Conversation]":
    """Return the conversations that a person's programs opened by the public API."""
    return Conversation.objects.filter(owner_id=owner.pk, origin=Conversation.Origin.API)


def _read_cursor(cursor: str) -> tuple[dt.datetime, int] | None:
    moment, _, row = cursor.partition("~")
    try:
        place = dt.datetime.fromisoformat(moment), int(row)
    except ValueError:
        return None
    # One at the edge of the calendar has no moment in every zone, nor one without a zone in any.
    return place if place[0].tzinfo and place[0].year in CURSOR_YEARS else None


def find_conversation(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Conversation | None:
    """Return the owner's conversation, or None when there is no such one or it is another's."""
    if owner is None:
        return None
    return Conversation.objects.filter(owner_id=owner.pk, public_id=public_id).first()


def find_turn(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Turn | None:
    """Return the owner's turn with its conversation, or None."""
    if owner is None:
        return None
    return (
        Turn.objects.select_related("conversation")
        .filter(public_id=public_id, conversation__owner_id=owner.pk)
        .first()
    )


def list_replaced_running(turn: Turn) -> list[Turn]:
    """Return the turns that run still though this one has taken their place."""
    return list(Turn.objects.filter(replaced_by=turn, status=Turn.Status.RUNNING))


def find_candidate(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Candidate | None:
    """Return the owner's candidate with its turn and conversation, or None."""
    if owner is None:
        return None
    return (
        Candidate.objects.select_related("turn__conversation")
        .filter(public_id=public_id, turn__conversation__owner_id=owner.pk)
        .first()
    )


def find_api_key(digest: str) -> ApiKey | None:
    """Return the key with its owner, or None when it was never made, is revoked or its owner is shut out."""
    return (
        ApiKey.objects.select_related("owner")
        .filter(digest=digest, revoked_at=None, owner__is_active=True)
        .first()
    )


def find_own_api_key(owner: AbstractBaseUser, public_id: uuid.UUID) -> ApiKey | None:
    """Return one of a person's keys, or None."""
    return ApiKey.objects.filter(owner_id=owner.pk, public_id=public_id).first()


def list_api_keys(owner: AbstractBaseUser) -> list[ApiKey]:
    """Return a person's keys, the newest first, revoked ones last."""
    keys = ApiKey.objects.filter(owner_id=owner.pk)
    return list(keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")[:100])


def list_turns(conversation: Conversation, before: int | None = None) -> list[Turn]:
    """Return the latest turns of a conversation in order, replaced ones included, in three queries.

    Those before a number where one is given; turns are numbered from 1 without a gap.
    """
    turns = Turn.objects.filter(conversation=conversation).order_by("-number")
    if before is not None:
        turns = turns.filter(number__lt=before)
    newest = with_related(turns)[:TURNS_SHOWN]
    return sorted(newest, key=lambda turn: turn.number)


def _current_turns(conversation: Conversation) -> "QuerySet[Turn]":
    ended = Turn.objects.filter(conversation=conversation, replaced_by=None)
    return ended.exclude(status=Turn.Status.RUNNING)


def list_current_turns(conversation: Conversation, most: int) -> list[Turn]:
    """Return the latest turns that have ended and that none replaced, in order, in three queries."""
    newest = with_related(_current_turns(conversation).order_by("-number"))[:most]
    return sorted(newest, key=lambda turn: turn.number)


def count_current_turns(conversation: Conversation, *, before: Turn) -> int:
    """Return how many such turns came before one."""
    return _current_turns(conversation).filter(number__lt=before.number).count()


def with_related(turns: "QuerySet[Turn]") -> "QuerySet[Turn]":
    """Return turns with all that `replay` reads of them."""
    return turns.select_related("conversation", "answer_candidate", "replaced_by").prefetch_related(
        Prefetch("candidates", Candidate.objects.order_by("position")), Prefetch("votes", Vote.objects.all())
    )


def list_exchanges(conversation: Conversation, before: Turn) -> tuple[Exchange, ...]:
    """Return what was asked and answered before a turn, replaced turns left out, in one query."""
    if conversation.pk is None or before.number == 1:
        return tuple(Exchange(prompt, answer) for prompt, answer in conversation.given_history)
    turns = Turn.objects.filter(conversation=conversation, replaced_by=None)
    # A turn that is being stored has no number yet, and comes after all others.
    earlier = turns.exclude(public_id=before.public_id)
    turns = (
        (earlier.filter(number__lt=before.number) if before.number else earlier)
        .select_related("answer_candidate", "continued_with")
        .order_by("-number")[:TURNS_SHOWN]
    )
    # Whoever went on with another answer means that one.
    pairs = (
        (turn, turn.continued_with.text if turn.continued_with else answer_text_of(turn))
        for turn in reversed(turns)
    )
    given = (Exchange(prompt, answer) for prompt, answer in conversation.given_history)
    return (*given, *(Exchange(turn.prompt, answer) for turn, answer in pairs if answer))


def answer_text_of(turn: Turn) -> str:
    """Return the text that stands as the turn's answer."""
    if turn.answer_text or turn.answer_candidate is None:
        return turn.answer_text
    return turn.answer_candidate.text


def spent_today() -> int:
    """Return what all models have cost since midnight in Korea, in micros of won."""
    total = Usage.objects.filter(created_at__gte=start_of_day()).aggregate(total=Sum("cost_micros"))["total"]
    return int(total or 0)


def spent_between(start: dt.datetime, end: dt.datetime) -> int:
    """Return what all models have cost from one moment to another, in micros of won."""
    spent = Usage.objects.filter(created_at__gte=start, created_at__lt=end)
    return int(spent.aggregate(total=Sum("cost_micros"))["total"] or 0)


def tokens_of(turn: Turn) -> tuple[int, int] | None:
    """Return the tokens that all calls of a turn read and wrote, or None until the turn is kept."""
    kept = Usage.objects.filter(turn_id=turn.pk, turn__closed_at__isnull=False)
    totals = kept.aggregate(read=Sum("input_tokens"), written=Sum("output_tokens"))
    return None if totals["read"] is None else (int(totals["read"]), int(totals["written"]))


def costs_of(turn: Turn) -> dict[uuid.UUID, int]:
    """Return what each call cost that is booked for a turn, by its id."""
    return dict(Usage.objects.filter(turn_id=turn.pk).values_list("call_id", "cost_micros"))


def rebuild_events(turn: Turn) -> list[events.Event]:
    """Return events that leave the same state as those the turn emitted; needs a turn of `with_parts`."""
    return build_snapshot_events(build_turn_state(turn))


def build_turn_state(turn: Turn) -> TurnState:
    """Return the state that a turn's rows hold; needs a turn of `with_parts`."""
    is_running = turn.status == Turn.Status.RUNNING
    placement = turn.placement
    return TurnState(
        turn=str(turn.public_id),
        conversation=str(turn.conversation.public_id),
        prompt=turn.prompt,
        attempt=turn.attempt,
        strategy=turn.strategy if turn.route_reasons else "",
        reasons=tuple(turn.route_reasons),
        topic=turn.route.get("topic", ""),
        expected_quality=turn.route.get("quality"),
        expected_micros=turn.route.get("cost_micros"),
        candidates={} if turn.answer_kind == "help" else _candidates_of(turn),
        supports=tuple(events.read_support(row) for row in turn.supports),
        leader=turn.leader,
        ranking=_ranking_of(turn),
        claims=tuple(events.read_claim(row) for row in turn.claims),
        answer_kind=turn.answer_kind,
        answer_candidate=str(turn.answer_candidate.public_id) if turn.answer_candidate else "",
        answer_model=turn.answer_model,
        answer_text=turn.answer_text,
        answer_cost_micros=turn.answer_cost_micros,
        answers_begun=int(is_running and turn.answer_kind == "fused"),
        answer_is_finished=bool(turn.answer_kind) and not (is_running and turn.answer_kind == "fused"),
        status=turn.status,
        error=turn.error,
        title="" if is_running else turn.conversation.title,
        duration_ms=turn.duration_ms,
        cost_micros=turn.cost_micros,
        placement=None
        if placement is None
        else events.PlacementMade(placement.get("ad"), placement.get("reason", "")),
    )


def _candidates_of(turn: Turn) -> dict[str, CandidateState]:
    return {str(row.public_id): _candidate_state(row) for row in turn.candidates.all()}


def _ranking_of(turn: Turn) -> events.RankingMade | None:
    if not turn.ranking:
        return None
    ranking = events.decode({"type": events.RankingMade.type, **turn.ranking})
    return ranking if isinstance(ranking, events.RankingMade) else None


def _candidate_state(row: Candidate) -> CandidateState:
    return CandidateState(
        candidate=str(row.public_id),
        model=row.model,
        name=row.model_name,
        vendor=row.vendor,
        status=row.status,
        attempt=row.attempt,
        text=row.text,
        finish_reason=row.finish_reason,
        error=row.error,
        ttft_ms=row.ttft_ms,
        duration_ms=row.duration_ms,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost_micros=row.cost_micros,
        stands_in_for=str(row.stands_in_for or ""),
    )
