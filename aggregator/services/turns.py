"""Writes of conversations and turns, each in one transaction."""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sanitize import sanitize_text
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Candidate, Conversation, Signal, Turn, Usage, Vote
from aggregator.storage.quota import count_reopened_turn, find_load_refusal, merge_counts
from aggregator.storage.turn_insert import (
    AdmissionLimits,
    InsertOutcome,
    ainsert_turn,
    assign_keys,
    insert_turn,
)
from aggregator.storage.turn_sql import REOPENED_COLUMNS
from aggregator.streaming.turn_log import LOST_LOG_SEQ_GAP
from language.detect import detect_language

TITLE_LENGTH = 40
PANEL_LIMIT = 8
INSERT_TRIES = 5
# Above every place in a running panel: whoever runs the turn gives an added seat the next one of its own.
ADDED_POSITION = 1_000
RETRYABLE_STATUSES = (Candidate.Status.FAILED, Candidate.Status.STOPPED)


class Refusal(Exception):
    """A command that cannot be met; `code` is worded by whoever shows it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A prompt and how the person wants it answered; `client_id` makes sending it twice harmless."""

    prompt: str
    client_id: uuid.UUID | None = None
    conversation: uuid.UUID | None = None
    strategy: str = ""
    panel: tuple[str, ...] = ()
    system_prompt: str = ""
    given_history: tuple[tuple[str, str], ...] = ()
    origin: str = Conversation.Origin.PAGE
    device: str = ""


def draft_turn(*, owner: AbstractBaseUser, ask: TurnRequest) -> Turn:
    """Return the turn that an ask opens, not stored yet; reads only what it goes on with. Raises Refusal."""
    prompt = _clean_prompt(ask.prompt)
    if ask.conversation:
        return _draft(_get_conversation(owner, ask.conversation), ask, prompt)
    return _draft(_new_conversation(owner, ask, prompt), ask, prompt)


def store_draft(*, owner: AbstractBaseUser, draft: Turn, replaces: int | None = None) -> Turn:
    """Store a draft at the end of its conversation, in place of turns from a number on; raises Refusal.

    Returns another turn when the same was sent before. A draft that is stored already is only returned.
    """
    limits = replace(_read_limits(owner), replaces=replaces)
    outcome = _insert_with_retries(draft, limits)
    return _find_duplicate(draft, outcome.sent) if outcome.sent else _check_inserted(outcome, draft, limits)


async def astore_draft(*, owner: AbstractBaseUser, draft: Turn, on_admitted: Callable[[], None]) -> Turn:
    """Store a draft on the event loop; `on_admitted` is called once it is admitted, before the commit."""
    limits = _read_limits(owner)
    outcome = await _ainsert_with_retries(draft, limits, on_admitted)
    if outcome.sent:
        return await run_in_db_thread(_find_duplicate, draft, outcome.sent)
    return _check_inserted(outcome, draft, limits)


def open_turn(*, owner: AbstractBaseUser, ask: TurnRequest) -> Turn:
    """Store a new turn at the end of a conversation, or of a new one; raises Refusal."""
    return store_draft(owner=owner, draft=draft_turn(owner=owner, ask=ask))


@transaction.atomic
def replace_turn(*, turn: Turn, ask: TurnRequest) -> Turn:
    """Store a turn that takes the place of `turn` and of all that followed it, which stop; raises Refusal."""
    owner, prompt = turn.conversation.owner, _clean_prompt(ask.prompt)
    replaced = Turn.objects.filter(conversation_id=turn.conversation_id, number__gte=turn.number)
    # Whoever keeps a turn holds its row and then its conversation's: they are held in that order here too.
    list(replaced.select_for_update().order_by("pk").values_list("pk"))
    # Nobody adds a turn meanwhile which neither is replaced nor follows.
    conversation = _get_conversation(owner, turn.conversation.public_id, lock=True)
    draft = _draft(conversation, ask, prompt)
    successor = store_draft(owner=owner, draft=draft, replaces=turn.number)
    if successor is draft:
        replaced = replaced.filter(number__lt=successor.number)
        _request_stop(replaced)
        replaced.filter(replaced_by=None).update(replaced_by=successor)
    return successor


def _clean_prompt(text: str) -> str:
    prompt = sanitize_text(text).strip()
    if not prompt:
        raise Refusal("prompt_empty")
    if len(prompt) > settings.PROMPT_LIMIT:
        raise Refusal("prompt_too_long")
    return prompt


def _read_limits(owner: AbstractBaseUser) -> AdmissionLimits:
    return AdmissionLimits(_turns_a_day(owner), int(getattr(owner, "sign_outs", 0)))


def _turns_a_day(owner: AbstractBaseUser) -> int:
    is_guest = bool(getattr(owner, "is_guest", False))
    return int(settings.GUEST_TURNS_PER_DAY if is_guest else settings.ACCOUNT_TURNS_PER_DAY)


def _insert_with_retries(draft: Turn, limits: AdmissionLimits) -> InsertOutcome:
    # Two tabs that send at once are dealt the same number: whoever comes second asks for another.
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


def _find_duplicate(draft: Turn, key: int) -> Turn:
    sent = Turn.objects.select_related("conversation").get(pk=key)
    if sent.public_id != draft.public_id:
        return sent
    # Its reply was lost on the way, not the row.
    assign_keys(draft, sent.conversation_id, sent.pk, sent.number)
    return draft


def _check_inserted(outcome: InsertOutcome, draft: Turn, limits: AdmissionLimits) -> Turn:
    if not outcome.turn:
        raise Refusal(_find_refusal_code(outcome, limits))
    return draft


def _find_refusal_code(outcome: InsertOutcome, limits: AdmissionLimits) -> str:
    if not outcome.is_signed_in:
        return "not_signed_in"
    if outcome.opened_today >= limits.turns_a_day:
        return "quota_reached"
    if outcome.running >= settings.TURNS_OPEN_EACH:
        return "too_many_running"
    return "overloaded" if outcome.all_running >= settings.TURNS_OPEN else "conversation_not_found"


def _new_conversation(owner: AbstractBaseUser, ask: TurnRequest, prompt: str) -> Conversation:
    return Conversation(
        owner_id=owner.pk,
        title=build_title(prompt),
        system_prompt=sanitize_text(ask.system_prompt),
        given_history=[
            [sanitize_text(prompt), sanitize_text(answer)] for prompt, answer in ask.given_history
        ],
        origin=ask.origin,
        updated_at=timezone.now(),
    )


def _get_conversation(owner: AbstractBaseUser, public_id: uuid.UUID, *, lock: bool = False) -> Conversation:
    rows = Conversation.objects.select_for_update() if lock else Conversation.objects.all()
    held = rows.filter(owner_id=owner.pk, public_id=public_id).first()
    if held is None:
        raise Refusal("conversation_not_found")
    return held


def _draft(conversation: Conversation, ask: TurnRequest, prompt: str) -> Turn:
    return Turn(
        conversation=conversation,
        client_id=ask.client_id,
        prompt=prompt,
        language=detect_language(prompt),
        device=ask.device,
        strategy=ask.strategy or Turn.Strategy.COUNCIL,
        asked_strategy=ask.strategy,
        asked_panel=list(ask.panel),
    )


def build_title(prompt: str) -> str:
    """Return a conversation's title: the first line of its first prompt, cut between words."""
    line = " ".join(prompt.split("\n", 1)[0].split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rsplit(" ", 1)[0]
    return f"{cut}…"


@transaction.atomic
def reopen_turn(*, turn: Turn) -> Turn:
    """Put a turn back to work, so that a candidate can be asked (again); one that runs is left running.

    It is one more call that is paid for, so it counts like a new turn; raises Refusal.
    """
    locked = Turn.objects.select_for_update(of=("self",)).select_related("conversation__owner")
    current = locked.filter(pk=turn.pk).first()
    if current is None:
        raise Refusal("turn_not_found")
    owner = current.conversation.owner
    if not count_reopened_turn(owner=owner.pk, turns_a_day=_turns_a_day(owner)):
        raise Refusal("quota_reached")
    if current.status == Turn.Status.RUNNING:
        if current.stop_asked_at:
            # What it would be asked now it would never do.
            raise Refusal("turn_running")
        return current
    if crowd := find_load_refusal(owner.pk):
        raise Refusal(crowd)
    for column, value in REOPENED_COLUMNS.items():
        setattr(current, column, value)
    current.attempt += 1
    current.save()
    return current


@transaction.atomic
def retry_candidate(*, candidate: Candidate) -> Turn:
    """Reopen a turn to ask its failed or stopped candidate again; raises Refusal."""
    turn = reopen_turn(turn=candidate.turn)
    # What was read before the turn was locked may be old: another page can have asked it again since.
    broken = Candidate.objects.filter(pk=candidate.pk, status__in=RETRYABLE_STATUSES)
    if not broken.update(status=Candidate.Status.WAITING, attempt=F("attempt") + 1):
        raise Refusal("candidate_not_failed")
    return turn


@transaction.atomic
def add_candidate(*, turn: Turn, model: LanguageModel) -> Turn:
    """Reopen a turn with one more model in its panel; raises Refusal."""
    reopened = reopen_turn(turn=turn)
    existing = list(Candidate.objects.filter(turn=reopened))
    if any(row.model == model.slug for row in existing):
        raise Refusal("model_in_panel")
    if len(existing) >= PANEL_LIMIT:
        raise Refusal("panel_full")
    Candidate.objects.create(
        turn=reopened,
        position=max(
            (row.position + 1 for row in existing if row.position >= ADDED_POSITION), default=ADDED_POSITION
        ),
        model=model.slug,
        model_name=model.name,
        vendor=model.vendor,
    )
    return reopened


@transaction.atomic
def fail_turn(*, turn: Turn) -> None:
    """End a turn whose own account of itself cannot be kept; pages read anew what there is of it."""
    ended = Turn.objects.filter(pk=turn.pk, status=Turn.Status.RUNNING).update(
        status=Turn.Status.FAILED,
        error="all_failed",
        closed_at=timezone.now(),
        cost_micros=Usage.objects.filter(turn=turn).aggregate(spent=Sum("cost_micros"))["spent"] or 0,
        # Above all that a page can have seen of it.
        last_seq=F("last_seq") + LOST_LOG_SEQ_GAP,
    )
    unfinished = Candidate.objects.filter(
        turn=turn, status__in=[Candidate.Status.WAITING, Candidate.Status.STREAMING]
    )
    if ended:
        unfinished.update(status=Candidate.Status.FAILED, error="failed")


@transaction.atomic
def request_stop(*, turn: Turn) -> bool:
    """Store that a turn is to stop; False when it has ended already."""
    return _request_stop(Turn.objects.filter(pk=turn.pk)) > 0


def _request_stop(turns: QuerySet[Turn]) -> int:
    running = turns.filter(status=Turn.Status.RUNNING)
    asked = running.update(stop_asked_at=timezone.now())
    # Whoever runs the turn may not have heard of a seat yet, and asks none any more: it can be asked again.
    waiting = Candidate.objects.filter(turn__in=running, status=Candidate.Status.WAITING)
    waiting.update(status=Candidate.Status.STOPPED, finish_reason="stopped")
    return asked


def mark_sensitive(*, conversation: Conversation) -> None:
    """Remember that a conversation touched a crisis: it gets no ads from then on."""
    Conversation.objects.filter(pk=conversation.pk).update(is_sensitive=True)


@transaction.atomic
def cast_vote(*, voter: AbstractBaseUser, candidate: Candidate) -> None:
    """Record the candidate a person picks in a turn; a later pick moves the vote."""
    Vote.objects.update_or_create(turn=candidate.turn, voter_id=voter.pk, defaults={"candidate": candidate})


def rename_conversation(*, conversation: Conversation, title: str) -> None:
    """Give a conversation another title; an empty one is refused."""
    clean = " ".join(sanitize_text(title).split())
    if not clean:
        raise Refusal("title_empty")
    Conversation.objects.filter(pk=conversation.pk).update(title=clean[:120])


def adopt_conversations(*, guest: AbstractBaseUser, account: AbstractBaseUser) -> None:
    """Make a guest's conversations and votes those of the account the guest logged in to."""
    merge_counts(guest=guest.pk, account=account.pk)
    Conversation.objects.filter(owner_id=guest.pk).update(owner_id=account.pk)
    Vote.objects.filter(voter_id=guest.pk).update(voter_id=account.pk)
    Signal.objects.filter(person_id=guest.pk).update(person_id=account.pk)
