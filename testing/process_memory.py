"""What a process remembers of its database and its Valkey, forgotten between two tests."""

from ads.client import vocabulary_cache_of
from ads.portal import bid_forecast
from ads.reporting import market_demand
from aggregator.budgeting.budget import read_pace
from aggregator.execution.setup import forget_snapshot
from aggregator.pipeline.ranking.weights import activate_weights
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.ratings import ratings
from aggregator.resilience import reading_speed, throttle
from aggregator.selectors.model_speeds import forget_speeds
from aggregator.storage import model_weights
from config.monitoring import views
from language.reading import forget_readings
from testing.ads.inventory import reset_serving_state


def forget_process_memory() -> None:
    """Forget what an earlier test left in this process: a real one never changes its database."""
    reset_serving_state()
    market_demand._term_weights_cache.clear()
    bid_forecast._winning_bids_cache.clear()
    vocabulary_cache_of.cache_clear()
    read_pace.cache_clear()
    forget_snapshot()
    ratings._shown.clear()
    forget_speeds()
    throttle.clear_pauses()
    reading_speed.forget_speeds()
    activate_weights(None)
    model_weights.refresh_weights.cache_clear()
    views.check_health.cache_clear()
    forget_readings()
    classify_topic.cache_clear()
