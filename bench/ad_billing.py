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

from bench.market.report import Report  # noqa: E402
from stack.servers.postgres import Postgres  # noqa: E402
from testing.stores import run_temporary_stores  # noqa: E402

CAMPAIGNS = 20
PROCESSES, THREADS = 4, 16
MOST_KILLS = 60


def main() -> None:
    """Start the servers, sell the clicks, count the money."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few clicks and kills: a smoke run, not a proof")
    parser.add_argument("--clicks", type=int, default=100_000)
    options = parser.parse_args()
    # Writers and the audit keep their own connections: what is measured is the billing.
    with run_temporary_stores(DATABASE_POOL="no", LOG_LEVEL="CRITICAL") as stores:
        run(stores.postgres, 4_000 if options.quick else options.clicks)


def run(postgres: Postgres, clicks: int) -> None:
    """Click in peace, then under fire, then prove the books."""
    from bench.market import billing_audit

    report = Report("ad_billing")
    billing_audit.make_offers(CAMPAIGNS, clicks // 4)
    measure_undisturbed(report)
    billing_audit.make_offers(CAMPAIGNS, clicks - clicks // 4)
    began = time.time()
    report.note("writers_killed", click_under_faults(postgres))
    # What the audit and the rate are read with is a connection of before the crash.
    billing_audit.close_connection()
    report.note("unique_clicks_a_second_under_fire", billing_audit.click_rate(began))
    for name, found in billing_audit.audit(clicks).items():
        report.at_most(name, found, 0)
    report.close()


def measure_undisturbed(report: Report) -> None:
    """Measure what this machine can do at all, and what of it billing makes."""
    from bench.market import billing_audit

    billing_audit.make_bare_table()
    wait_for_writers([start_writer(share, "bare") for share in range(PROCESSES)])
    began = time.time()
    wait_for_writers([start_writer(share) for share in range(PROCESSES)])
    ceiling, rate = billing_audit.bare_rate(), billing_audit.click_rate(began)
    report.note("writers", PROCESSES * THREADS)
    report.note("bare_inserts_a_second", ceiling)
    report.note("billed_in_peace", billing_audit.billed_share(began))
    report.note("clicks_to_bare_inserts", rate / ceiling)
    report.note("load_of_the_machine", os.getloadavg()[0])
    report.at_least("unique_clicks_a_second", rate, 1_500)


def start_writer(share: int, *more: str) -> "subprocess.Popen[bytes]":
    """Start one writer process."""
    words = [sys.executable, "-m", "bench.market.click_writer", str(share), str(PROCESSES), str(THREADS)]
    words += more
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_for_writers(writers: list["subprocess.Popen[bytes]"]) -> None:
    """Wait until all have done their share."""
    for writer in writers:
        if writer.wait() != 0:
            raise SystemExit("a writer failed")


def click_under_faults(postgres: Postgres) -> int:
    """Run all writers while killing one now and then; crash the database and flush the cache once."""
    writers = {share: start_writer(share) for share in range(PROCESSES)}
    try:
        return inject_faults(writers, postgres)
    finally:
        for writer in writers.values():
            writer.kill()


def inject_faults(writers: dict[int, "subprocess.Popen[bytes]"], postgres: Postgres) -> int:
    """Kill and replace writers until all have done their share; return how many were killed."""
    rng = random.Random(3)
    kills, faults = 0, ["crash", "flush"]
    time.sleep(2)
    while writers:
        time.sleep(rng.uniform(0.5, 1.5))
        for share in [share for share, writer in writers.items() if writer.poll() is not None]:
            if writers.pop(share).returncode != 0:
                writers[share] = start_writer(share)
        if faults and writers:
            fault = faults.pop()
            if fault == "flush":
                redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
            else:
                crash_database(postgres)
        elif writers and kills < MOST_KILLS:
            share = rng.choice(sorted(writers))
            writers[share].kill()
            writers[share].wait()
            writers[share] = start_writer(share)
            kills += 1
    return kills


def crash_database(postgres: Postgres) -> None:
    """End the database as a power cut does, and start it again."""
    lines = (postgres.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    os.kill(int(lines[0]), signal.SIGQUIT)
    time.sleep(1)
    postgres.stop()
    postgres.start()


if __name__ == "__main__":
    main()
