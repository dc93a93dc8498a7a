"""What a turn finds when it begins: its own rows, and what all turns share, which is kept at hand."""

from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache

from aggregator import placements
from aggregator.budgeting import budget as purse
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import Turn
from aggregator.pipeline.routing.prompt_topics import OTHER, TopicPrediction, classify_topic
from aggregator.pipeline.routing.route import RoutingContext, can_afford_call
from aggregator.pipeline.types import Question
from aggregator.ratings import ratings as skills
from aggregator.selectors import conversations
from aggregator.services.listings import list_offered_models
from aggregator.storage import model_weights

# Every process that runs turns reloads this often; a snapshot older than the second is reloaded before use.
REFRESH_SECONDS = 3.0
MAX_AGE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class SharedSnapshot:
    """What all turns of a moment share: the models on offer, what is known of them, and the day's purse."""

    offer: tuple[LanguageModel, ...]
    ratings: skills.RatingsByScope
    budget: TurnBudget


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What a turn finds when it begins: the question, the models on offer, and the day's purse and topic."""

    question: Question
    offer: tuple[LanguageModel, ...]
    day: RoutingContext

    @property
    def budget(self) -> TurnBudget:
        """The day's pool and pace."""
        return self.day.budget


_KEY = "snapshot"
_cache: TTLCache[str, SharedSnapshot] = TTLCache(1, MAX_AGE_SECONDS)
_lock = Lock()


def find_snapshot() -> SharedSnapshot | None:
    """Return the snapshot at hand unless it is too old."""
    with _lock:
        return _cache.get(_KEY)


def load_snapshot() -> SharedSnapshot:
    """Read from the database what turns share, and keep it at hand."""
    model_weights.refresh_weights()
    ratings = skills.read_all_ratings()
    money = purse.read_budget(placements.read_income_today())
    snapshot = SharedSnapshot(tuple(list_offered_models()), ratings, money)
    with _lock:
        _cache[_KEY] = snapshot
    return snapshot


def forget_snapshot(**_: object) -> None:
    """Fetch anew at the next chance, as after an admin changed what is on offer."""
    with _lock:
        _cache.clear()
    skills.forget_ratings()


def build_question(turn: Turn) -> Question:
    """Return a turn's question with what was said before it."""
    conversation = turn.conversation
    return Question(
        prompt=turn.prompt,
        language=turn.language,
        history=conversations.list_exchanges(conversation, turn),
        system_prompt=conversation.system_prompt,
    )


def can_afford_model(turn: Turn, slug: str) -> bool:
    """Tell whether the day pays for one more call of a model; what is not on offer costs nothing."""
    snapshot = find_snapshot() or load_snapshot()
    model = next((model for model in snapshot.offer if model.slug == slug), None)
    return model is None or can_afford_call(model, build_question(turn), snapshot.offer, snapshot.budget)


def build_context(turn: Turn, question: Question, snapshot: SharedSnapshot) -> TurnContext:
    """Put together all that a turn needs to begin; as it may hold up the event loop, nothing is read here."""
    book = skills.find_ratings(snapshot.ratings, turn.language)
    if turn.asked_panel:
        # Nobody looks for a topic, or tries anybody, where the person has chosen: the first word would wait.
        topic = TopicPrediction(OTHER, 0.0)
        offer = tuple(skills.apply_ratings(snapshot.offer, book))
        return TurnContext(question, offer, RoutingContext(snapshot.budget, topic))
    topic = classify_topic(turn.prompt)
    offer = tuple(skills.apply_ratings(snapshot.offer, book, topic.topic))
    explorer = skills.build_explorer(offer, book, topic.topic, snapshot.budget.exploration_cap_micros)
    return TurnContext(question, offer, RoutingContext(snapshot.budget, topic, explorer))
