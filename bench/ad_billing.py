"""Billing under fire: many writers, repeated clicks, writers killed, a database crash, a cache flush.

Runs on a PostgreSQL and a Valkey of its own, with everything flushed to disk as in production.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import redis  # noqa: E402

from bench.ad_markets.report import Report  # noqa: E402
from bench.ad_markets.stores import own_stores  # noqa: E402
from config.stack.postgres import Postgres  # noqa: E402

CAMPAIGNS = 20
PROCESSES, THREADS = 4, 16
MOST_KILLS = 60


def main() -> None:
    """Start the servers, sell the clicks, count the money."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few clicks and kills: a smoke run, not a proof")
    parser.add_argument("--clicks", type=int, default=100_000)
    asked = parser.parse_args()
    # Writers and the audit keep their own connections: what is measured is the billing.
    with own_stores(DATABASE_POOL="no", LOG_LEVEL="CRITICAL") as stores:
        run(stores.postgres, 4_000 if asked.quick else asked.clicks)


def run(postgres: Postgres, clicks: int) -> None:
    """Click in peace, then under fire, then prove the books."""
    from bench.ad_markets import books

    report = Report("ad_billing")
    books.make_offers(CAMPAIGNS, clicks // 4)
    click_in_peace(report)
    books.make_offers(CAMPAIGNS, clicks - clicks // 4)
    began = time.time()
    report.note("writers_killed", click_under_fire(postgres))
    # What the audit and the rate are read with is a connection of before the crash.
    books.forget_connection()
    report.note("unique_clicks_a_second_under_fire", books.click_rate(began))
    for name, found in books.audit(clicks).items():
        report.at_most(name, found, 0)
    report.close()


def click_in_peace(report: Report) -> None:
    """Measure what this machine can do at all, and what of it billing makes."""
    from bench.ad_markets import books

    books.make_bare_table()
    wait_for([launch(share, "bare") for share in range(PROCESSES)])
    began = time.time()
    wait_for([launch(share) for share in range(PROCESSES)])
    ceiling, rate = books.bare_rate(), books.click_rate(began)
    report.note("writers", PROCESSES * THREADS)
    report.note("bare_inserts_a_second", ceiling)
    report.note("billed_in_peace", books.billed_share(began))
    report.note("clicks_to_bare_inserts", rate / ceiling)
    report.note("load_of_the_machine", os.getloadavg()[0])
    report.at_least("unique_clicks_a_second", rate, 1_500)


def launch(share: int, *more: str) -> "subprocess.Popen[bytes]":
    """Start one writer process."""
    words = [sys.executable, "-m", "bench.ad_markets.clicker", str(share), str(PROCESSES), str(THREADS)]
    words += more
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_for(writers: list["subprocess.Popen[bytes]"]) -> None:
    """Wait until all have done their share."""
    for writer in writers:
        if writer.wait() != 0:
            raise SystemExit("a writer failed")


def click_under_fire(postgres: Postgres) -> int:
    """Run all writers while killing one now and then; crash the database and flush the cache once."""
    writers = {share: launch(share) for share in range(PROCESSES)}
    try:
        return disturb(writers, postgres)
    finally:
        for writer in writers.values():
            writer.kill()


def disturb(writers: dict[int, "subprocess.Popen[bytes]"], postgres: Postgres) -> int:
    """Kill and replace writers until all have done their share; return how many were killed."""
    chance = random.Random(3)
    kills, deeds = 0, ["crash", "flush"]
    time.sleep(2)
    while writers:
        time.sleep(chance.uniform(0.5, 1.5))
        for share in [share for share, writer in writers.items() if writer.poll() is not None]:
            if writers.pop(share).returncode != 0:
                writers[share] = launch(share)
        if deeds and writers:
            deed = deeds.pop()
            if deed == "flush":
                redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
            else:
                crash(postgres)
        elif writers and kills < MOST_KILLS:
            share = chance.choice(sorted(writers))
            writers[share].kill()
            writers[share].wait()
            writers[share] = launch(share)
            kills += 1
    return kills


def crash(postgres: Postgres) -> None:
    """End the database as a power cut does, and start it again."""
    lines = (postgres.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    os.kill(int(lines[0]), signal.SIGQUIT)
    time.sleep(1)
    postgres.stop()
    postgres.start()


if __name__ == "__main__":
    main()
