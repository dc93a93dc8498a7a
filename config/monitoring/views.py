"""GET /healthz: the state of the parts of the site; GET /metrics: the metrics of the web process."""

import hmac
import logging
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http import HTTPStatus
from threading import Condition

import redis
from cachetools import TTLCache, cached
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from aggregator.infra.metrics import render_metrics
from aggregator.services.listings import list_offered_models
from config.monitoring.heartbeat import connect_valkey, has_heartbeat
from config.monitoring.http_status import read_http_status

log = logging.getLogger(__name__)

OK, DOWN = "ok", "down"
CACHE_SECONDS = 2.0
MODEL_TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """The body of /healthz; `models` counts the models that can be asked now."""

    database: str
    redis: str
    worker: str
    models: int

    @property
    def is_healthy(self) -> bool:
        """Whether all processes work; a site without models is healthy."""
        return self.database == self.redis == self.worker == OK


@require_safe
@never_cache
def show_health(request: HttpRequest) -> JsonResponse:
    """Respond with 200 when healthy, else with 503; the body names what is down."""
    del request
    health = check_health()
    return JsonResponse(asdict(health), status=HTTPStatus.OK if health.is_healthy else 503)


@cached(TTLCache(1, CACHE_SECONDS), condition=Condition())
def check_health() -> Health:
    """Check each component, with a short timeout; concurrent requests share one check."""
    database = check_component(ping_database, "database")
    store = check_component(lambda: bool(connect_valkey().ping()), "redis")
    worker = check_component(lambda: has_heartbeat(connect_valkey()), "worker") if store == OK else DOWN
    return Health(database, store, worker, count_models() if database == OK else 0)


def check_component(check: Callable[[], bool], name: str) -> str:
    """Return ok or down; the reason is logged and not shown to the client."""
    try:
        return OK if check() else DOWN
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("%s is down: %s", name, error)
        return DOWN


def ping_database() -> bool:
    """Run a trivial query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def count_models() -> int:
    """Count the models on offer, of those served on this machine only the ones that are loaded."""
    models = list_offered_models()
    local = [model.api_base for model in models if model.provider == "local"]
    if not local:
        return len(models)
    with ThreadPoolExecutor(len(local)) as pool:
        return len(models) - len(local) + sum(pool.map(is_model_loaded, local))


def is_model_loaded(api_base: str) -> bool:
    """Return whether a local model server has loaded its model."""
    url = urllib.parse.urlsplit(api_base)
    status = read_http_status(url.hostname or "", url.port, "/health", timeout_seconds=MODEL_TIMEOUT_SECONDS)
    return status == HTTPStatus.OK


@require_safe
@never_cache
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients with METRICS_TOKEN, and 404 to others."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE_LATEST)
