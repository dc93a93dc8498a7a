"""A turn as the database has it, compared with what a page was shown of it."""

import time
from typing import TYPE_CHECKING

from testing.site.page_client import ShownTurn
from testing.site.seed import retry_database

if TYPE_CHECKING:
    from aggregator.domain.turn_state import TurnState
    from aggregator.models import Turn

POLL_SECONDS = 0.1


def read_stored_turn(shown: ShownTurn, *, wait_seconds: float = 0.0) -> "tuple[Turn, TurnState]":
    """Return the row and the state rebuilt from it; a running turn is waited for some seconds.

    The page may receive the end of a turn just before its row is updated.
    """
    from aggregator.domain.turn_state import reduce_events
    from aggregator.models import Turn
    from aggregator.selectors.turns import rebuild_events, with_related

    row = with_related(Turn.objects.filter(public_id=shown.turn))
    ends = time.monotonic() + wait_seconds
    turn = retry_database(row.get)
    while turn.status == Turn.Status.RUNNING and time.monotonic() < ends:
        time.sleep(POLL_SECONDS)
        turn = retry_database(row.all().get)
    return turn, reduce_events(rebuild_events(turn))


def count_lost_tokens(shown: ShownTurn, stored: "TurnState") -> int:
    """Return the tokens that the page showed and the stored text of the same attempt does not begin with."""
    lost = 0
    for (candidate, attempt), text in shown.shown.items():
        slot = stored.candidates[candidate]
        if slot.attempt == attempt and not slot.text.startswith(text):
            lost += len(text.split())
    return lost
