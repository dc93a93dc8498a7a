"""Writes of turns: draft, store, replace, reopen, stop and fail one."""

import contextlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.domain.sanitize import sanitize_text
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Conversation, Turn, Usage
from aggregator.selectors.branches import list_running_below
from aggregator.selectors.day_use import read_day_limit
from aggregator.services.conversations import draft_conversation, get_own_conversation
from aggregator.services.feedback import record_regenerate
from aggregator.services.refusal import Refusal
from aggregator.storage.checkpoint import REOPENED_COLUMNS
from aggregator.storage.quota import choose_load_refusal, count_reopened_turn, find_load_refusal
from aggregator.storage.turn_insert import (
    AdmissionLimits,
    InsertOutcome,
    ainsert_turn,
    assign_keys,
    insert_turn,
)
from aggregator.streaming.turn_log import LOST_LOG_SEQ_GAP
from language.detect import detect_language

INSERT_TRIES = 5


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A prompt and how it is to be answered; a `client_id` makes sending it twice harmless.

    It follows the turn `parent` of an existing conversation, by default the newest one.
    """

    prompt: str
    client_id: uuid.UUID | None = None
    conversation: uuid.UUID | None = None
    parent: uuid.UUID | None = None
    strategy: str = ""
    panel: tuple[str, ...] = ()
    system_prompt: str = ""
    given_history: tuple[tuple[str, str], ...] = ()
    origin: str = Conversation.Origin.PAGE
    device: str = ""
    sampling: Sampling = DEFAULT_SAMPLING


def draft_turn(*, owner: AbstractBaseUser, request: TurnRequest) -> Turn:
    """Return the turn of a request, not stored yet; queries only for an existing conversation.

    Raises Refusal.
    """
    prompt, parent = _clean_prompt(request.prompt), None
    if request.conversation:
        conversation, parent = _find_place(owner, request.conversation, request.parent)
    else:
        conversation = draft_conversation(
            owner=owner,
            prompt=prompt,
            origin=request.origin,
            system_prompt=request.system_prompt,
            given_history=request.given_history,
            sampling=request.sampling,
        )
    # Known already, and asked for before the first model is.
    conversation.owner = cast(User, owner)
    return _build_draft(conversation, request, prompt, parent)


def store_draft(*, owner: AbstractBaseUser, draft: Turn, stops: Sequence[int] = ()) -> Turn:
    """Store a draft after its parent; raises Refusal.

    Returns the stored turn instead if the same request was sent before. Turns with the keys `stops` do not
    count as running.
    """
    limits = replace(_read_limits(owner), stops=tuple(stops))
    return _resolve_outcome(_insert_with_retries(draft, limits), draft, limits)


async def astore_draft(*, owner: AbstractBaseUser, draft: Turn, on_admitted: Callable[[], None]) -> Turn:
    """Store a draft on the event loop; `on_admitted` is called once it is admitted, before the commit."""
    limits = _read_limits(owner)
    outcome = await _ainsert_with_retries(draft, limits, on_admitted)
    if outcome.duplicate_id:
        return await run_in_db_thread(_resolve_outcome, outcome, draft, limits)
    return _resolve_outcome(outcome, draft, limits)


def open_turn(*, owner: AbstractBaseUser, request: TurnRequest) -> Turn:
    """Store a new turn of a conversation, or of a new one; raises Refusal."""
    return store_draft(owner=owner, draft=draft_turn(owner=owner, request=request))


@transaction.atomic
def replace_turn(*, turn: Turn, request: TurnRequest, is_regeneration: bool = False) -> Turn:
    """Store another version of a turn and stop what runs on the branch that it leaves; raises Refusal.

    A regeneration also counts as a signal against the answer that it is asked in place of.
    """
    owner, prompt = turn.conversation.owner, _clean_prompt(request.prompt)
    left = list_running_below(turn)
    # Checkpoints lock a turn's row before its conversation's, so both are locked in that order here too.
    list(Turn.objects.filter(pk__in=left).select_for_update().order_by("pk").values_list("pk"))
    # The lock keeps other requests from adding a turn to the conversation meanwhile.
    conversation = get_own_conversation(owner=owner, public_id=turn.conversation.public_id, lock=True)
    draft = _build_draft(conversation, request, prompt, turn.parent)
    successor = store_draft(owner=owner, draft=draft, stops=left)
    if successor is draft:
        _request_stop(Turn.objects.filter(pk__in=left))
    if is_regeneration:
        Turn.objects.filter(pk=turn.pk, replaced_by=None).update(replaced_by=successor)
        record_regenerate(person=owner, turn=turn)
    return successor


def _find_place(
    owner: AbstractBaseUser, conversation: uuid.UUID, parent: uuid.UUID | None
) -> tuple[Conversation, Turn | None]:
    """Return the owner's conversation and the turn in it that a new one follows."""
    turns = Turn.objects.select_related("conversation").order_by("-number")
    turns = turns.filter(conversation__public_id=conversation, conversation__owner_id=owner.pk)
    found = (turns.filter(public_id=parent) if parent else turns).first()
    if found:
        return found.conversation, found
    own = get_own_conversation(owner=owner, public_id=conversation)
    if parent:
        raise Refusal("turn_not_found")
    return own, None


def _clean_prompt(text: str) -> str:
    prompt = sanitize_text(text).strip()
    if not prompt:
        raise Refusal("prompt_empty")
    if len(prompt) > settings.PROMPT_LIMIT:
        raise Refusal("prompt_too_long")
    return prompt


def _build_draft(conversation: Conversation, request: TurnRequest, prompt: str, parent: Turn | None) -> Turn:
    return Turn(
        conversation=conversation,
        parent=parent,
        client_id=request.client_id,
        prompt=prompt,
        language=detect_language(prompt),
        device=request.device,
        strategy=request.strategy or Turn.Strategy.COUNCIL,
        asked_strategy=request.strategy,
        asked_panel=list(request.panel),
    )


def _read_limits(owner: AbstractBaseUser) -> AdmissionLimits:
    return AdmissionLimits(read_day_limit(owner), int(getattr(owner, "sign_outs", 0)))


def _insert_with_retries(draft: Turn, limits: AdmissionLimits) -> InsertOutcome:
    # Two tabs that send at once get the same number: the second one tries again with the next.
    for _ in range(INSERT_TRIES - 1):
        with contextlib.suppress(IntegrityError):
            return insert_turn(draft, limits=limits)
    return insert_turn(draft, limits=limits)


async def _ainsert_with_retries(
    draft: Turn, limits: AdmissionLimits, on_admitted: Callable[[], None]
) -> InsertOutcome:
    for _ in range(INSERT_TRIES - 1):
        with contextlib.suppress(IntegrityError):
            return await ainsert_turn(draft, limits=limits, on_admitted=on_admitted)
    return await ainsert_turn(draft, limits=limits, on_admitted=on_admitted)


def _resolve_outcome(outcome: InsertOutcome, draft: Turn, limits: AdmissionLimits) -> Turn:
    """Return the draft, or the turn of the same request; queries only for the latter. Raises Refusal."""
    if outcome.duplicate_id:
        duplicate = Turn.objects.select_related("conversation", "parent").get(pk=outcome.duplicate_id)
        if duplicate.public_id != draft.public_id:
            return duplicate
        # This draft was stored before, and only the reply was lost.
        assign_keys(draft, duplicate.conversation_id, duplicate.pk, duplicate.number)
    elif not outcome.turn:
        raise Refusal(_choose_refusal(outcome, limits))
    return draft


def _choose_refusal(outcome: InsertOutcome, limits: AdmissionLimits) -> str:
    if not outcome.is_signed_in:
        return "not_signed_in"
    if outcome.opened_today >= limits.turns_a_day:
        return "quota_reached"
    return choose_load_refusal(outcome.running, outcome.all_running) or "conversation_not_found"


@transaction.atomic
def reopen_turn(*, turn: Turn) -> Turn:
    """Reopen a turn, so that a candidate can be asked (again); a running turn is only counted.

    One more provider call is paid for, so it counts like a new turn; raises Refusal.
    """
    locked = Turn.objects.select_for_update(of=("self",)).select_related("conversation__owner")
    current = locked.filter(pk=turn.pk).first()
    if current is None:
        raise Refusal("turn_not_found")
    owner = current.conversation.owner
    if not count_reopened_turn(owner=owner.pk, turns_a_day=read_day_limit(owner)):
        raise Refusal("quota_reached")
    if current.status == Turn.Status.RUNNING:
        if current.stop_asked_at:
            # A stopping turn asks no further model.
            raise Refusal("turn_running")
        return current
    if code := find_load_refusal(owner.pk):
        raise Refusal(code)
    for column, value in REOPENED_COLUMNS.items():
        setattr(current, column, value)
    current.attempt += 1
    current.save()
    return current


@transaction.atomic
def request_stop(*, turn: Turn) -> bool:
    """Store that a turn is to stop; returns False if it has ended already."""
    return _request_stop(Turn.objects.filter(pk=turn.pk)) > 0


def _request_stop(turns: QuerySet[Turn]) -> int:
    running = turns.filter(status=Turn.Status.RUNNING)
    stopping = running.update(stop_asked_at=timezone.now())
    # The turn asks no candidate that was added and not begun: as stopped ones they can be asked again.
    waiting = Candidate.objects.filter(turn__in=running, status=Candidate.Status.WAITING)
    waiting.update(status=Candidate.Status.STOPPED, finish_reason="stopped")
    return stopping


@transaction.atomic
def fail_turn(*, turn: Turn) -> None:
    """Fail a turn whose state cannot be written; pages read anew what is stored of it."""
    failed = Turn.objects.filter(pk=turn.pk, status=Turn.Status.RUNNING).update(
        status=Turn.Status.FAILED,
        error="all_failed",
        closed_at=timezone.now(),
        cost_micros=Usage.objects.filter(turn=turn).aggregate(spent=Sum("cost_micros"))["spent"] or 0,
        # Above every number that a page can have received.
        last_seq=F("last_seq") + LOST_LOG_SEQ_GAP,
    )
    unfinished = Candidate.objects.filter(
        turn=turn, status__in=[Candidate.Status.WAITING, Candidate.Status.STREAMING]
    )
    if failed:
        unfinished.update(status=Candidate.Status.FAILED, error="failed")
