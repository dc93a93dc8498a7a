"""Which sampling parameters the API of a model accepts.

The processes that answer programs do not import litellm, so the rules stand here; a contract test compares
them with litellm's. They only name what a provider refuses or ignores.
"""

import re
from dataclasses import dataclass, fields

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sampling import Sampling

ALL_NAMES = frozenset(field.name for field in fields(Sampling))
PENALTIES = frozenset({"frequency_penalty", "presence_penalty"})
MAX_INT32, MAX_INT64 = 2**31 - 1, 2**63 - 1
# OpenAI's reasoning models fix the sampler.
OPENAI_REASONING = re.compile(r"gpt-[5-9](?!-chat)|^o\d")
# Claude 4.7 and later refuse every change of the sampler.
OLDER_CLAUDE = re.compile(r"^claude-(?:3|[a-z]+-4(?:-[0-6])?(?:-\d{8})?(?:$|-v))")


@dataclass(frozen=True, slots=True)
class SamplingSupport:
    """The names that a model's API accepts and the limits of their values."""

    names: frozenset[str] = ALL_NAMES
    max_temperature: float = 2.0
    max_seed: int = MAX_INT64
    max_stops: int = 4
    accepts_blank_stops: bool = True


def find_sampling_support(model: LanguageModel) -> SamplingSupport:
    """Return what a model's API accepts of a sampling."""
    wire, _, name = model.litellm_model.partition("/")
    if wire == "anthropic":
        names = ALL_NAMES - PENALTIES - {"seed"}
        if not OLDER_CLAUDE.search(name):
            names -= {"temperature", "top_p", "top_k"}
        return SamplingSupport(names, max_temperature=1.0, max_stops=16, accepts_blank_stops=False)
    if wire == "gemini":
        # litellm drops the penalties of later models without an error.
        names = ALL_NAMES if name.startswith("gemini-2") else ALL_NAMES - PENALTIES
        return SamplingSupport(names, max_seed=MAX_INT32)
    if wire == "openai" and OPENAI_REASONING.search(name.rpartition("/")[2]):
        return SamplingSupport(frozenset({"max_tokens", "seed"}))
    if wire == "openai" and not model.api_base:
        return SamplingSupport(ALL_NAMES - {"top_k"})
    return SamplingSupport(max_stops=16 if model.provider == "local" else 4)
