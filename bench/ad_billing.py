"""Click billing under faults: repeated clicks, killed writers, a database crash and a cache flush.

It runs on its own PostgreSQL and Valkey, which flush to disk as in production.
"""

import os
import random
import signal
import subprocess
import sys
import time

import redis

from bench.report import ROOT, Report, bench_parser
from testing.servers import StandalonePostgres
from testing.stores import run_temporary_stores

CAMPAIGNS = 20
PROCESSES, THREADS = 4, 16
MAX_KILLS = 60


def main() -> None:
    """Start the stores and run the bench."""
    parser = bench_parser(__doc__, quick="few clicks and kills: a smoke run, not a proof")
    parser.add_argument("--clicks", type=int, default=100_000)
    options = parser.parse_args()
    # Each thread keeps one connection, so that the pool is not part of what is measured.
    with run_temporary_stores(DATABASE_POOL="no", LOG_LEVEL="CRITICAL") as stores:
        run(stores.postgres, 4_000 if options.quick else options.clicks)


def run(postgres: StandalonePostgres, clicks: int) -> None:
    """Bill clicks without faults, then with faults, then audit the ledger."""
    from bench.market import billing_audit

    report = Report("ad_billing")
    billing_audit.make_offers(CAMPAIGNS, clicks // 4)
    measure_undisturbed(report)
    billing_audit.make_offers(CAMPAIGNS, clicks - clicks // 4)
    began = time.time()
    report.note("writers_killed", click_under_faults(postgres))
    # The connection of this process is from before the crash.
    billing_audit.close_connection()
    report.note("unique_clicks_a_second_under_fire", billing_audit.click_rate(began))
    for name, found in billing_audit.audit(clicks).items():
        report.at_most(name, found, 0)
    report.close()


def measure_undisturbed(report: Report) -> None:
    """Measure plain inserts, the machine's ceiling, and billing without faults."""
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
    """Wait until all writers have finished."""
    for writer in writers:
        if writer.wait() != 0:
            raise SystemExit("a writer failed")


def click_under_faults(postgres: StandalonePostgres) -> int:
    """Run all writers with faults; return how many were killed."""
    writers = {share: start_writer(share) for share in range(PROCESSES)}
    try:
        return inject_faults(writers, postgres)
    finally:
        for writer in writers.values():
            writer.kill()


def inject_faults(writers: dict[int, "subprocess.Popen[bytes]"], postgres: StandalonePostgres) -> int:
    """Kill and replace writers until all have finished, with one crash and one flush; return the kills."""
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
        elif writers and kills < MAX_KILLS:
            share = rng.choice(sorted(writers))
            writers[share].kill()
            writers[share].wait()
            writers[share] = start_writer(share)
            kills += 1
    return kills


def crash_database(postgres: StandalonePostgres) -> None:
    """End the database without a checkpoint (SIGQUIT), and start it again."""
    lines = (postgres.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    os.kill(int(lines[0]), signal.SIGQUIT)
    time.sleep(1)
    postgres.stop()
    postgres.start()


if __name__ == "__main__":
    main()
