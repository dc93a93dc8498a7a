"""Which models a call wants and how their answers become one."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aggregator import runner, services
from aggregator.api.refusals import ApiRefusal, bad_field, no_such_model
from aggregator.api.transcripts import Transcript
from aggregator.listings import offered_models
from aggregator.models import ApiKey, Conversation, Turn
from aggregator.off_loop import off_loop
from aggregator.wording import REFUSALS as WORDS

KITCHEN = "jjamppong"
PANEL_LIMIT = 8
STATUSES = {
    "prompt_too_long": (400, "context_length_exceeded"),
    "quota_reached": (429, "insufficient_quota"),
    "too_many_running": (429, "too_many_running"),
    "overloaded": (503, "overloaded"),
}
# The SDKs try again after 429 and 503 on their own; a spent day does not come back in seconds, room does.
HEADERS = {
    "quota_reached": {"X-Should-Retry": "false"},
    "too_many_running": {"Retry-After": "5"},
    "overloaded": {"Retry-After": "10"},
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The model asked for by its name: the whole kitchen, or one seat."""

    model: str
    panel: tuple[str, ...] = ()
    strategy: str = Turn.Strategy.COUNCIL

    @property
    def is_kitchen(self) -> bool:
        """Whether several models may answer."""
        return self.model == KITCHEN


async def read_wish(body: dict[str, Any]) -> Wish:
    """Return what a body's model, panel and strategy ask for; raises ApiRefusal."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise bad_field("model", _("model에 모델 이름을 넣어 주세요."), "invalid_type")
    panel, strategy = _read_panel(body.get("panel")), _read_strategy(body.get("strategy"))
    if model != KITCHEN and (panel or strategy):
        param = "panel" if panel else "strategy"
        raise bad_field(param, _("panel과 strategy는 jjamppong 모델에만 쓸 수 있어요."))
    offered = {known.slug for known in await off_loop(offered_models)}
    if model != KITCHEN:
        if model not in offered:
            raise no_such_model(model)
        return Wish(model, (model,), Turn.Strategy.SINGLE)
    for slug in panel:
        if slug not in offered:
            raise no_such_model(slug, "panel")
    return Wish(model, panel, strategy or Turn.Strategy.COUNCIL)


def _read_panel(panel: object) -> tuple[str, ...]:
    if panel is None:
        return ()
    slugs = [slug for slug in panel if isinstance(slug, str)] if isinstance(panel, list) else []
    if panel != slugs or not 0 < len(slugs) <= PANEL_LIMIT:
        message = _("panel은 모델 이름 1–%(limit)d개의 목록이어야 해요.") % {"limit": PANEL_LIMIT}
        raise bad_field("panel", message, "invalid_type")
    return tuple(slugs)


def _read_strategy(strategy: object) -> str:
    if strategy is None:
        return ""
    if strategy not in Turn.Strategy.values:
        names = ", ".join(Turn.Strategy.values)
        raise bad_field("strategy", _("strategy는 %(names)s 가운데 하나여야 해요.") % {"names": names})
    return str(strategy)


async def open_turn(key: ApiKey, wish: Wish, transcript: Transcript) -> Turn:
    """Store the turn of a call, in a conversation of its own that no page lists; raises ApiRefusal."""
    ask = services.Ask(
        prompt=transcript.prompt,
        strategy=wish.strategy,
        panel=wish.panel,
        system_prompt=transcript.system_prompt,
        given_history=transcript.history,
        origin=Conversation.Origin.API,
    )
    storing = asyncio.ensure_future(off_loop(services.open_turn, owner=key.owner, ask=ask))
    try:
        return await asyncio.shield(storing)
    except services.Refusal as refusal:
        raise _refused(refusal.code) from None
    except asyncio.CancelledError:
        # Whoever calls hung up, and it is stored all the same: who finds it is to ask nobody.
        with contextlib.suppress(services.Refusal):
            await runner.stop_turn(await storing)
        raise


def _refused(code: str) -> ApiRefusal:
    status, name = STATUSES.get(code, (400, code))
    return ApiRefusal(status, name, str(WORDS.get(code, WORDS["malformed"])), headers=HEADERS.get(code))
