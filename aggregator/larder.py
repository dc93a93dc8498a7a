"""What a turn finds when it begins."""

from dataclasses import dataclass

from aggregator import kitchen, placements, purse, selectors, skills
from aggregator.catalog import LanguageModel
from aggregator.listings import offered_models
from aggregator.models import Turn
from aggregator.pipeline.budget import Purse
from aggregator.pipeline.route import Day
from aggregator.pipeline.shapes import Question
from aggregator.pipeline.topics import tell_topic


@dataclass(frozen=True, slots=True)
class Larder:
    """What a turn finds when it begins: the question, the models on offer, and the day's purse and topic."""

    question: Question
    offer: tuple[LanguageModel, ...]
    day: Day

    @property
    def purse(self) -> Purse:
        """The day's pool and pace."""
        return self.day.purse


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
    money = purse.read_purse(placements.income_of_the_day())
    known = offered_models()
    topic = tell_topic(turn.prompt)
    offer = tuple(skills.with_skills(known, turn.language, topic.topic))
    explorer = skills.explorer(offer, turn.language, topic.topic, money.trial_micros)
    return Larder(question, offer, Day(money, topic, explorer))
