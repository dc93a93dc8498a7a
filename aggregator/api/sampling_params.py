"""What the body of a request may hold: the sampling parameters, and every other field by name.

A field that is not known, or whose value cannot be honoured, is refused: ignoring it would change the answer
behind the caller's back.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aggregator.api.errors import ApiError, invalid_field, unknown_field
from aggregator.catalog.catalog import LanguageModel
from aggregator.catalog.sampling_support import MAX_INT32, MAX_INT64, SamplingSupport, find_sampling_support
from aggregator.domain.sampling import Sampling

MAX_STOP_CHARS = 200
OWN_FIELDS = frozenset({"model", "messages", "stream", "panel", "strategy"})
# What a parameter does by itself where a model cannot change it.
NEUTRAL_VALUES = {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0}
ENSEMBLE_NEUTRAL_VALUES = {name: value for name, value in NEUTRAL_VALUES.items() if name != "temperature"}
ENSEMBLE_SUPPORT = SamplingSupport(frozenset({"max_tokens"}))


@dataclass(frozen=True, slots=True)
class BodyFields:
    """The fields of an API's body besides OWN_FIELDS.

    `inert` ones have no effect on the text, `fixed` ones may only have one of these values.
    """

    inert: frozenset[str]
    fixed: Mapping[str, tuple[object, ...]]
    max_tokens: tuple[str, ...]
    numbers: Mapping[str, tuple[float, float]]
    integers: Mapping[str, tuple[int, int]]
    stop: str
    max_stops: int

    @property
    def known(self) -> frozenset[str]:
        """The names of all fields."""
        parameters = {*self.max_tokens, *self.numbers, *self.integers, self.stop}
        return OWN_FIELDS | self.inert | self.fixed.keys() | parameters


OPENAI_FIELDS = BodyFields(
    inert=frozenset(
        {
            "metadata",
            "parallel_tool_calls",
            "prompt_cache_key",
            "prompt_cache_options",
            "prompt_cache_retention",
            "safety_identifier",
            "service_tier",
            "store",
            "stream_options",
            "user",
        }
    ),
    fixed={
        "audio": (None,),
        "function_call": (None, "none", "auto"),
        "functions": (None, []),
        "logit_bias": (None, {}),
        "logprobs": (None, False),
        "modalities": (None, ["text"]),
        "moderation": (None,),
        "n": (None, 1),
        "prediction": (None,),
        "reasoning_effort": (None,),
        "response_format": (None, {"type": "text"}),
        "tool_choice": (None, "none", "auto"),
        "tools": (None, []),
        "top_logprobs": (None, 0),
        "verbosity": (None,),
        "web_search_options": (None,),
    },
    max_tokens=("max_tokens", "max_completion_tokens"),
    numbers={
        "temperature": (0, 2),
        "top_p": (0, 1),
        "frequency_penalty": (-2, 2),
        "presence_penalty": (-2, 2),
    },
    integers={"top_k": (1, MAX_INT32), "seed": (-MAX_INT64 - 1, MAX_INT64)},
    stop="stop",
    max_stops=4,
)
ANTHROPIC_FIELDS = BodyFields(
    inert=frozenset({"cache_control", "metadata", "service_tier", "system"}),
    fixed={
        "container": (None,),
        "context_management": (None,),
        "diagnostics": (None,),
        "inference_geo": (None,),
        "mcp_servers": (None, []),
        "output_config": (None, {}),
        "output_format": (None,),
        "thinking": (None, {"type": "disabled"}),
        "tool_choice": (None, {"type": "auto"}, {"type": "none"}),
        "tools": (None, []),
    },
    max_tokens=("max_tokens",),
    numbers={"temperature": (0, 1), "top_p": (0, 1)},
    integers={"top_k": (1, MAX_INT32)},
    stop="stop_sequences",
    max_stops=16,
)


def check_fields(body: Mapping[str, Any], fields: BodyFields) -> None:
    """Refuse a body with a field that is unknown, or whose value cannot be honoured; raises ApiError."""
    for name in body.keys() - fields.known:
        raise unknown_field(name)
    for name, values in fields.fixed.items():
        if body.get(name) not in values:
            message = _("%(name)s은(는) 아직 쓸 수 없어요. 빼고 보내 주세요.") % {"name": name}
            raise invalid_field(name, message, "unsupported_parameter")


def parse_sampling(body: Mapping[str, Any], fields: BodyFields, model: LanguageModel | None) -> Sampling:
    """Return the sampling parameters of a body for a model, or for the ensemble (None); raises ApiError."""
    max_tokens = _parse_max_tokens(body, fields)
    values: dict[str, Any] = {name: _parse_number(body, name, *span) for name, span in fields.numbers.items()}
    values |= {name: _parse_integer(body, name, *span) for name, span in fields.integers.items()}
    sampling = Sampling(max_tokens=max_tokens, stop=_parse_stop(body, fields), **values)
    if model is None:
        return _fit_ensemble(sampling, fields)
    return _fit_model(sampling, fields, find_sampling_support(model))


def _fit_ensemble(sampling: Sampling, fields: BodyFields) -> Sampling:
    sampling = _drop_neutral_values(sampling, ENSEMBLE_SUPPORT, ENSEMBLE_NEUTRAL_VALUES)
    for name in sorted(sampling.names() - ENSEMBLE_SUPPORT.names):
        field = _field_name(name, fields)
        message = _("%(name)s은(는) 모델 하나를 고르면 쓸 수 있어요. jjamppong에는 빼고 보내 주세요.")
        raise invalid_field(field, message % {"name": field}, "unsupported_parameter")
    return sampling


def _fit_model(sampling: Sampling, fields: BodyFields, support: SamplingSupport) -> Sampling:
    sampling = _drop_neutral_values(sampling, support, NEUTRAL_VALUES)
    for name in sorted(sampling.names() - support.names):
        field = _field_name(name, fields)
        message = _("이 모델은 %(name)s을(를) 바꿀 수 없어요. 빼고 보내 주세요.") % {"name": field}
        raise invalid_field(field, message, "unsupported_parameter")
    if (sampling.temperature or 0) > support.max_temperature:
        raise _out_of_range("temperature", 0, support.max_temperature)
    if not -support.max_seed - 1 <= (sampling.seed or 0) <= support.max_seed:
        raise _out_of_range("seed", -support.max_seed - 1, support.max_seed)
    if len(sampling.stop) > support.max_stops:
        raise _too_many_stops(fields.stop, support.max_stops)
    if not support.accepts_blank_stops and any(text.isspace() for text in sampling.stop):
        message = _("이 모델의 %(name)s에는 공백만 있는 글을 쓸 수 없어요.") % {"name": fields.stop}
        raise invalid_field(fields.stop, message)
    return sampling


def _drop_neutral_values(
    sampling: Sampling, support: SamplingSupport, neutral_values: Mapping[str, float]
) -> Sampling:
    requested = sampling.to_json()
    dropped = {
        name
        for name, value in neutral_values.items()
        if name not in support.names and requested.get(name) == value
    }
    return Sampling.from_json({name: value for name, value in requested.items() if name not in dropped})


def _field_name(name: str, fields: BodyFields) -> str:
    return fields.stop if name == "stop" else name


def _parse_max_tokens(body: Mapping[str, Any], fields: BodyFields) -> int | None:
    limits = {name: _parse_integer(body, name, 1, MAX_INT64) for name in fields.max_tokens}
    given = {limit for limit in limits.values() if limit is not None}
    if len(given) > 1:
        raise invalid_field("max_tokens", _("max_tokens와 max_completion_tokens가 서로 달라요."))
    return given.pop() if given else None


def _parse_number(body: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid_field(name, _("%(name)s은(는) 숫자여야 해요.") % {"name": name}, "invalid_type")
    if not math.isfinite(value) or not low <= value <= high:
        raise _out_of_range(name, low, high)
    return value


def _parse_integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_field(name, _("%(name)s은(는) 정수여야 해요.") % {"name": name}, "invalid_type")
    if not low <= value <= high:
        raise _out_of_range(name, low, high)
    return value


def _out_of_range(name: str, low: float, high: float) -> ApiError:
    message = _("%(name)s은(는) %(low)s 이상 %(high)s 이하여야 해요.")
    return invalid_field(name, message % {"name": name, "low": f"{low:.15g}", "high": f"{high:.15g}"})


def _parse_stop(body: Mapping[str, Any], fields: BodyFields) -> tuple[str, ...]:
    value = body.get(fields.stop)
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) and fields.stop == "stop" else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        message = _("%(name)s은(는) 글의 목록이어야 해요.") % {"name": fields.stop}
        raise invalid_field(fields.stop, message, "invalid_type")
    if len(texts) > fields.max_stops:
        raise _too_many_stops(fields.stop, fields.max_stops)
    if not all(0 < len(text) <= MAX_STOP_CHARS and _is_storable(text) for text in texts):
        message = _("%(name)s의 글은 저마다 1–%(limit)d자여야 하고, 쓸 수 없는 문자가 없어야 해요.")
        raise invalid_field(fields.stop, message % {"name": fields.stop, "limit": MAX_STOP_CHARS})
    return tuple(texts)


def _too_many_stops(name: str, limit: int) -> ApiError:
    message = _("%(name)s에는 글을 %(limit)d개까지 넣을 수 있어요.")
    return invalid_field(name, message % {"name": name, "limit": limit})


def _is_storable(text: str) -> bool:
    # PostgreSQL's jsonb takes neither NUL nor half of a surrogate pair.
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
