"""Reads of conversations, each in a known number of queries."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from aggregator.domain.exchange import Exchange
from aggregator.models import Conversation, Turn
from aggregator.selectors.branches import TURNS_SHOWN, filter_branch
from aggregator.selectors.turns import answer_text_of

PAGE_SIZE = 30
CURSOR_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of the sidebar, and the cursor that fetches the next one ('' at the end)."""

    conversations: list[Conversation]
    next_cursor: str


def list_conversations(owner: AbstractBaseUser | None, cursor: str = "") -> ConversationPage:
    """Return the owner's conversations, the latest first, in one query; those of the API are left out."""
    if owner is None:
        return ConversationPage([], "")
    own = Conversation.objects.filter(owner_id=owner.pk, origin=Conversation.Origin.PAGE)
    rows = own.order_by("-updated_at", "-id")
    after = _read_cursor(cursor)
    if after:
        rows = rows.filter(Q(updated_at__lt=after[0]) | Q(updated_at=after[0], id__lt=after[1]))
    page = list(rows[: PAGE_SIZE + 1])
    has_more = len(page) > PAGE_SIZE
    page = page[:PAGE_SIZE]
    return ConversationPage(page, f"{page[-1].updated_at.isoformat()}~{page[-1].pk}" if has_more else "")


def list_api_conversations(owner: AbstractBaseUser) -> "QuerySet[Conversation]":
    """Return the conversations that a person's programs opened by the public API."""
    return Conversation.objects.filter(owner_id=owner.pk, origin=Conversation.Origin.API)


def _read_cursor(cursor: str) -> tuple[dt.datetime, int] | None:
    moment, _, row = cursor.partition("~")
    try:
        after = dt.datetime.fromisoformat(moment), int(row)
    except ValueError:
        return None
    # A datetime without a zone, or at the edge of the calendar, cannot be converted to every zone.
    return after if after[0].tzinfo and after[0].year in CURSOR_YEARS else None


def find_conversation(owner: AbstractBaseUser | None, public_id: uuid.UUID) -> Conversation | None:
    """Return the owner's conversation, or None if it does not exist or belongs to somebody else."""
    if owner is None:
        return None
    return Conversation.objects.filter(owner_id=owner.pk, public_id=public_id).first()


def is_marked_sensitive(conversation: Conversation) -> bool:
    """Return whether the stored conversation is marked as sensitive now."""
    return Conversation.objects.filter(pk=conversation.pk, is_sensitive=True).exists()


def list_exchanges(turn: Turn) -> tuple[Exchange, ...]:
    """Return the prompts and answers of the branch before a turn, in one query."""
    given = tuple(Exchange(prompt, answer) for prompt, answer in turn.conversation.given_history)
    if turn.parent_id is None:
        return given
    earlier = filter_branch(turn.parent_id, TURNS_SHOWN).select_related("answer_candidate", "continued_with")
    # The candidate that the person continued with counts as the answer.
    pairs = ((row, row.continued_with.text if row.continued_with else answer_text_of(row)) for row in earlier)
    # A prompt that all models failed at may be why they did; one that was stopped unanswered counts.
    heard = ((row, answer) for row, answer in pairs if answer or row.status != Turn.Status.FAILED)
    return (*given, *(Exchange(row.prompt, answer) for row, answer in heard))
