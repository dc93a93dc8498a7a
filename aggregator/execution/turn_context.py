"""What a turn begins with: its question, and a snapshot that all turns of the process share in memory."""

from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache

from aggregator import placements
from aggregator.budgeting import budget as budgets
from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import Turn
from aggregator.pipeline.routing.prompt_topics import OTHER, TopicPrediction, classify_topic
from aggregator.pipeline.routing.route import RoutingContext, can_afford_call
from aggregator.pipeline.types import Question
from aggregator.ratings import ratings
from aggregator.selectors import conversations
from aggregator.services.listings import list_offered_models
from aggregator.storage import model_weights

# Every process that runs turns reloads this often; a snapshot older than the second is reloaded before use.
REFRESH_SECONDS = 3.0
MAX_AGE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class SharedSnapshot:
    """What turns share: the models on offer, their ratings, and the day's budget."""

    offer: tuple[LanguageModel, ...]
    ratings: ratings.RatingsByScope
    budget: TurnBudget


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What a turn begins with: its question, the models on offer, the day's budget, and the topic."""

    question: Question
    offer: tuple[LanguageModel, ...]
    day: RoutingContext

    @property
    def budget(self) -> TurnBudget:
        """The day's funds and pacing."""
        return self.day.budget


_KEY = "snapshot"
_cache: TTLCache[str, SharedSnapshot] = TTLCache(1, MAX_AGE_SECONDS)
_lock = Lock()


def find_snapshot() -> SharedSnapshot | None:
    """Return the snapshot in memory unless it is too old."""
    with _lock:
        return _cache.get(_KEY)


def load_snapshot() -> SharedSnapshot:
    """Read a new snapshot from the database and keep it in memory."""
    model_weights.refresh_weights()
    all_ratings = ratings.read_all_ratings()
    budget = budgets.read_budget(placements.read_income_today())
    snapshot = SharedSnapshot(tuple(list_offered_models()), all_ratings, budget)
    with _lock:
        _cache[_KEY] = snapshot
    return snapshot


def forget_snapshot(**_: object) -> None:
    """Read a new snapshot at the next use, as after an admin changed the listings."""
    with _lock:
        _cache.clear()
    ratings.forget_ratings()


def build_question(turn: Turn) -> Question:
    """Return a turn's question with the exchanges before it."""
    conversation = turn.conversation
    return Question(
        prompt=turn.prompt,
        language=turn.language,
        history=conversations.list_exchanges(conversation, turn),
        system_prompt=conversation.system_prompt,
    )


def can_afford_model(turn: Turn, slug: str) -> bool:
    """Return whether the day's budget pays for one more call of a model; one not on offer costs nothing."""
    snapshot = find_snapshot() or load_snapshot()
    model = next((model for model in snapshot.offer if model.slug == slug), None)
    return model is None or can_afford_call(model, build_question(turn), snapshot.offer, snapshot.budget)


def build_context(turn: Turn, question: Question, snapshot: SharedSnapshot) -> TurnContext:
    """Return a turn's context; it queries nothing, because it may run on the event loop."""
    scoped_ratings = ratings.find_ratings(snapshot.ratings, turn.language)
    if turn.asked_panel:
        # A panel that a person chose needs no topic and no exploration, which would delay the first token.
        topic = TopicPrediction(OTHER, 0.0)
        offer = tuple(ratings.apply_ratings(snapshot.offer, scoped_ratings))
        return TurnContext(question, offer, RoutingContext(snapshot.budget, topic))
    topic = classify_topic(turn.prompt)
    offer = tuple(ratings.apply_ratings(snapshot.offer, scoped_ratings, topic.topic))
    explorer = ratings.build_explorer(
        offer, scoped_ratings, topic.topic, snapshot.budget.exploration_cap_micros
    )
    return TurnContext(question, offer, RoutingContext(snapshot.budget, topic, explorer))
