"""Votes change skills; length and position bias are not mistaken for skill."""

from aggregator.ratings.bradley_terry import BradleyTerryModel, Comparison


def test_a_chosen_model_s_skill_rises_and_its_variance_falls() -> None:
    ratings = BradleyTerryModel()
    before = ratings.estimate_skill("ada-model")
    for _ in range(20):
        ratings.learn(Comparison("ada-model", "grace-model"))
    after = ratings.estimate_skill("ada-model")
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert ratings.predict(Comparison("ada-model", "grace-model")) > 0.7


def test_winning_by_length_alone_is_less_of_a_win() -> None:
    short, long = BradleyTerryModel(), BradleyTerryModel()
    for _ in range(20):
        short.learn(Comparison("m", "n", lengths=(100, 100)))
        long.learn(Comparison("m", "n", lengths=(1_000, 100)))
    assert short.estimate_skill("m")[0] > long.estimate_skill("m")[0]


def test_the_first_place_on_the_screen_is_less_of_a_win() -> None:
    first, second = BradleyTerryModel(), BradleyTerryModel()
    for _ in range(10):
        first.learn(Comparison("m", "n", places=(0, 1)))
        second.learn(Comparison("m", "n", places=(1, 0)))
    assert second.estimate_skill("m")[0] > first.estimate_skill("m")[0]


def test_a_weak_signal_and_an_unreliable_rater_count_less() -> None:
    pick, copy, doubtful = BradleyTerryModel(), BradleyTerryModel(), BradleyTerryModel()
    pick.learn(Comparison("m", "n"))
    copy.learn(Comparison("m", "n", signal="copy"))
    doubtful.learn(Comparison("m", "n", reliability=0.1))
    skills = [ratings.estimate_skill("m")[0] for ratings in (pick, copy, doubtful)]
    assert skills == sorted(skills, reverse=True)
