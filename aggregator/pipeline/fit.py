"""Fit every head that ships from recorded answers: numbers only, with their provenance."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from aggregator.pipeline.answer_sheet import AnswerSheet
from aggregator.pipeline.heads import Heads
from aggregator.pipeline.style_head import (
    OpenSheet,
    StyleHead,
    control_length,
    fit_style_head,
    without_length,
)
from aggregator.pipeline.tally import VoteHead
from aggregator.pipeline.vendors import name_vendor
from aggregator.pipeline.vote_head import fit_cold_head

_POOL_SIZES = (3, 4, 5)
_POOLS_EACH = 12
_ROWS_EACH = 400
_DIGITS = 4


def draw_pools(sheet: AnswerSheet, seed: int = 0) -> list[AnswerSheet]:
    """Draw mixed panels from a sheet, each of different vendors where there are enough."""
    rng = np.random.default_rng(seed)
    by_vendor: dict[str, list[str]] = {}
    for model, score in zip(sheet.models, sheet.score_models(), strict=True):
        if score > 1.5 / sheet.choices:
            by_vendor.setdefault(name_vendor(model), []).append(model)
    sheets = []
    for size, _ in itertools.product(_POOL_SIZES, range(_POOLS_EACH)):
        vendors = rng.permutation(sorted(by_vendor))[:size]
        pool = [str(rng.choice(by_vendor[vendor])) for vendor in vendors]
        rows = rng.permutation(len(sheet.gold))[:_ROWS_EACH]
        sheets.append(sheet.keep(pool).take(rows))
    return sheets


def _widen(sheets: Sequence[AnswerSheet]) -> list[AnswerSheet]:
    width = max(sheet.width for sheet in sheets)
    return [
        AnswerSheet(s.models, s.answers, s.gold, s.topics, s.choices, width, s.is_lettered) for s in sheets
    ]


def _fit_vote(sheets: Sequence[AnswerSheet]) -> VoteHead:
    pools = [pool for sheet in sheets for pool in draw_pools(sheet)]
    return fit_cold_head(_widen(pools)) if pools else VoteHead({})


def _round(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, _DIGITS) for value in values)


def _fit_style(sheet: OpenSheet) -> StyleHead:
    slope, mean = control_length(sheet)
    head = fit_style_head(without_length(sheet, slope, mean), sheet.models)
    return StyleHead(
        {}, _round(head.means), _round(head.deviations), _round(head.weights), head.strength, head.judged
    )


def fit_heads(
    sheets: Sequence[AnswerSheet], opens: Mapping[str, OpenSheet], provenance: Mapping[str, Any]
) -> Heads:
    """Fit vote priors on checkable answers and style, length held equal, on judged ones by language."""
    return Heads(
        version=datetime.now(UTC).strftime("%Y-%m-%d.%H%M%S.%f"),
        option_vote=_fit_vote([sheet for sheet in sheets if sheet.is_lettered]),
        open_vote=_fit_vote([sheet for sheet in sheets if not sheet.is_lettered]),
        styles={language: _fit_style(sheet) for language, sheet in opens.items()},
        provenance=provenance,
    )
