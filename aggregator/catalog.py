"""The language models on offer, as `catalog.toml` and the installation's keys describe them."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

CATALOG = Path(__file__).with_name("catalog.toml")


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """One language model that can be asked; prices are micros of won for one token."""

    slug: str
    name: str
    vendor: str
    provider: str
    litellm_model: str
    context_window: int
    output_limit: int
    input_price_micros: int
    output_price_micros: int
    languages: tuple[str, ...]
    standing: float
    can_fuse: bool = False
    concurrency: int = 64
    api_base: str = ""
    api_key_name: str = ""
    temperature: float = 0.7
    system_prompt: str = ""
    first_token_ms: int = 30_000
    stall_ms: int = 30_000
    extra: dict[str, float] = field(default_factory=dict)


@cache
def read_catalog() -> dict[str, LanguageModel]:
    """Return every model of the catalog by slug, whether or not this installation can reach it."""
    document = tomllib.loads(CATALOG.read_text(encoding="utf-8"))
    models = (LanguageModel(**{**row, "languages": tuple(row["languages"])}) for row in document["model"])
    return {model.slug: model for model in models}
