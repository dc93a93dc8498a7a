"""The Celery application that workers and beat run."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jjamppong")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Keep the logging of the settings: with a receiver connected, Celery does not configure its own."""


@worker_ready.connect
def warm_up(**_: object) -> None:
    """Load what the first turn would otherwise wait for, and start traces and metrics."""
    from django.conf import settings

    from aggregator.infra.metrics import serve_metrics
    from aggregator.tasks import warm_worker
    from config.monitoring.telemetry import start_tracing

    start_tracing("worker")
    if settings.METRICS_PORT:
        serve_metrics(settings.METRICS_PORT, settings.METRICS_HOST)
    warm_worker()


@worker_shutdown.connect
def drain(**_: object) -> None:
    """Wait for running turns up to TURN_DRAIN_SECONDS, then release them to another worker."""
    from aggregator.tasks import drain_worker

    drain_worker()
