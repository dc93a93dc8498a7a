"""Canary words in thousands of prompts, none of which may be found in the ad service afterwards.

Turns and the ad service are two processes with a recording proxy between them, and the service has its own
database role. Searched are every byte of the requests, all tables of the market, all of Valkey (caches,
counters, queues) and the logs of both processes at level DEBUG.
"""

import logging
import time
import uuid
from pathlib import Path

from asgiref.sync import async_to_sync

from bench.market.recording_proxy import RecordingProxy
from bench.report import Report, bench_parser
from testing.stores import run_temporary_stores

ROLE = "jjamppong_ads_bench"
# One ad in this many gets an impression, a click, a dismissal and a complaint.
ENGAGED_EVERY = 20


def main() -> None:
    """Start the stores and run the bench."""
    parser = bench_parser(__doc__, quick="few prompts: a smoke run, not a proof")
    parser.add_argument("--prompts", type=int, default=10_000)
    options = parser.parse_args()
    with run_temporary_stores(LOG_LEVEL="CRITICAL") as stores:
        run(500 if options.quick else options.prompts, stores.folder)


def run(count: int, folder: Path) -> None:
    """Request ads for `count` prompts with a canary each, and report where canaries are found."""
    from django.conf import settings

    from testing.ads.inventory import make_ad, make_advertiser, publish_all
    from testing.ads.service_process import ServiceProcess, url_of

    database = dict(settings.DATABASES["default"]) | {"USER": ROLE, "PASSWORD": uuid.uuid4().hex}
    settings.ADS_DATABASE = database
    make_role()
    make_ad(make_advertiser(won=100_000_000), daily_won=100_000_000)
    publish_all()
    own_log = log_to_file(folder)
    report = Report("ad_privacy")
    with (
        ServiceProcess(folder, url_of(database), LOG_LEVEL="DEBUG") as service,
        RecordingProxy(service.port) as tap,
    ):
        settings.ADS_SERVICE_URL = tap.url
        # The bench is not about latency: no request may fail for a slow machine.
        settings.ADS_DEADLINE_MS = 5_000
        began = time.monotonic()
        prompts, served = ask_all(count)
        report.note("turns_a_second", count / (time.monotonic() - began))
        report.at_least("prompts_with_a_word_of_their_own", len(find_planted("\n".join(prompts))), count)
        # Some prompts are blocked or capped; most must get an ad, or the bench would show little.
        report.at_least("ads_served", served, count // 2)
        report.at_least("requests_on_the_wire", tap.received.count("POST /ads/api/select/"), served)
    search_stores(
        report,
        {"wire": tap.received, "log_of_the_service": read(service.log), "log_of_the_turns": read(own_log)},
    )
    report.close()


def make_role() -> None:
    """Create the service's database role, which may use the market's tables only."""
    from ads.infra.database_role import grant_role

    grant_role()


def log_to_file(folder: Path) -> Path:
    """Write the log of this process, at level DEBUG, to a file."""
    path = folder / "turns.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    return path


def ask_all(count: int) -> tuple[list[str], int]:
    """Request an ad for a turn of each prompt; return the prompts and the number of ads."""
    from aggregator.models import Conversation, Turn
    from aggregator.placements import request_placement
    from language.sensitivity import judge_sensitivity
    from testing.ads.canaries import make_canary_prompts

    prompts, served = make_canary_prompts(count), 0
    ask = async_to_sync(request_placement)
    for number, prompt in enumerate(prompts):
        turn = Turn(
            public_id=uuid.uuid4(),
            prompt=prompt,
            language="ko",
            conversation=Conversation(owner_id=number + 1),
        )
        # The sensitivity gate reads the prompt too, and must not log it.
        judged = judge_sensitivity(prompt)
        ad = ask(turn, judged).ad
        served += ad is not None
        if ad is not None and number % ENGAGED_EVERY == 0:
            engage_with_ad(str(ad["offer"]))
    return prompts, served


def engage_with_ad(name: str) -> None:
    """Send the ad an impression, a click, a dismissal and a complaint."""
    from ads.events.link_tokens import LinkPurpose, sign_token
    from ads.events.offers import hide_offer, report_offer
    from ads.events.receive import receive_click, receive_impression
    from ads.models import Offer
    from testing.ads.event_requests import make_event_request

    offer = Offer.objects.get(pk=name)
    receive_impression(
        sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at), make_event_request()
    )
    receive_click(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at), make_event_request())
    hide_offer(offer, at=offer.created_at)
    report_offer(offer, reason="other", at=offer.created_at)


def search_stores(report: Report, texts: dict[str, str]) -> None:
    """Search the stores, and these texts by name, for canaries."""
    import redis
    from django.conf import settings

    from testing.ads.canaries import read_tables, read_valkey

    places = {
        "tables": read_tables(),
        "valkey": read_valkey(redis.Redis.from_url(settings.REDIS_URL)),
        **texts,
    }
    for place, text in places.items():
        report.note(f"letters_read_in_{place}", len(text))
        report.at_most(f"words_found_in_{place}", len(find_planted(text)), 0)


def find_planted(text: str) -> set[str]:
    """Return the canaries in a text."""
    from testing.ads.canaries import find_canaries

    return find_canaries(text)


def read(path: Path) -> str:
    """Return the text of a log."""
    return path.read_text(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
