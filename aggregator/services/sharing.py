"""Public copies of conversations, made at one moment and readable by anybody with the link."""

import dataclasses
import re
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Candidate, Conversation, Share, Turn
from aggregator.selectors.branches import count_ancestors, find_leaf, list_ended_branch
from aggregator.services.conversations import build_title
from aggregator.services.refusal import Refusal

TOKEN_BYTES = 32
# A copy holds the latest turns up to this number, so that making and reading it stays fast.
MAX_SHARED_TURNS = 300
SUMMARY_LENGTH = 110
# A long answer is searched for marks of Markdown only as far as its summary can reach.
SUMMARY_SOURCE_LENGTH = 1_000
BLOCK_MARKS = re.compile(r"^```.*$|^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+|^[ \t|:-]+$|\|", re.MULTILINE)
INLINE_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`$\\]+|~~|(?<!\w)_+|_+(?!\w)")


@dataclass(frozen=True, slots=True)
class SharedText:
    """The text of one model."""

    model: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SharedTurn:
    """A prompt and its answers; owner, costs and ads are not copied."""

    prompt: str
    answer: str
    kind: str
    name: str
    written: int
    others: tuple[SharedText, ...]


@transaction.atomic
def share_conversation(*, conversation: Conversation, at: str | None = None) -> Share:
    """Return the conversation's public copy; raises Refusal.

    If there is none, one is made now of the branch through the turn `at`, or of the newest one.
    """
    locked = Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    if locked is None:
        raise Refusal("conversation_not_found")
    existing = find_open_share(locked)
    if existing:
        return existing
    made_today = Share.objects.filter(conversation__owner_id=locked.owner_id, created_at__gte=start_of_day())
    if made_today.count() >= settings.SHARES_PER_DAY:
        raise Refusal("shares_reached")
    branch = list_ended_branch(find_leaf(locked, at), MAX_SHARED_TURNS)
    turns = [copied for copied in map(_copy_turn, branch) if copied]
    if not turns:
        raise Refusal("nothing_to_share")
    left_out = count_ancestors(branch[0])
    if not left_out:
        turns = [*_copy_given(locked), *turns][-MAX_SHARED_TURNS:]
    return Share.objects.create(
        conversation=locked,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        # Not the title that the owner may have given it, which need not be meant for others.
        title=build_title(turns[0].prompt),
        turns=[dataclasses.asdict(turn) for turn in turns],
        left_out=left_out,
    )


def exceeds_copy(leaf: Turn) -> bool:
    """Return whether a branch has more turns than a copy holds; queries only for a long conversation."""
    return leaf.number > MAX_SHARED_TURNS and count_ancestors(leaf) >= MAX_SHARED_TURNS


def withdraw_share(*, share: Share) -> None:
    """Withdraw a link and empty its copy."""
    Share.objects.filter(pk=share.pk, withdrawn_at=None).update(withdrawn_at=timezone.now(), turns=[])


def find_open_share(conversation: Conversation) -> Share | None:
    """Return a conversation's open share without its turns, or None."""
    return Share.objects.defer("turns").filter(conversation=conversation, withdrawn_at=None).first()


def find_share_by_token(token: str) -> Share | None:
    """Return an open share, or None if it is withdrawn or unknown, or its owner is deactivated."""
    shares = Share.objects.filter(withdrawn_at=None, conversation__owner__is_active=True)
    return shares.select_related("conversation").filter(token=token).first()


def read_shared_turns(share: Share) -> list[SharedTurn]:
    """Return the turns of a share."""
    return [
        SharedTurn(**{**row, "others": tuple(SharedText(**each) for each in row["others"])})
        for row in share.turns
    ]


def _copy_given(conversation: Conversation) -> list[SharedTurn]:
    """Return the exchanges of another copy with which a conversation begins."""
    if conversation.origin != Conversation.Origin.PAGE:
        return []
    return [SharedTurn(prompt, answer, "", "", 0, ()) for prompt, answer in conversation.given_history]


def summarize_answer(answer: str) -> str:
    """Return how an answer begins, on one line and without the marks of its Markdown."""
    blocks = BLOCK_MARKS.sub(" ", answer[:SUMMARY_SOURCE_LENGTH])
    plain = INLINE_MARKS.sub(lambda mark: mark[1] or "", blocks)
    line = " ".join(plain.split())
    return line if len(line) <= SUMMARY_LENGTH else f"{line[:SUMMARY_LENGTH].rstrip()}…"


def _copy_turn(turn: Turn) -> SharedTurn | None:
    written = [row for row in turn.candidates.all() if row.text and row.status != Candidate.Status.FAILED]
    leading = next((row for row in written if str(row.public_id) == turn.leader), None)
    chosen = _find_chosen(turn, written)
    # As on the owner's page: the text below help lines, or the leader where no answer was chosen.
    own = "" if chosen and turn.answer_kind != "help" else turn.answer_text
    source = chosen or turn.answer_candidate or (None if own else leading)
    answer = "\n\n".join(text for text in (own, source.text if source else "") if text)
    if not answer:
        return None
    others = [row for row in written if source is None or row.pk != source.pk]
    return SharedTurn(
        prompt=turn.prompt,
        answer=answer,
        kind="chosen" if chosen and not own else turn.answer_kind,
        name=source.model_name if source else "",
        written=len(written),
        others=tuple(SharedText(row.model, row.model_name, row.text) for row in others),
    )


def _find_chosen(turn: Turn, written: list[Candidate]) -> Candidate | None:
    """Return the candidate that stands as the answer only because the person continued with it, or None."""
    others = (row for row in written if row.pk != turn.answer_candidate_id)
    return next((row for row in others if row.pk == turn.continued_with_id), None)
