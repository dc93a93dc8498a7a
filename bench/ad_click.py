"""The latency of an ad click's redirect over HTTP, and two attacks on budgets.

One web process with durable stores of its own is sent clicks on one connection and on many at once. Then
every link is clicked from eight addresses at the same moment, and a daily budget of ten clicks is sent a
burst of 150.
"""

import http.client
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import Report, bench_parser
from stack.processes import find_free_port
from testing.servers import wait_until
from testing.stores import run_temporary_stores

if TYPE_CHECKING:
    from ads.models import Creative

CONCURRENCIES = (1, 8, 32)
# The first clicks open the site's connections to the stores and are not measured.
WARM_UP = 100
LINKS, ADDRESSES = 100, 8
BURST, BUDGET_WON, PRICE_WON = 150, 1_000, 100
WON = 1_000_000
ClickLink = Callable[[str], float]
visitors = count()


def main() -> None:
    """Start a site and run the bench."""
    parser = bench_parser(__doc__, quick="few clicks: a smoke run")
    parser.add_argument("--clicks", type=int, default=2_000, help="clicks for each concurrency")
    options = parser.parse_args()
    clicks = 200 if options.quick else options.clicks
    report = Report("ad_click")
    # With a trusted proxy the client address is that of X-Forwarded-For, so every click has another network.
    with (
        run_temporary_stores(LOG_LEVEL="CRITICAL", TRUSTED_PROXY_COUNT="1") as stores,
        run_site(stores.folder) as port,
    ):
        report.note("load_of_the_machine", os.getloadavg()[0])
        for concurrency in CONCURRENCIES:
            measure_redirects(report, port, concurrency, clicks)
        click_shared_links(report, port)
        exceed_budget_in_a_burst(report, port)
        from ads.ledger.invariants import find_discrepancies

        report.at_most("discrepancies", len(find_discrepancies()), 0)
    report.close()


@contextmanager
def run_site(folder: Path) -> Iterator[int]:
    """Run one web process with the options of `manage.py up` and yield its port."""
    from stack.children import web_child

    port = find_free_port()
    site = web_child(folder, "127.0.0.1", port, dict(os.environ))
    process = site.start()
    try:
        wait_until(site.is_ready, process, seconds=60, log=site.log)
        yield port
    finally:
        process.kill()
        process.wait()


def measure_redirects(report: Report, port: int, concurrency: int, clicks: int) -> None:
    """Click on this many connections at once, one click after another on each, and record the latency."""
    links = offer(make_campaign(10_000_000), clicks + WARM_UP * concurrency, won=100)
    click_all(port, links[: WARM_UP * concurrency], concurrency)
    waits = sorted(click_all(port, links[WARM_UP * concurrency :], concurrency))
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        figure = 1_000 * waits[min(len(waits) - 1, int(share * len(waits)))]
        if concurrency == 1 and name == "p99":
            report.at_most(f"{name}_ms_with_{concurrency}_at_once", figure, 25)
        else:
            report.note(f"{name}_ms_with_{concurrency}_at_once", figure)
    report.at_most(f"clicks_not_billed_with_{concurrency}_at_once", len(links) - billed(links), 0)


def click_all(port: int, links: Sequence[str], concurrency: int) -> list[float]:
    """Click on each link once; return the seconds until each redirect."""
    partitions = [links[partition::concurrency] for partition in range(concurrency)]
    with ThreadPoolExecutor(concurrency) as pool:
        waits = pool.map(lambda partition: list(map(open_connection(port), partition)), partitions)
        return [wait for partition in waits for wait in partition]


def open_connection(port: int) -> ClickLink:
    """Return a click function with its own connection; each click has an address in another network."""
    from testing.ads.inventory import CHROME

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
    """Click on each link from eight addresses at the same moment: one click is billed."""
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
    """Send 150 clicks at once to a campaign with a daily budget of ten clicks."""
    creative = make_campaign(BUDGET_WON)
    click_simultaneously(port, offer(creative, BURST, won=PRICE_WON))
    from ads.models import Click

    charged = Click.objects.filter(campaign_id=creative.ad_group.campaign_id, verdict=Click.Verdict.BILLED)
    report.note("clicks_of_the_burst", BURST)
    report.note("charged_of_the_burst", charged.count())
    report.at_most("overspent_won_of_the_burst", charged.count() * PRICE_WON - BUDGET_WON, 0)


def click_simultaneously(port: int, links: Sequence[str]) -> None:
    """Click on all links at the same moment."""
    barrier = threading.Barrier(len(links))

    def act(link: str) -> None:
        click = open_connection(port)
        barrier.wait(60)
        click(link)

    with ThreadPoolExecutor(len(links)) as pool:
        list(pool.map(act, links))


def make_campaign(daily_won: int) -> "Creative":
    """Return an ad of a campaign with this daily budget."""
    from testing.ads.inventory import make_ad, make_advertiser

    return make_ad(make_advertiser(uuid.uuid4().hex, won=20_000_000), daily_won=daily_won)


def offer(creative: "Creative", number: int, *, won: int) -> list[str]:
    """Make offers of an ad, each with an impression, and return their click links."""
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
