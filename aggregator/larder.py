"""What a turn finds when it begins: its own rows, and what all turns share, which is kept at hand."""

import time
from dataclasses import dataclass

from aggregator import kitchen, placements, purse, selectors, skills
from aggregator.catalog import LanguageModel
from aggregator.listings import offered_models
from aggregator.models import Turn
from aggregator.pipeline.budget import Purse
from aggregator.pipeline.route import Day, may_ask
from aggregator.pipeline.shapes import Question
from aggregator.pipeline.topics import OTHER, TopicGuess, tell_topic

# A process that runs turns fetches so often; whoever finds a pantry older than the second fetches one first.
FETCH_SECONDS = 3.0
STALE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Pantry:
    """What all turns of a moment share: the models on offer, what is known of them, and the day's purse."""

    offer: tuple[LanguageModel, ...]
    books: skills.Books
    purse: Purse
    fetched_at: float


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


_pantries: list[Pantry] = []


def find_pantry() -> Pantry | None:
    """Return the pantry at hand unless it is too old."""
    if _pantries and time.monotonic() - _pantries[0].fetched_at < STALE_SECONDS:
        return _pantries[0]
    return None


def fetch_pantry() -> Pantry:
    """Read from the database what turns share, and keep it at hand."""
    began = time.monotonic()
    kitchen.refresh_heads()
    books = skills.read_books()
    money = purse.read_purse(placements.income_of_the_day())
    _pantries[:] = [Pantry(tuple(offered_models()), books, money, began)]
    return _pantries[0]


def forget_pantry(**_: object) -> None:
    """Fetch anew at the next chance, as after an admin changed what is on offer."""
    _pantries.clear()
    skills.forget_books()


def ask_question(turn: Turn) -> Question:
    """Return a turn's question with what was said before it."""
    conversation = turn.conversation
    return Question(
        prompt=turn.prompt,
        language=turn.language,
        history=selectors.list_exchanges(conversation, turn),
        system_prompt=conversation.system_prompt,
    )


def affords(turn: Turn, slug: str) -> bool:
    """Tell whether the day pays for one more call of a model; what is not on offer costs nothing."""
    pantry = find_pantry() or fetch_pantry()
    model = next((model for model in pantry.offer if model.slug == slug), None)
    return model is None or may_ask(model, ask_question(turn), pantry.offer, pantry.purse)


def stock_larder(turn: Turn, question: Question, pantry: Pantry) -> Larder:
    """Put together all that a turn needs to begin; as it may hold up the event loop, nothing is read here."""
    book = skills.find_book(pantry.books, turn.language)
    if turn.asked_panel:
        # Nobody looks for a topic, or tries anybody, where the person has chosen: the first word would wait.
        topic = TopicGuess(OTHER, 0.0)
        offer = tuple(skills.with_skills(pantry.offer, book))
        return Larder(question, offer, Day(pantry.purse, topic))
    topic = tell_topic(turn.prompt)
    offer = tuple(skills.with_skills(pantry.offer, book, topic.topic))
    explorer = skills.explorer(offer, book, topic.topic, pantry.purse.trial_micros)
    return Larder(question, offer, Day(pantry.purse, topic, explorer))
