"""Style weights are fitted on rated responses, and stay unused where style predicts nothing."""

import numpy as np

from aggregator.pipeline.ranking.style_features import FEATURES, LENGTH, extract_style_features
from aggregator.pipeline.ranking.style_weights import extract_response_features
from aggregator.pipeline.ranking.weights import FORMAT, load_default_weights
from aggregator.pipeline.types import Question
from aggregator.training.fit_style import (
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)

MODELS = ("ada", "grace", "mallory")


def sample_responses(pull: float, seed: int = 3) -> RatedResponses:
    rng = np.random.default_rng(seed)
    styles = rng.normal(size=(160, len(MODELS), len(FEATURES)))
    utilities = 0.5 + 0.02 * rng.normal(size=styles.shape[:2]) + pull * styles[:, :, LENGTH + 2]
    return RatedResponses(MODELS, styles, utilities, np.ones((160, len(MODELS), len(MODELS))))


def test_every_feature_is_finite_for_any_text() -> None:
    question = Question("짬뽕 맛집을 추천해 줘", "ko")
    for text in ("", "a", "\ud800", "```", "# 짬뽕\n\n- 하나\n- 둘\n" * 40, "9" * 20_000):
        measured = extract_style_features(question, text)
        assert measured.shape == (len(FEATURES),)
        assert np.isfinite(measured).all()


def test_served_and_fitted_features_have_the_same_shape() -> None:
    forms = extract_response_features(Question("why?", "en"), ["because it rains", "because of rain", ""])

    assert forms.shape[1] == sample_responses(0.0).forms.shape[2]


def test_the_shipped_weights_are_fitted_on_the_features_that_are_measured() -> None:
    forms = extract_response_features(Question("why?", "en"), ["because it rains", ""])
    fitted = {language: len(style.means) for language, style in load_default_weights().styles.items()}

    assert fitted == dict.fromkeys(fitted, forms.shape[1]), "fit again: manage.py fit_weights --data … --ship"
    # Stored weights of an older release are ignored by their format.
    assert (FORMAT, len(FEATURES)) == (3, 43), "raise FORMAT of weights.py before the fit, then both numbers"


def test_a_preferred_style_is_fitted_and_chosen() -> None:
    responses = sample_responses(0.1)
    weights = fit_style_weights(responses, MODELS)
    scores = np.array([weights.score(forms) for forms in responses.forms])

    assert weights.strength > 0
    assert (scores.argmax(axis=1) == responses.utilities.argmax(axis=1)).mean() > 0.6


def test_a_style_without_effect_gets_no_strength() -> None:
    assert fit_style_weights(sample_responses(0.0), MODELS).strength == 0


def test_the_effect_of_length_is_removed() -> None:
    responses = sample_responses(0.0)
    longer = RatedResponses(
        MODELS, responses.styles, responses.utilities + 0.2 * responses.styles[:, :, LENGTH], responses.shared
    )
    slope, mean = estimate_length_effect(longer)

    assert abs(slope - 0.2) < 0.01
    assert abs(estimate_length_effect(remove_length_effect(longer, slope, mean))[0]) < 1e-9
