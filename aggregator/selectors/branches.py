"""Reads of a conversation's tree: a turn's branch is the turn, its parent, and so on up to the first turn."""

import contextlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from aggregator.models import Conversation, Turn
from aggregator.selectors.turns import with_related

# What models read of a conversation, and a page of one branch shows at once.
TURNS_SHOWN = 60
# What a page opens with, and loads at a time.
PAGE_TURNS = 20
MAX_DEPTH = 100_000
# A turn is stored after its parent, so numbers increase along a branch.
ANCESTORS = """
WITH RECURSIVE branch (id, parent_id, length) AS (
    SELECT id, parent_id, 1 FROM {turns} WHERE id = %s
    UNION ALL
    SELECT turn.id, turn.parent_id, length + 1 FROM {turns} turn JOIN branch ON turn.id = branch.parent_id
    WHERE length < %s
)
SELECT id FROM branch"""
DESCENDANTS = """
WITH RECURSIVE below (id) AS (
    SELECT id FROM {turns} WHERE id = %s
    UNION ALL
    SELECT turn.id FROM {turns} turn JOIN below ON turn.parent_id = below.id
)
SELECT id FROM below"""


def filter_branch(leaf: int | None, most: int = MAX_DEPTH) -> "QuerySet[Turn]":
    """Return the last turns of the branch that ends with the turn `leaf`, in order."""
    branch = RawSQL(ANCESTORS.format(turns=Turn._meta.db_table), (leaf, most))  # noqa: S611 (only keys go in)
    return Turn.objects.filter(pk__in=branch).order_by("number")


def list_branch(leaf: Turn | None, most: int = TURNS_SHOWN) -> list[Turn]:
    """Return the last turns of the branch that ends with `leaf`, in order, in three queries."""
    return list(with_related(filter_branch(leaf.pk, most))) if leaf else []


def list_ended_branch(leaf: Turn | None, most: int) -> list[Turn]:
    """Return the last turns of a branch that do not run any more, in order, in three queries."""
    return [turn for turn in list_branch(leaf, most) if turn.status != Turn.Status.RUNNING]


def count_ancestors(turn: Turn) -> int:
    """Return how many turns a turn's branch has before it."""
    return filter_branch(turn.parent_id).count() if turn.parent_id else 0


def find_leaf(conversation: Conversation, at: str | None = None) -> Turn | None:
    """Return the newest turn that follows on the turn named `at`, or itself.

    Without such a turn in the conversation, it is the newest turn of all.
    """
    turns = Turn.objects.filter(conversation=conversation)
    with contextlib.suppress(ValueError):
        shown = turns.filter(public_id=uuid.UUID(at or "")).first()
        if shown:
            return _filter_below(shown.pk).latest("number")
    return turns.order_by("-number").first()


def list_running_below(turn: Turn) -> list[int]:
    """Return the keys of the running turns among a turn and those that follow on it."""
    running = _filter_below(turn.pk).filter(status=Turn.Status.RUNNING)
    return list(running.order_by("pk").values_list("pk", flat=True))


def list_versions(turns: Sequence[Turn]) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    """Return, for each turn of one conversation, all turns with the same parent, the oldest first."""
    if not turns:
        return {}
    parents = {turn.parent_id for turn in turns}
    has_parent = Q(parent__in=[parent for parent in parents if parent])
    same_place = has_parent | Q(parent=None) if None in parents else has_parent
    rows = Turn.objects.filter(same_place, conversation_id=turns[0].conversation_id).order_by("number")
    return _group_by_parent(rows.values_list("public_id", "parent_id"))


def _group_by_parent(
    rows: Iterable[tuple[uuid.UUID, int | None]],
) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    children: defaultdict[int | None, list[uuid.UUID]] = defaultdict(list)
    for public_id, parent in rows:
        children[parent].append(public_id)
    return {public_id: tuple(siblings) for siblings in children.values() for public_id in siblings}


def _filter_below(turn: int) -> "QuerySet[Turn]":
    below = RawSQL(DESCENDANTS.format(turns=Turn._meta.db_table), (turn,))  # noqa: S611 (only keys go in)
    return Turn.objects.filter(pk__in=below)
