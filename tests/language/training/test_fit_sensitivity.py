"""Thresholds are as low as the limits on blocked commercial prompts allow."""

import numpy as np

from language.training.fit_sensitivity import HELD_OUT_WRITERS, PredictedRisks, choose_thresholds
from language.training.probe_features import TRAIN_FOLDER, Probe, RuleMatches, read_folder


def predict(risks: list[float]) -> PredictedRisks:
    """Return these risks for probes that match no rule."""
    nothing = np.zeros(len(risks), dtype=bool)
    return PredictedRisks(np.array(risks), np.array(risks), RuleMatches(nothing, nothing, nothing))


def test_one_risky_commercial_prompt_in_ten_sets_the_threshold() -> None:
    probes = [Probe("", "safe", "commerce")] * 10 + [Probe("", "sensitive", "drugs")]
    chosen = choose_thresholds(probes, predict([0.0] * 8 + [0.5, 0.9, 0.7]))
    assert 0.9 <= chosen.plain < 0.93
    assert chosen.named < chosen.plain
    assert chosen.help > 0.9


def test_without_commercial_prompts_the_lowest_threshold_is_chosen() -> None:
    chosen = choose_thresholds([Probe("", "safe", "near")] * 2, predict([0.4, 0.6]))
    assert chosen.plain < 0.0


def test_every_held_out_writer_has_a_file_and_no_line_occurs_twice() -> None:
    probes = read_folder(TRAIN_FOLDER)
    assert len(probes) == len({probe.text for probe in probes})
    assert {probe.writer for probe in probes} >= set(HELD_OUT_WRITERS)
