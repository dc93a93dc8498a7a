"""The request parameters that both APIs share, and the turn that a request creates."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aggregator.api.errors import invalid_field, model_not_found_error, turn_refused
from aggregator.api.message_parsing import Transcript
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.execution.commands import stop_turn
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey, Conversation, Turn
from aggregator.services import turns
from aggregator.services.candidates import PANEL_LIMIT
from aggregator.services.listings import list_offered_models
from aggregator.services.refusal import Refusal

ENSEMBLE_MODEL = "jjamppong"


@dataclass(frozen=True, slots=True)
class RequestParams:
    """The requested model: the ensemble, with its panel and strategy, or a single model."""

    model: str
    panel: tuple[str, ...] = ()
    # Without one the router chooses.
    strategy: str = ""
    # The single model; None is the ensemble.
    language_model: LanguageModel | None = None


def parse_stream_flag(body: dict[str, Any]) -> bool:
    """Return whether the answer is to be streamed; raises ApiError."""
    is_streamed = body.get("stream")
    if not isinstance(is_streamed, bool | None):
        raise invalid_field("stream", _("stream은 true나 false여야 해요."), "invalid_type")
    return bool(is_streamed)


async def parse_request_params(body: dict[str, Any]) -> RequestParams:
    """Return the model, panel and strategy of a body; raises ApiError."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise invalid_field("model", _("model에 모델 이름을 넣어 주세요."), "invalid_type")
    panel, strategy = _parse_panel(body.get("panel")), _parse_strategy(body.get("strategy"))
    if model != ENSEMBLE_MODEL and (panel or strategy):
        param = "panel" if panel else "strategy"
        raise invalid_field(param, _("panel과 strategy는 jjamppong 모델에만 쓸 수 있어요."))
    offered = {known.slug: known for known in await run_in_db_thread(list_offered_models)}
    if model != ENSEMBLE_MODEL:
        if model not in offered:
            raise model_not_found_error(model)
        return RequestParams(model, (model,), Turn.Strategy.SINGLE, offered[model])
    for slug in panel:
        if slug not in offered:
            raise model_not_found_error(slug, "panel")
    return RequestParams(model, panel, strategy)


def _parse_panel(panel: object) -> tuple[str, ...]:
    if panel is None:
        return ()
    slugs = [slug for slug in panel if isinstance(slug, str)] if isinstance(panel, list) else []
    if panel != slugs or not 0 < len(slugs) <= PANEL_LIMIT:
        message = _("panel은 모델 이름 1–%(limit)d개의 목록이어야 해요.") % {"limit": PANEL_LIMIT}
        raise invalid_field("panel", message, "invalid_type")
    return tuple(slugs)


def _parse_strategy(strategy: object) -> str:
    if strategy is None:
        return ""
    if strategy not in Turn.Strategy.values:
        names = ", ".join(Turn.Strategy.values)
        raise invalid_field("strategy", _("strategy는 %(names)s 가운데 하나여야 해요.") % {"names": names})
    return str(strategy)


async def create_turn(
    key: ApiKey, params: RequestParams, transcript: Transcript, sampling: Sampling = DEFAULT_SAMPLING
) -> Turn:
    """Store the turn of a call, in a conversation of its own that no page lists; raises ApiError."""
    request = turns.TurnRequest(
        prompt=transcript.prompt,
        strategy=params.strategy,
        panel=params.panel,
        system_prompt=transcript.system_prompt,
        given_history=transcript.history,
        origin=Conversation.Origin.API,
        sampling=sampling,
    )
    insertion = asyncio.ensure_future(run_in_db_thread(turns.open_turn, owner=key.owner, request=request))
    try:
        return await asyncio.shield(insertion)
    except Refusal as refusal:
        raise turn_refused(refusal.code) from None
    except asyncio.CancelledError:
        # The caller disconnected while the turn was being stored: stop it, so that no model is called.
        with contextlib.suppress(Refusal):
            await stop_turn(await insertion)
        raise
