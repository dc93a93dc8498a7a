"""Whether one answer is written from several, and what is kept of how it was written."""

import asyncio
import contextlib
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError

from aggregator import keeping
from aggregator.calls import Bill
from aggregator.models import Turn
from aggregator.off_loop import off_loop
from aggregator.pipeline.fan_out import Panel
from aggregator.pipeline.fuse import Fusion, Sheet, choose_fuser, fuse
from aggregator.pipeline.ingredients import choose_ingredients
from aggregator.pipeline.resume import name_fusion
from aggregator.pipeline.shapes import Emit, Question, Ranking
from aggregator.turn_state import TurnState

# What a pass that breaks off has to book must not keep its process from ending.
BOOK_SECONDS = 5


def open_sheet(question: Question, ranking: Ranking | None, panel: Panel, state: TurnState) -> Sheet | None:
    """Return what one answer is to be written on, or None where none is wanted or nobody is able."""
    if ranking is None:
        return None
    is_wanted = len(panel.usable) > 1 and panel.route.strategy == Turn.Strategy.COUNCIL
    # What seemed to be one of a few answers was not: then one is written from them after all.
    is_wanted |= not ranking.compared and "votable" in panel.route.reasons
    fuser = choose_fuser(question, panel.usable)
    if not is_wanted or fuser is None:
        return None
    ingredients = choose_ingredients(ranking, panel.usable)
    if len(ingredients.texts) < 2:
        return None
    return Sheet(question, ingredients, fuser, name_fusion(state, state.answers_begun + 1))


async def write_answer(
    sheet: Sheet, *, turn: Turn, bill: Bill, emit: Emit, stop: asyncio.Event, judges: bool
) -> Fusion:
    """Write one answer; what that took is on the bill however it ends."""
    bill.sheet = sheet
    try:
        fusion = await fuse(sheet, emit=emit, stop=stop, judges=judges)
    finally:
        bill.note_fusion(sheet.close())
    if fusion.judgement and (verdict := fusion.judgement.verdict):
        order = tuple(sheet.ingredients.candidates[letter] for letter in verdict.order)
        with contextlib.suppress(OperationalError, InterfaceError):
            await off_loop(partial(keeping.keep_ballot, turn=turn, judge=sheet.fuser.slug, order=order))
    return fusion


async def book_untold(bill: Bill, turn: Turn) -> None:
    """Write at once what a pass that breaks off has asked of judge and fuser: no log tells of it."""
    if calls := bill.untold:
        with contextlib.suppress(DatabaseError, InterfaceError, TimeoutError):
            async with asyncio.timeout(BOOK_SECONDS):
                await keeping.keep_calls(turn=turn, calls=calls)
