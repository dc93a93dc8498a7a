"""Public copies of conversations: made at one moment, read by whoever has the link, withdrawn at will."""

import dataclasses
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Candidate, Conversation, Share, Turn
from aggregator.selectors.turns import count_current_turns, list_current_turns
from aggregator.services.conversations import build_title
from aggregator.services.refusal import Refusal

TOKEN_BYTES = 32
# The longest copy, so that neither making nor reading one holds anything up; of more, the latest are copied.
MAX_SHARED_TURNS = 300


@dataclass(frozen=True, slots=True)
class SharedText:
    """What one model wrote."""

    model: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SharedTurn:
    """A prompt and what answered it; of whose it was, what it cost and which ad paid, nothing is copied."""

    prompt: str
    answer: str
    kind: str
    name: str
    written: int
    others: tuple[SharedText, ...]


@transaction.atomic
def share_conversation(*, conversation: Conversation) -> Share:
    """Return the conversation's public copy, made now unless there is one; raises Refusal."""
    held = Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    if held is None:
        raise Refusal("conversation_not_found")
    known = find_open_share(held)
    if known:
        return known
    made_today = Share.objects.filter(conversation__owner_id=held.owner_id, created_at__gte=start_of_day())
    if made_today.count() >= settings.SHARES_PER_DAY:
        raise Refusal("shares_reached")
    current_turns = list_current_turns(held, MAX_SHARED_TURNS)
    turns = [copied for copied in map(_copy_turn, current_turns) if copied]
    if not turns:
        raise Refusal("nothing_to_share")
    return Share.objects.create(
        conversation=held,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        # A name that its owner gave it later may be meant for nobody else.
        title=build_title(turns[0].prompt),
        turns=[dataclasses.asdict(turn) for turn in turns],
        left_out=count_current_turns(held, before=current_turns[0]),
    )


def withdraw_share(*, share: Share) -> None:
    """Make a link lead nowhere from now on, and keep nothing of what it showed."""
    Share.objects.filter(pk=share.pk, withdrawn_at=None).update(withdrawn_at=timezone.now(), turns=[])


def find_open_share(conversation: Conversation) -> Share | None:
    """Return a conversation's open link without what it shows, or None."""
    return Share.objects.defer("turns").filter(conversation=conversation, withdrawn_at=None).first()


def find_share_by_token(token: str) -> Share | None:
    """Return what an open link shows, or None when it is withdrawn, unknown or its owner is shut out."""
    return Share.objects.filter(token=token, withdrawn_at=None, conversation__owner__is_active=True).first()


def read_shared_turns(share: Share) -> list[SharedTurn]:
    """Return the turns that a share holds."""
    return [
        SharedTurn(**{**row, "others": tuple(SharedText(**each) for each in row["others"])})
        for row in share.turns
    ]


def _copy_turn(turn: Turn) -> SharedTurn | None:
    written = [row for row in turn.candidates.all() if row.text and row.status != Candidate.Status.FAILED]
    leading = next((row for row in written if str(row.public_id) == turn.leader), None)
    # As on the owner's page: what stands below help lines, or leads where nothing was chosen.
    source = turn.answer_candidate or (None if turn.answer_text else leading)
    answer = "\n\n".join(text for text in (turn.answer_text, source.text if source else "") if text)
    if not answer:
        return None
    others = [row for row in written if source is None or row.pk != source.pk]
    return SharedTurn(
        prompt=turn.prompt,
        answer=answer,
        kind=turn.answer_kind,
        name=source.model_name if source else "",
        written=len(written),
        others=tuple(SharedText(row.model, row.model_name, row.text) for row in others),
    )
