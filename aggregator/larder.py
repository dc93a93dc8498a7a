"""What a turn finds when it begins."""

from dataclasses import dataclass

from django.conf import settings

from aggregator import kitchen, placements, selectors, skills
from aggregator.catalog import LanguageModel
from aggregator.listings import offered_models
from aggregator.models import Turn
from aggregator.pipeline.budget import Pool
from aggregator.pipeline.shapes import Question


@dataclass(frozen=True, slots=True)
class Larder:
    """What a turn finds when it begins: the question, the models on offer, the day's pool."""

    question: Question
    offer: tuple[LanguageModel, ...]
    pool: Pool


def stock_larder(turn: Turn) -> Larder:
    """Read all that a turn needs to begin."""
    kitchen.refresh_heads()
    conversation = turn.conversation
    question = Question(
        prompt=turn.prompt,
        language=turn.language,
        history=selectors.list_exchanges(conversation, turn),
        system_prompt=conversation.system_prompt,
    )
    pool = Pool(
        income_micros=placements.income_of_the_day(),
        subsidy_micros=settings.DAILY_SUBSIDY_WON * 1_000_000,
        spent_micros=selectors.spent_today(),
    )
    return Larder(question, tuple(skills.with_skills(offered_models(), turn.language)), pool)
