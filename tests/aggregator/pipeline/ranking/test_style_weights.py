"""Form is learned from judged answers, and left alone where it told nothing on prompts held out."""

import numpy as np

from aggregator.pipeline.ranking.style_features import FEATURES, LENGTH, extract_style_features
from aggregator.pipeline.ranking.style_weights import (
    RatedResponses,
    estimate_length_effect,
    extract_response_features,
    fit_style_weights,
    remove_length_effect,
)
from aggregator.pipeline.types import Question

MODELS = ("ada", "grace", "mallory")


def _draw_sheet(pull: float, seed: int = 3) -> RatedResponses:
    rng = np.random.default_rng(seed)
    styles = rng.normal(size=(160, len(MODELS), len(FEATURES)))
    utilities = 0.5 + 0.02 * rng.normal(size=styles.shape[:2]) + pull * styles[:, :, LENGTH + 2]
    return RatedResponses(MODELS, styles, utilities, np.ones((160, len(MODELS), len(MODELS))))


def test_every_feature_has_a_finite_number_for_any_text() -> None:
    question = Question("짬뽕 맛집을 추천해 줘", "ko")
    for text in ("", "a", "\ud800", "```", "# 짬뽕\n\n- 하나\n- 둘\n" * 40, "9" * 20_000):
        measured = extract_style_features(question, text)
        assert measured.shape == (len(FEATURES),)
        assert np.isfinite(measured).all()


def test_what_a_head_reads_of_a_panel_is_what_it_was_fitted_on() -> None:
    forms = extract_response_features(Question("why?", "en"), ["because it rains", "because of rain", ""])

    assert forms.shape[1] == _draw_sheet(0.0).forms.shape[2]


def test_a_form_that_pleases_is_found_and_chosen() -> None:
    responses = _draw_sheet(0.1)
    head = fit_style_weights(responses, MODELS)
    scores = np.array([head.score(forms) for forms in responses.forms])

    assert head.strength > 0
    assert (scores.argmax(axis=1) == responses.utilities.argmax(axis=1)).mean() > 0.6


def test_where_form_tells_nothing_standing_alone_decides() -> None:
    assert fit_style_weights(_draw_sheet(0.0), MODELS).strength == 0


def test_what_length_buys_is_taken_off() -> None:
    responses = _draw_sheet(0.0)
    longer = RatedResponses(
        MODELS, responses.styles, responses.utilities + 0.2 * responses.styles[:, :, LENGTH], responses.shared
    )
    slope, mean = estimate_length_effect(longer)

    assert abs(slope - 0.2) < 0.01
    assert abs(estimate_length_effect(remove_length_effect(longer, slope, mean))[0]) < 1e-9
