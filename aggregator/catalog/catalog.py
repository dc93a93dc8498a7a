"""The language models that `catalog.toml` describes."""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

CATALOG = Path(__file__).with_name("catalog.toml")
PRICE_TABLE = "model_prices_and_context_window_backup.json"


class CatalogError(Exception):
    """The catalog describes a model without a price."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """One language model; prices are micros of won for one token, `standing` is its public quality in 0-1."""

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
    # Why its fused answers were not compared, where that was tried: "no_judge" of the models beside it.
    fusion_problem: str = ""
    # Calls at once in all processes together.
    concurrency: int = 256
    api_base: str = ""
    api_key_name: str = ""
    temperature: float = 0.7
    system_prompt: str = ""
    first_token_ms: int = 30_000
    stall_ms: int = 30_000
    # Measured tokens a second while it writes, None where nobody has measured them.
    tokens_per_second: float | None = None
    # The same while it reads a prompt, only of models that take seconds for a long one.
    reading_tokens_per_second: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    # The account of an admin that the model is called by; without one the key is `api_key_name`'s.
    account: str = ""
    key_id: int | None = None
    sealed_key: str = field(default="", repr=False)
    # Topics that its maker built it for; catalog.toml names the source of each.
    strengths: tuple[str, ...] = ()


@cache
def read_catalog() -> dict[str, LanguageModel]:
    """Return every model of the catalog by slug, also those without an API key in this installation."""
    document = tomllib.loads(CATALOG.read_text(encoding="utf-8"))
    models = [_read_model(row) for row in document["model"]]
    return {model.slug: model for model in models}


def _read_model(row: dict[str, Any]) -> LanguageModel:
    prices: dict[str, int] = {}
    if "input_price_micros" not in row or "output_price_micros" not in row:
        known = look_up_price(row["litellm_model"])
        if known is None:
            raise CatalogError(f"{row['slug']}: catalog.toml gives no price and litellm's table knows none")
        prices = {"input_price_micros": known[0], "output_price_micros": known[1]}
    lists = {"languages": tuple(row["languages"]), "strengths": tuple(row.get("strengths", ()))}
    return LanguageModel(**{**prices, **row, **lists})


def look_up_price(litellm_model: str) -> tuple[int, int] | None:
    """Return litellm's price of one input and one output token in micros of won.

    None means that the price is not known, which is not the same as free.
    """
    table = _read_price_table()
    entry = table.get(litellm_model) or table.get(litellm_model.partition("/")[2])
    if entry is None or "input_cost_per_token" not in entry or "output_cost_per_token" not in entry:
        return None
    dollars = (entry["input_cost_per_token"], entry["output_cost_per_token"])
    micros = [round(price * settings.WON_PER_DOLLAR * 1_000_000) for price in dollars]
    return micros[0], micros[1]


@cache
def _read_price_table() -> dict[str, Any]:
    # The file is read directly, because importing litellm takes seconds.
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    table: dict[str, Any] = json.loads(Path(spec.origin).with_name(PRICE_TABLE).read_text(encoding="utf-8"))
    return table
