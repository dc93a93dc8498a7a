"""How long a click on an ad waits before it leads on, at the site's own door; and two attacks on money.

A site process with its own PostgreSQL and Valkey, both flushing to disk, is clicked on over HTTP by one
person and by many at once; then links are clicked from eight addresses in the same moment, and a budget for
ten clicks meets a burst of 150.
"""

import argparse
import http.client
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.market.report import Report  # noqa: E402
from stack.processes import find_free_port  # noqa: E402
from testing.stores import run_temporary_stores  # noqa: E402

if TYPE_CHECKING:
    from ads.models import Creative

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Safari/537.36"
CONCURRENCIES = (1, 8, 32)
# Connections to the stores are made by the first clicks; later ones are what is measured.
WARM_UP = 100
LINKS, ADDRESSES = 100, 8
BURST, BUDGET_WON, PRICE_WON = 150, 1_000, 100
WON = 1_000_000
ClickLink = Callable[[str], float]
visitors = count()


def main() -> None:
    """Start a site, click, count the milliseconds and the won."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few clicks: a smoke run")
    parser.add_argument("--clicks", type=int, default=2_000, help="for each number of people at once")
    options = parser.parse_args()
    clicks = 200 if options.quick else options.clicks
    report = Report("ad_click")
    # The house's proxy says who visits, so that every click can come from another network.
    with (
        run_temporary_stores(LOG_LEVEL="CRITICAL", TRUSTED_PROXY_COUNT="1") as stores,
        run_site(stores.folder) as port,
    ):
        report.note("load_of_the_machine", os.getloadavg()[0])
        for people in CONCURRENCIES:
            measure_redirects(report, port, people, clicks)
        click_shared_links(report, port)
        exceed_budget_in_a_burst(report, port)
        from ads.ledger.invariants import find_discrepancies

        report.at_most("faults_in_the_proof", len(find_discrepancies()), 0)
    report.close()


@contextmanager
def run_site(folder: Path) -> Iterator[int]:
    """Run one web process, as `manage.py up` does; give its port."""
    port = find_free_port()
    words = [
        sys.executable,
        "-m",
        "uvicorn",
        "config.asgi:application",
        "--port",
        str(port),
        "--loop",
        "uvloop",
    ]
    words += ["--ws", "websockets-sansio", "--no-access-log", "--log-level", "warning"]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not is_serving(port):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit((folder / "web.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def is_serving(port: int) -> bool:
    """Tell whether the site is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/ads/click/nothing/")
        return connection.getresponse().status == 404
    except OSError:
        return False
    finally:
        connection.close()


def measure_redirects(report: Report, port: int, people: int, clicks: int) -> None:
    """Let so many people click side by side, each for themselves one after the other."""
    links = offer(make_campaign(10_000_000), clicks + WARM_UP * people, won=100)
    click_all(port, links[: WARM_UP * people], people)
    waits = sorted(click_all(port, links[WARM_UP * people :], people))
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        figure = 1_000 * waits[min(len(waits) - 1, int(share * len(waits)))]
        if people == 1 and name == "p99":
            report.at_most(f"{name}_ms_with_{people}_at_once", figure, 25)
        else:
            report.note(f"{name}_ms_with_{people}_at_once", figure)
    report.at_most(f"clicks_not_billed_with_{people}_at_once", len(links) - billed(links), 0)


def click_all(port: int, links: Sequence[str], people: int) -> list[float]:
    """Click on each link once; return how long each click waited for its redirect, in seconds."""
    partitions = [links[partition::people] for partition in range(people)]
    with ThreadPoolExecutor(people) as pool:
        waits = pool.map(lambda partition: list(map(open_connection(port), partition)), partitions)
        return [wait for partition in waits for wait in partition]


def open_connection(port: int) -> ClickLink:
    """Return a browser with its own connection; each click of it comes from another network."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def click(link: str) -> float:
        number = next(visitors)
        address = f"{11 + number // 40_000}.{number // 200 % 200}.{number % 200}.7"
        began = time.perf_counter()
        connection.request(
            "GET", f"/ads/click/{link}/", headers={"User-Agent": CHROME, "X-Forwarded-For": address}
        )
        reply = connection.getresponse()
        reply.read()
        waited = time.perf_counter() - began
        if reply.status != 302:
            raise SystemExit(f"a click was answered with {reply.status}")
        return waited

    return click


def click_shared_links(report: Report, port: int) -> None:
    """Click on each link from eight addresses in the same moment: one of them is billed."""
    links = offer(make_campaign(10_000_000), LINKS, won=PRICE_WON)
    for link in links:
        click_simultaneously(port, [link] * ADDRESSES)
    from ads.models import Click, Entry

    report.note("clicks_on_each_shared_link", ADDRESSES)
    report.at_most("times_billed_for_each_shared_link", billed(links) / LINKS, 1)
    report.at_least("shared_links_billed", billed(links), LINKS)
    revenue = sum(Entry.objects.filter(account__kind="revenue").values_list("amount_micros", flat=True))
    charged = sum(Click.objects.values_list("price_micros", flat=True))
    report.at_most("won_in_the_ledger_beyond_the_clicks", abs(revenue - charged) // WON, 0)


def exceed_budget_in_a_burst(report: Report, port: int) -> None:
    """Let 150 clicks meet a day's budget for ten."""
    creative = make_campaign(BUDGET_WON)
    click_simultaneously(port, offer(creative, BURST, won=PRICE_WON))
    from ads.models import Click

    charged = Click.objects.filter(campaign_id=creative.ad_group.campaign_id, verdict=Click.Verdict.BILLED)
    report.note("clicks_of_the_burst", BURST)
    report.note("charged_of_the_burst", charged.count())
    report.at_most("overspent_won_of_the_burst", charged.count() * PRICE_WON - BUDGET_WON, 0)


def click_simultaneously(port: int, links: Sequence[str]) -> None:
    """Click on all of these in the same moment."""
    gate = threading.Barrier(len(links))

    def act(link: str) -> None:
        click = open_connection(port)
        gate.wait(60)
        click(link)

    with ThreadPoolExecutor(len(links)) as pool:
        list(pool.map(act, links))


def make_campaign(daily_won: int) -> "Creative":
    """Return an ad of a campaign with this budget a day."""
    from testing.ads.inventory import make_ad, make_advertiser

    return make_ad(make_advertiser(uuid.uuid4().hex, won=20_000_000), daily_won=daily_won)


def offer(creative: "Creative", number: int, *, won: int) -> list[str]:
    """Make offers of an ad that were seen, and return the links of their clicks."""
    from ads.events.link_tokens import LinkPurpose, sign_token
    from ads.models import Impression, Offer
    from testing.ads.inventory import draft_offer

    offers = Offer.objects.bulk_create(draft_offer(creative, price_won=won) for _ in range(number))
    Impression.objects.bulk_create(
        Impression(offer=each, verdict="valid", created_at=each.created_at) for each in offers
    )
    return [sign_token(LinkPurpose.CLICK, each.id, at=each.created_at) for each in offers]


def billed(links: Sequence[str]) -> int:
    """Return how many of these links' clicks were billed."""
    from django.utils import timezone

    from ads.events.link_tokens import LinkPurpose, verify_token
    from ads.models import Click

    ids = [verify_token(link, LinkPurpose.CLICK, at=timezone.now()) for link in links]
    return Click.objects.filter(pk__in=ids, verdict=Click.Verdict.BILLED).count()


if __name__ == "__main__":
    main()
