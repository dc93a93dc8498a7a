"""Writes of conversations."""

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.domain.sanitize import sanitize_text
from aggregator.models import AnswerRating, Conversation, Signal, Vote
from aggregator.services.refusal import Refusal
from aggregator.storage.quota import merge_counts

TITLE_LENGTH = 40
RENAMED_TITLE_LENGTH = 120


def draft_conversation(
    *,
    owner: AbstractBaseUser,
    prompt: str,
    origin: str,
    system_prompt: str = "",
    given_history: tuple[tuple[str, str], ...] = (),
    sampling: Sampling = DEFAULT_SAMPLING,
) -> Conversation:
    """Return a new conversation that is not stored yet."""
    return Conversation(
        owner_id=owner.pk,
        title=build_title(prompt),
        system_prompt=sanitize_text(system_prompt),
        given_history=[[sanitize_text(prompt), sanitize_text(answer)] for prompt, answer in given_history],
        sampling=sampling.to_json(),
        origin=origin,
        updated_at=timezone.now(),
    )


def get_own_conversation(
    *, owner: AbstractBaseUser, public_id: uuid.UUID, lock: bool = False
) -> Conversation:
    """Return the owner's conversation, locked if asked; raises Refusal."""
    rows = Conversation.objects.select_for_update() if lock else Conversation.objects.all()
    conversation = rows.filter(owner_id=owner.pk, public_id=public_id).first()
    if conversation is None:
        raise Refusal("conversation_not_found")
    return conversation


def build_title(prompt: str) -> str:
    """Return a conversation's title: the first line of its first prompt, cut between words."""
    line = " ".join(prompt.split("\n", 1)[0].split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH].rsplit(" ", 1)[0]
    return f"{cut}…"


def rename_conversation(*, conversation: Conversation, title: str) -> None:
    """Change a conversation's title; raises Refusal if it is empty."""
    clean = " ".join(sanitize_text(title).split())
    if not clean:
        raise Refusal("title_empty")
    Conversation.objects.filter(pk=conversation.pk).update(title=clean[:RENAMED_TITLE_LENGTH])


def mark_sensitive(*, conversation: Conversation) -> None:
    """Mark a conversation in which a crisis was named: it gets no ads from then on."""
    Conversation.objects.filter(pk=conversation.pk).update(is_sensitive=True)


def adopt_conversations(*, guest: AbstractBaseUser, account: AbstractBaseUser) -> None:
    """Move a guest's conversations, votes and signals to the account that the guest logged in to."""
    merge_counts(guest=guest.pk, account=account.pk)
    Conversation.objects.filter(owner_id=guest.pk).update(owner_id=account.pk)
    Vote.objects.filter(voter_id=guest.pk).update(voter_id=account.pk)
    Signal.objects.filter(person_id=guest.pk).update(person_id=account.pk)
    AnswerRating.objects.filter(person_id=guest.pk).update(person_id=account.pk)
