"""Tasks that beat sends while no worker runs expire, except the reconciliation of the ledger."""

import datetime
import json

from celery import Celery
from celery.beat import Scheduler
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

RECONCILIATION = "reconcile the market"


def test_every_task_but_the_reconciliation_expires() -> None:
    expires = {}
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        expires[name] = entry.get("options", {}).get("expires")
        if name != RECONCILIATION:
            schedule = entry["schedule"]
            assert expires[name] == (3_600 if isinstance(schedule, crontab) else max(60, schedule)), name
    assert expires[RECONCILIATION] is None


def test_sent_messages_carry_their_expiry(valkey: Redis, settings: Settings) -> None:
    beat = Celery("beat", broker=settings.REDIS_URL)
    beat.config_from_object("django.conf:settings", namespace="CELERY")
    beat.conf.update({"broker_url": settings.REDIS_URL})
    scheduler = Scheduler(app=beat, lazy=True)
    scheduler.setup_schedule()
    for name in ("publish live overrides", RECONCILIATION):
        scheduler.apply_async(scheduler.schedule[name], advance=False)
    live, reconciliation = (json.loads(message) for message in reversed(valkey.lrange("celery", 0, -1)))
    expires = datetime.datetime.fromisoformat(live["headers"]["expires"])
    assert timezone.now() < expires <= timezone.now() + datetime.timedelta(seconds=60)
    assert reconciliation["headers"]["expires"] is None
