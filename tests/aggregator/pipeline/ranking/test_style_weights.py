"""Style weights are fitted on rated responses, and rank open answers together with standings."""

import numpy as np

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.style_features import (
    FEATURES,
    LENGTH,
    extract_style_features,
    measure_style,
)
from aggregator.pipeline.ranking.style_weights import (
    StyleWeights,
    extract_response_features,
    predict_preference,
)
from aggregator.pipeline.ranking.weights import FORMAT, load_default_weights
from aggregator.pipeline.types import Draft, Question
from aggregator.training.fit_style import (
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)

MODELS = ("ada", "grace", "mallory")
QUESTION = Question("Describe the sea.", "en")


def sample_responses(pull: float, seed: int = 3) -> RatedResponses:
    rng = np.random.default_rng(seed)
    styles = rng.normal(size=(160, len(MODELS), len(FEATURES)))
    utilities = 0.5 + 0.02 * rng.normal(size=styles.shape[:2]) + pull * styles[:, :, LENGTH + 2]
    return RatedResponses(MODELS, styles, utilities, np.ones((160, len(MODELS), len(MODELS))))


def write_drafts(*texts: str) -> list[Draft]:
    return [Draft(model, model, "", 0.5, text) for model, text in zip(MODELS, texts, strict=False)]


def test_every_feature_is_finite_for_any_text() -> None:
    question = Question("짬뽕 맛집을 추천해 줘", "ko")
    for text in ("", "a", "\ud800", "```", "# 짬뽕\n\n- 하나\n- 둘\n" * 40, "9" * 20_000):
        measured = extract_style_features(question, text)
        assert measured.shape == (len(FEATURES),)
        assert np.isfinite(measured).all()


def test_the_structure_that_a_prompt_asks_for_is_a_feature() -> None:
    question = Question("두 나라를 표로 비교해 줘", "ko")

    assert measure_style(question, "| 나라 | 수도 |\n|---|---|")["asked_structure"] == 1
    assert measure_style(question, "한국의 수도는 서울이에요.")["asked_structure"] == 0
    assert measure_style(Question("안녕", "ko"), "안녕하세요.")["asked_structure"] == 1


def test_the_shipped_weights_are_fitted_on_the_features_that_are_measured() -> None:
    features = extract_response_features(QUESTION, write_drafts("It is deep.", ""))
    fitted = {language: len(style.means) for language, style in load_default_weights().styles.items()}

    assert fitted == dict.fromkeys(fitted, features.shape[1]), (
        "fit again: manage.py fit_weights --data … --ship"
    )
    # Stored weights of an older release are ignored by their format.
    assert (FORMAT, len(FEATURES)) == (4, 44), "raise FORMAT of weights.py before the fit, then both numbers"


def test_a_preferred_style_is_fitted_and_chosen() -> None:
    responses = sample_responses(0.1)
    weights = fit_style_weights([responses], MODELS)

    assert max(range(len(FEATURES)), key=lambda index: weights.weights[index]) == LENGTH + 2
    assert set(weights.skills) == set(MODELS)
    assert weights.judged == 160


def test_chance_gets_little_weight() -> None:
    preferred, chance = (fit_style_weights([sample_responses(pull)], MODELS).weights for pull in (0.1, 0.0))

    assert max(map(abs, chance)) < 0.25 * preferred[LENGTH + 2]


def test_without_a_pool_models_count_by_their_standing_alone() -> None:
    assert not fit_style_weights([sample_responses(0.1)]).skills


def test_the_effect_of_length_is_removed() -> None:
    responses = sample_responses(0.0)
    longer = RatedResponses(
        MODELS, responses.styles, responses.utilities + 0.2 * responses.styles[:, :, LENGTH], responses.shared
    )
    slope, mean = estimate_length_effect(longer)

    assert abs(slope - 0.2) < 0.01
    assert abs(estimate_length_effect(remove_length_effect(longer, slope, mean))[0]) < 1e-9


def test_skills_count_only_when_every_model_has_one() -> None:
    zeros = (0.0,) * len(FEATURES)
    weights = StyleWeights(zeros, zeros, zeros, 1.0, {"ada": 2.0, "grace": 0.0})

    assert weights.score_models(write_drafts("", "")).tolist() == [2.0, 0.0]
    assert weights.score_models(write_drafts("", "", "")).tolist() == [0.0, 0.0, 0.0]


def test_the_probability_of_being_preferred_is_even_for_equals() -> None:
    assert predict_preference(np.zeros(4)).tolist() == [0.5] * 4
    chances = predict_preference(np.array([1.0, 0.0, -1.0]))
    assert chances[0] > 0.7
    assert abs(chances.mean() - 0.5) < 1e-9


def test_preference_does_not_order_answers_that_can_be_right_or_wrong() -> None:
    sums = [
        Draft(model, model, "", 0.5, text)
        for model, text in (("ada", "No idea, sorry to say."), ("grace", "Hm."))
    ]
    ranking = rank(Question("What is 12 * 12? Calculate it.", "en"), sums)

    assert all(abs(row.score - 0.5) < 0.05 for row in ranking.standings)


def test_a_question_with_a_right_answer_that_nobody_answered_is_ranked() -> None:
    failed = Draft("ada", "ada", "", 0.5, "", "error")

    assert rank(Question("What is 12 * 12? Calculate it.", "en"), [failed]).standings[0].reasons == (
        "failed",
    )


def test_an_answer_that_others_confirm_ranks_before_one_beside_the_point() -> None:
    sea = "The sea is deep, salty and blue. It covers most of the planet and is home to countless animals."
    ranking = rank(
        QUESTION,
        write_drafts(
            "I once had a bicycle. It was red, and my uncle sold it to somebody in another town.",
            f"{sea} Its tides follow the moon.",
            f"{sea} Its currents are made by wind.",
        ),
    )

    assert ranking.standings[-1].candidate == "ada"
    assert all(0 < row.score < 1 for row in ranking.standings)
