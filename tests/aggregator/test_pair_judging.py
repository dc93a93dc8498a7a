"""One short call to a judge decides which answers agree where the comparison is unsure, and delays none."""

import asyncio
import json
import re
from collections.abc import Callable

import pytest

from accounts.models import User
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn, Usage
from aggregator.services import turns
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

PROMPT = "김치찌개에 김치 말고 꼭 들어가는 재료 하나만 말해 줘"
TEXTS = {"wise": "돼지고기를 넣어야 제맛이 나죠.", "quick": "국물 맛은 육류에서 나오니 돈육이 필수예요."}


def judge_with(groups: list[list[int]], delay_s: float = 0.0) -> Callable[[str, str], Script]:
    """Return a provider whose models give TEXTS, and group answers like this when they are asked to."""

    def answer(model: str, prompt: str) -> Script:
        marker = re.search(r"^(\w{4}) 1: ", prompt, re.M)
        if marker is None:
            return say(TEXTS[model])
        return say(json.dumps({"case": marker[1], "groups": groups}), delay_s=delay_s)

    return answer


async def run(
    provider: ProviderServer, offer_model: MakeModel, ada: User, answer: Callable[[str, str], Script]
) -> Turn:
    """Run a vote of two models, of which one may judge, and return the stored turn."""
    provider.find_script = answer
    await asyncio.to_thread(offer_model, "wise", can_fuse=True)
    await asyncio.to_thread(offer_model, "quick")
    request = turns.TurnRequest(PROMPT, strategy=Turn.Strategy.VOTE, panel=("wise", "quick"))
    turn = await run_in_db_thread(turns.open_turn, owner=ada, request=request)
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()
    return await run_in_db_thread(lambda: Turn.objects.get(pk=turn.pk))


async def list_judge_calls(turn: Turn) -> list[Usage]:
    """Return the stored calls of a judge."""
    return await run_in_db_thread(lambda: list(Usage.objects.filter(turn=turn, purpose="judge")))


async def test_a_judge_joins_what_the_comparison_could_not(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    turn = await run(provider, offer_model, ada, judge_with([[1, 2]]))
    assert turn.ranking is not None
    assert (turn.ranking["agreeing"], turn.ranking["compared"]) == (2, 2)
    calls = await list_judge_calls(turn)
    assert len(calls) == 1
    assert calls[0].input_tokens + calls[0].output_tokens <= 400
    assert turn.cost_micros >= calls[0].cost_micros > 0


async def test_a_late_judge_changes_nothing_and_holds_up_nothing(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    turn = await run(provider, offer_model, ada, judge_with([[1, 2]], delay_s=30.0))
    assert turn.status == Turn.Status.DONE
    assert turn.ranking is not None
    assert turn.ranking["compared"] == 0
    assert len(await list_judge_calls(turn)) == 1
