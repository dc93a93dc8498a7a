"""A process that settles clicks as fast as it can: one of the writers of bench/ad_billing.py.

With the argument `bare` it inserts one row for each click instead, which measures the ceiling of the machine.
"""

import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import DatabaseError, connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402
from psycopg_pool import PoolTimeout  # noqa: E402

from ads.ledger.billing import Charge, charge_click  # noqa: E402
from ads.models import Offer  # noqa: E402

Outcome = TypeVar("Outcome")
Click = tuple[uuid.UUID, int, int]


def main() -> None:
    """Click on the offers of this writer's share, some of them several times, on several threads."""
    share, shares, threads = (int(argument) for argument in sys.argv[1:4])
    act = insert_bare if "bare" in sys.argv else charge
    rng = random.Random(os.getpid())
    offers = retry_database(partial(read_share, share, shares, rng))
    clicks = [offer for offer in offers for _ in range(rng.choice((1, 1, 2, 3)))]
    rng.shuffle(clicks)
    partitions = [clicks[partition::threads] for partition in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(partial(click_through, act), partitions))
    print("done", flush=True)


def read_share(share: int, shares: int, rng: random.Random) -> list[Click]:
    """Return this share's offers without a click, and some that a killed writer clicked on."""
    rows = Offer.objects.order_by("id").values_list("id", "campaign_id", "price_micros", "click__verdict")
    mine = list(rows.iterator())[share::shares]
    return [row[:3] for row in mine if row[3] is None or rng.random() < 0.02]


def click_through(act: Callable[[Click], object], partition: list[Click]) -> None:
    """Settle one click after another, and retry while the database is down."""
    for click in partition:
        retry_database(partial(act, click))
    connections.close_all()


def charge(click: Click) -> object:
    """Settle a click."""
    offer, campaign, price = click
    return charge_click(Charge(offer, campaign, price, "", timezone.now()))


def insert_bare(click: Click) -> None:
    """Insert one row in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_bare VALUES (%s, %s, %s, now()) ON CONFLICT DO NOTHING", (*click,))


def retry_database(act: Callable[[], Outcome]) -> Outcome:
    """Return the result of `act`, retried while the database is down."""
    for _ in range(600):
        try:
            return act()
        except (DatabaseError, PoolTimeout):
            connections.close_all()
            time.sleep(0.1)
    raise TimeoutError("the database did not come back")


if __name__ == "__main__":
    main()
