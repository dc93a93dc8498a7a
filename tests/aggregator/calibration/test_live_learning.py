"""Weights learn from live turns without labels, and are used only where they foretell answers no worse."""

import io
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from aggregator.calibration import live_learning
from aggregator.calibration.live_learning import measure_likelihood
from aggregator.models import Candidate, Conversation, Turn, WeightsVersion
from aggregator.pipeline.ranking.weights import activate_weights, load_default_weights, parse_weights
from aggregator.selectors.answered_turns import AnsweredTurn, TurnAnswer
from aggregator.storage import model_weights
from testing.factories import ListingFactory

pytestmark = pytest.mark.django_db
ACCURACIES = {"keen": 0.95, "plain": 0.7, "poor": 0.4}


@pytest.fixture(autouse=True)
def _begin_with_shipped_weights() -> Iterator[None]:
    """Begin and end every test with the weights that ship."""
    activate_weights(None)
    model_weights.refresh_weights.cache_clear()
    yield
    activate_weights(None)
    model_weights.refresh_weights.cache_clear()


def store_turns(owner: User, number: int) -> None:
    """Store finished turns about sums, which models of different skill answered."""
    conversation = Conversation.objects.create(owner=owner, updated_at=timezone.now())
    rng, positions = np.random.default_rng(3), count()
    turns = [
        Turn(
            conversation=conversation, number=row, prompt=f"{row} 더하기 {row + 1}은 얼마인가요?",
            language="ko", strategy="vote", status="done",
            closed_at=timezone.now(),
        )
        for row in range(number)
    ]  # fmt: skip
    stored = Turn.objects.bulk_create(turns)
    Candidate.objects.bulk_create(
        Candidate(
            turn=turn, position=next(positions), model=model, model_name=model, vendor=model, status="done",
            finish_reason="stop",
            text=f"정답: {2 * row + 1 + (rng.random() > accuracy) * rng.integers(1, 9)}",
        )
        for row, turn in enumerate(stored)
        for model, accuracy in ACCURACIES.items()
    )  # fmt: skip


def learn() -> str:
    """Run the command and return what it prints."""
    out = io.StringIO()
    call_command("learn_weights", stdout=out)
    model_weights.refresh_weights.cache_clear()
    return out.getvalue()


def test_agreement_of_live_turns_tells_models_apart(ada: User) -> None:
    for model in ACCURACIES:
        ListingFactory.create(slug=model, standing=0.7)
    store_turns(ada, 220)

    printed = learn()

    version = WeightsVersion.objects.get()
    skills = parse_weights(version.heads).open_vote.skills
    assert version.is_active and "is in use" in printed
    assert skills["keen"] > skills["plain"] > skills["poor"]
    assert version.provenance["turns"] == 220
    # The same turns teach nothing new, and do not count twice.
    assert "known already" in learn()
    assert WeightsVersion.objects.count() == 1


def test_few_turns_teach_nothing(ada: User) -> None:
    store_turns(ada, 30)

    assert "30 turns with comparable answers are too few" in learn()
    assert not WeightsVersion.objects.exists()


def test_what_foretells_answers_worse_is_stored_and_not_used(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_turns(ada, 220)
    gains = iter((-2.0, -1.0))
    monkeypatch.setattr(live_learning, "measure_likelihood", lambda *_: next(gains))

    printed = learn()

    assert "is stored and not used, -1.0000" in printed
    assert not WeightsVersion.objects.get().is_active


def test_true_skills_foretell_answers_better_than_reversed_ones() -> None:
    turns = [
        AnsweredTurn(
            f"{row} 더하기 {row}은 얼마인가요?",
            "ko",
            tuple(
                # Wrong answers differ, so that those who agree are right.
                TurnAnswer(model, model, f"정답: {2 * row + place * (row % 10 >= 10 * accuracy)}", 0, 0)
                for place, (model, accuracy) in enumerate(ACCURACIES.items(), 1)
            ),
        )
        for row in range(100)
    ]
    shipped = load_default_weights()
    wrong_way_round = dict(zip(ACCURACIES, reversed(ACCURACIES.values()), strict=True))

    true, false = (measure_likelihood(shipped, turns, skills) for skills in (ACCURACIES, wrong_way_round))
    assert true > false
