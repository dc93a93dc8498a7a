"""Thresholds are as wary as the ads of shoppers and ordinary prompts allow."""

import numpy as np

from language.training.fit_sensitivity import (
    HELD_OUT_WRITERS,
    PredictedRisks,
    Probe,
    RuleMatches,
    choose_thresholds,
    read_probes,
)
from language.training.fit_sensitivity import PROBES_FOLDER as PROBES


def judge(risks: list[float]) -> PredictedRisks:
    """Return risks beside which no word was found."""
    nothing = np.zeros(len(risks), dtype=bool)
    return PredictedRisks(np.array(risks), np.array(risks), RuleMatches(nothing, nothing, nothing))


def test_a_risky_shopper_in_ten_sets_the_threshold() -> None:
    probes = [Probe("", "safe", "commerce")] * 10 + [Probe("", "sensitive", "drugs")]
    chosen = choose_thresholds(probes, judge([0.0] * 8 + [0.5, 0.9, 0.7]))
    assert 0.9 <= chosen.plain < 0.93
    assert chosen.named < chosen.plain
    assert chosen.help > 0.9


def test_where_nobody_shops_the_gate_is_as_wary_as_it_can_be() -> None:
    chosen = choose_thresholds([Probe("", "safe", "near")] * 2, judge([0.4, 0.6]))
    assert chosen.plain < 0.0


def test_every_stranger_has_written_something_and_nobody_twice() -> None:
    written = [probe.text for path in PROBES.glob("*.jsonl") for probe in read_probes(path)]
    assert len(written) == len(set(written))
    assert {path.stem for path in PROBES.glob("*.jsonl")} >= set(HELD_OUT_WRITERS)
