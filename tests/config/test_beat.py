"""What beat sends while no worker runs is not all done when one comes back."""

import datetime
import json

from celery import Celery
from celery.beat import Scheduler
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

BOOKS = "prove the books"


def test_every_task_but_the_proof_of_the_books_may_be_left_undone_soon() -> None:
    kept = {}
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        kept[name] = entry.get("options", {}).get("expires")
        if name != BOOKS:
            every = entry["schedule"]
            assert kept[name] == (3_600 if isinstance(every, crontab) else max(60, every)), name
    assert kept[BOOKS] is None


def test_what_beat_sends_says_when_it_is_too_late(valkey: Redis, settings: Settings) -> None:
    beat = Celery("beat", broker=settings.REDIS_URL)
    beat.config_from_object("django.conf:settings", namespace="CELERY")
    beat.conf.update({"broker_url": settings.REDIS_URL})
    scheduler = Scheduler(app=beat, lazy=True)
    scheduler.setup_schedule()
    for name in ("refresh live bits", BOOKS):
        scheduler.apply_async(scheduler.schedule[name], advance=False)
    live, books = (json.loads(message) for message in reversed(valkey.lrange("celery", 0, -1)))
    expires = datetime.datetime.fromisoformat(live["headers"]["expires"])
    assert timezone.now() < expires <= timezone.now() + datetime.timedelta(seconds=60)
    assert books["headers"]["expires"] is None
