"""The schedule of Celery beat, and how late a worker may still run each task."""

from typing import Any

from celery.schedules import crontab

# While no worker runs, sent tasks pile up in front of turns, so all but one expire. A minute at least, though
# some are sent every five seconds: a busy worker may lag by more than that, and clocks of machines differ.
MIN_EXPIRY_SECONDS = 60
CRON_EXPIRY_SECONDS = 3_600
NEVER_EXPIRES = {"reconcile the market"}

_TASKS: dict[str, tuple[str, int | crontab]] = {
    "recover turns": ("aggregator.tasks.recover_turns", 10),
    "learn votes": ("aggregator.tasks.learn_votes", 20),
    "update the budget pace": ("aggregator.tasks.keep_pace", 60),
    "continue calibrations": ("aggregator.tasks.continue_calibrations", 15),
    "refit ratings": ("aggregator.tasks.refit_skills", crontab(hour=4, minute=10)),
    "learn weights": ("aggregator.tasks.learn_weights", crontab(hour=4, minute=20)),
    "delete old turn counts": ("aggregator.tasks.clear_counts", crontab(hour=4, minute=40)),
    "delete empty guests": ("aggregator.tasks.clear_guests", crontab(hour=4, minute=50)),
    "expire API conversations": ("aggregator.tasks.expire_called", crontab(hour=3, minute=40)),
    "reload inventory": ("ads.tasks.publish_inventory", 60),
    "learn ad words": ("ads.tasks.learn_words", 30),
    # After the click audit (minute 20), so that clicks which it refunds are no training data.
    "learn ad clicks": ("ads.tasks.learn_from_clicks", crontab(minute=26)),
    "learn ad reserves": ("ads.tasks.learn_reserves", crontab(minute=12)),
    "publish live overrides": ("ads.tasks.publish_live_bits", 5),
    "settle spooled events": ("ads.tasks.settle_told_clicks", 10),
    "close ad days": ("ads.tasks.close_days", 600),
    "delete expired invitations": ("ads.tasks.forget_invitations", crontab(hour=4, minute=40)),
    "roll up ad figures": ("ads.tasks.roll_up_figures", 15),
    "audit ad clicks": ("ads.tasks.sweep_clicks", crontab(minute=20)),
    # Once a night after yesterday is closed, and three more times.
    "reconcile the market": ("ads.tasks.prove_books", crontab(minute=30, hour="1,7,13,19")),
}


def expiry_seconds(schedule: int | crontab) -> int:
    """Return after how many seconds a worker drops a task, because the next one has been sent by then."""
    return max(schedule, MIN_EXPIRY_SECONDS) if isinstance(schedule, int) else CRON_EXPIRY_SECONDS


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {
        "task": task,
        "schedule": schedule,
        "options": {} if name in NEVER_EXPIRES else {"expires": expiry_seconds(schedule)},
    }
    for name, (task, schedule) in _TASKS.items()
}
