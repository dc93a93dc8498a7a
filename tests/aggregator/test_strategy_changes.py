"""A strategy that had to change says so with its true reason, in the log and in the rows."""

import asyncio

import pytest

from accounts.models import User
from aggregator.domain.turn_state import TurnState, reduce_events
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import rebuild_events, with_related
from aggregator.services import turns
from aggregator.streaming.turn_log import decode_entries
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)
POEM, SUM = "가을에 대한 시를 써줘", "17 곱하기 23은 얼마인가요?"
AUTUMN = "가을바람이 불어와 나뭇잎이 춤을 춰요. 노을이 강물 위에 천천히 내려앉아요."
HARVEST = "들판의 벼가 고개를 숙이고 아이들은 잠자리를 쫓아 뛰어다녀요. 달이 둥글어요."


async def answer(ada: User, prompt: str, **preferences: object) -> TurnState:
    """Return the state of an answered turn, which the log and the rows must agree on."""
    request = turns.TurnRequest(prompt, **preferences)  # type: ignore[arg-type]
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    await runner.run_turn(turn.public_id)
    history = decode_entries(await runner.get_turn_log(str(turn.public_id)).read(str(turn.public_id)))
    await runner.close_loop_resources()
    state = reduce_events(history)
    stored = await run_in_db_thread(
        lambda: rebuild_events(with_related(Turn.objects.filter(pk=turn.pk)).get())
    )
    assert reduce_events(stored) == state
    return state


def offer_two(offer_model: MakeModel, *, can_fuse: bool = False) -> None:
    """Offer two models; the first one may write one answer from several."""
    offer_model("wise", standing=0.8, can_fuse=can_fuse)
    offer_model("quick", standing=0.7)


@pytest.mark.parametrize(
    ("prompt", "strategy", "texts", "expected"),
    [
        (POEM, "council", (AUTUMN, HARVEST), ("best", "council", "no_fuser")),
        (POEM, "vote", (AUTUMN, HARVEST), ("best", "vote", "not_comparable")),
        (SUM, "vote", ("391이에요.", "381이에요."), ("best", "vote", "all_differ")),
        (SUM, "vote", ("391이에요.", "391입니다."), ("vote", "vote", "")),
        (POEM, "best", (AUTUMN, HARVEST), ("best", "best", "")),
        (POEM, "", (AUTUMN, HARVEST), ("best", "", "")),
    ],
)
async def test_what_two_models_cannot_do_is_said(
    provider: ProviderServer, offer_model: MakeModel, ada: User, prompt: str, strategy: str,
    texts: tuple[str, str], expected: tuple[str, str, str],
) -> None:  # fmt: skip
    provider.add("wise", say(texts[0]))
    provider.add("quick", say(texts[1]))
    await asyncio.to_thread(offer_two, offer_model)

    state = await answer(ada, prompt, strategy=strategy)

    assert (state.answer_kind, state.requested, state.change) == expected


async def test_the_reason_of_a_missing_fusion_is_the_true_one(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    await asyncio.to_thread(offer_two, offer_model, can_fuse=True)
    provider.add("quick", say(HARVEST))
    provider.add("wise", Script(status=401))
    assert (await answer(ada, POEM, strategy="council")).change == "one_answered"

    def break_the_fusion(model: str, prompt: str) -> Script | None:
        is_fusion = "<<<ANSWER" in prompt
        return Script(status=500) if is_fusion else say(AUTUMN if model == "wise" else HARVEST)

    provider.scripts.clear()
    provider.find_script = break_the_fusion
    failed = await answer(ada, POEM, strategy="council")
    assert (failed.answer_kind, failed.change) == ("best", "fusion_failed")
    provider.find_script = lambda model, _prompt: say(AUTUMN if model == "wise" else HARVEST)
    fused = await answer(ada, POEM, strategy="council")
    assert (fused.answer_kind, fused.change) == ("fused", "")


async def test_one_model_alone_is_no_vote(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say("391이에요."))
    await asyncio.to_thread(offer_model, "wise")
    state = await answer(ada, SUM, strategy="vote")
    assert (state.answer_kind, state.change) == ("single", "one_model")
