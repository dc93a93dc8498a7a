"""GET /healthz: is everything that a turn needs there?"""

import http.client
import logging
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http import HTTPStatus
from threading import Lock

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aggregator.models import Listing
from config.monitoring.heartbeat import connect_valkey, has_heartbeat

log = logging.getLogger(__name__)

OK, DOWN = "ok", "down"
CACHE_SECONDS = 2.0
MODEL_TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """What /healthz tells; `models` counts those that would be asked now."""

    database: str
    redis: str
    worker: str
    models: int

    @property
    def is_healthy(self) -> bool:
        """Tell whether the site can answer; having no model is not an illness of the site."""
        return self.database == self.redis == self.worker == OK


class _CachedHealth:
    """The last check, kept so that many probes cost one."""

    lock = Lock()
    health: Health | None = None
    at = 0.0


@require_safe
@never_cache
def show_health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when all is well and 503, naming what is down, when not."""
    del request
    with _CachedHealth.lock:
        if _CachedHealth.health is None or time.monotonic() - _CachedHealth.at > CACHE_SECONDS:
            _CachedHealth.health, _CachedHealth.at = check_health(), time.monotonic()
        health = _CachedHealth.health
    return JsonResponse(asdict(health), status=HTTPStatus.OK if health.is_healthy else 503)


def check_health() -> Health:
    """Ask everything once, each with a short deadline."""
    database = check_component(ping_database, "database")
    store = check_component(lambda: bool(connect_valkey().ping()), "redis")
    worker = check_component(has_heartbeat, "worker") if store == OK else DOWN
    return Health(database, store, worker, count_models() if database == OK else 0)


def check_component(ask: Callable[[], bool], name: str) -> str:
    """Say ok or down; the reason goes to the log, not to whoever asks."""
    try:
        return OK if ask() else DOWN
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("%s is down: %s", name, error)
        return DOWN


def ping_database() -> bool:
    """Run the smallest query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def count_models() -> int:
    """Count the models on offer; of those served on this machine, only the ones that answer."""
    rows = Listing.objects.filter(is_on=True, is_reachable=True).values_list("provider", "api_base")
    local = [address for provider, address in rows if provider == "local"]
    if not local:
        return len(rows)
    with ThreadPoolExecutor(len(local)) as pool:
        return len(rows) - len(local) + sum(pool.map(is_model_loaded, local))


def is_model_loaded(api_base: str) -> bool:
    """Tell whether a local model server has loaded its model."""
    parts = urllib.parse.urlsplit(api_base)
    http_connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=MODEL_TIMEOUT_SECONDS
    )
    try:
        http_connection.request("GET", "/health")
        return http_connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        http_connection.close()
