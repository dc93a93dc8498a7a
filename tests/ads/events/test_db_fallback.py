import datetime
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from psycopg import sql
from pytest_django import DjangoDbBlocker, Settings
from redis import Redis

from ads.domain.money import WON
from ads.events import db_fallback
from ads.events.click_context import cache_click_context
from ads.events.db_fallback import DATABASE_ERRORS, spool
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.events.spool import SpooledEvent
from ads.events.spool_settlement import settle_spool
from ads.ledger.billing import Charge, charge_click
from ads.ledger.invariants import find_discrepancies
from ads.models import CampaignDay, Click, Impression, Offer, RejectedEvent
from testing.ads.inventory import CHROME, make_ad, make_offer
from testing.ads.service_process import url_of
from testing.servers import StandalonePostgres

HEADERS = {"User-Agent": CHROME}
ROOT = Path(__file__).resolve().parents[3]
START_WEB = "import config.asgi, time; time.sleep(60)"


def reset_database_state() -> None:
    """Make the next event check database and spool, whatever was known about them."""
    db_fallback._DatabaseState.unavailable_until = 0.0
    db_fallback._DatabaseState.next_spool_check = 0.0


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Let Django use the database of this URL."""
    address = urlsplit(url)
    chosen = connections.settings["default"]
    before = dict(chosen)
    connections.close_all()
    chosen |= {
        "HOST": address.hostname,
        "PORT": str(address.port),
        "NAME": address.path.removeprefix("/"),
        "USER": address.username,
        "PASSWORD": address.password,
    }
    try:
        yield
    finally:
        connections.close_all()
        chosen.clear()
        chosen |= before


@pytest.fixture(scope="module")
def migrated(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[StandalonePostgres]:
    """A separate PostgreSQL; its database holds the market's tables and is copied for each test."""
    folder = tmp_path_factory.mktemp("server")
    postgres = StandalonePostgres(folder, password="unguarded", is_durable=False)
    with django_db_blocker.unblock(), connected(postgres.start()):
        call_command("migrate", verbosity=0)
    yield postgres
    postgres.stop()
    postgres.remove()


@pytest.fixture
def server(
    migrated: StandalonePostgres,
    tmp_path: Path,
    settings: Settings,
    valkey: "Redis",
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[StandalonePostgres]:
    """A separate PostgreSQL with the market's tables, which the test may stop."""
    settings.ADS_SPOOL_FOLDER = str(tmp_path / "spool")
    if migrated.process is None:
        migrated.start()
    source = urlsplit(migrated.url)
    name = f"copy_{uuid.uuid4().hex}"
    with psycopg.connect(source._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source.path.removeprefix("/"))
            )
        )
    with django_db_blocker.unblock(), connected(source._replace(path=f"/{name}").geturl()):
        try:
            yield migrated
        finally:
            reset_database_state()


def links_of(*offers: Offer) -> dict[uuid.UUID, str]:
    """The click links of these offers, as served a moment ago."""
    for offer in offers:
        cache_click_context(offer)
    return {offer.id: sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at) for offer in offers}


def wait_until_settled(seconds: int = 10) -> None:
    for _ in range(seconds * 20):
        if not spool().is_waiting():
            return
        time.sleep(0.05)
    raise AssertionError("the events are still in the spool")


def test_clicks_of_an_outage_lead_on_and_are_billed_exactly_once_after_it(server: StandalonePostgres) -> None:
    creative = make_ad(daily_won=50_000)
    seen, unseen, fast = (
        make_offer(creative),
        make_offer(creative, seen=False),
        make_offer(creative, seen=False),
    )
    clicked_twice, by_robot = make_offer(creative), make_offer(creative)
    links = links_of(seen, unseen, fast, clicked_twice, by_robot)
    view_token = sign_token(LinkPurpose.IMPRESSION, unseen.id, at=unseen.created_at)
    client = Client()

    server.stop()
    started = time.monotonic()
    assert client.post(f"/ads/seen/{view_token}/", headers=HEADERS).status_code == 204
    for offer in (seen, unseen, fast, clicked_twice, clicked_twice):
        answer = client.get(f"/ads/click/{links[offer.id]}/", headers=HEADERS)
        assert (answer.status_code, answer["Location"]) == (302, "https://grace.example/tokyo")
    robot = client.get(f"/ads/click/{links[by_robot.id]}/", headers={"User-Agent": "Googlebot/2.1"})
    assert robot.status_code == 302
    assert time.monotonic() - started < 15
    assert spool().is_waiting()

    server.start()
    reset_database_state()
    connection.close()
    assert settle_spool() == 7
    verdicts = {click.offer_id: (click.verdict, click.reason) for click in Click.objects.all()}
    assert verdicts == {
        seen.id: ("billed", ""),
        unseen.id: ("billed", ""),
        fast.id: ("invalid", "not_seen"),
        clicked_twice.id: ("billed", ""),
    }
    assert Impression.objects.get(offer=unseen).verdict == "valid"
    assert RejectedEvent.objects.get().reason == "robot"
    assert CampaignDay.objects.get().spent_micros == 300 * WON
    assert find_discrepancies() == []


def test_the_first_click_after_an_outage_settles_the_spool(server: StandalonePostgres) -> None:
    creative = make_ad()
    during, after = make_offer(creative), make_offer(creative)
    cache_click_context(during)
    client = Client()
    server.stop()
    link = sign_token(LinkPurpose.CLICK, during.id, at=during.created_at)
    assert client.get(f"/ads/click/{link}/", headers=HEADERS).status_code == 302
    # Until the next probe, no request waits for a database that was just unavailable.
    server.start()
    connection.close()
    assert client.get(f"/ads/click/{link}/", headers=HEADERS).status_code == 302
    assert not Click.objects.exists()
    reset_database_state()
    client.get(f"/ads/click/{sign_token(LinkPurpose.CLICK, after.id, at=after.created_at)}/", headers=HEADERS)
    wait_until_settled()
    assert set(Click.objects.values_list("offer_id", "verdict")) == {
        (during.id, "billed"),
        (after.id, "billed"),
    }


def spool_in_another_process(offer: Offer) -> None:
    """Spool a click as a process that has ended did."""
    spool().append(
        [SpooledEvent("click", offer.id, offer.created_at + datetime.timedelta(seconds=5), "", "")]
    )


def view_ad(offer: Offer) -> None:
    link = sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at)
    assert Client().post(f"/ads/seen/{link}/", headers=HEADERS).status_code == 204


def test_events_spooled_by_an_ended_process_are_settled_by_another(server: StandalonePostgres) -> None:
    creative = make_ad()
    spooled, visited = make_offer(creative), make_offer(creative, seen=False)
    spool_in_another_process(spooled)
    reset_database_state()
    view_ad(visited)
    wait_until_settled()
    assert Click.objects.get().verdict == "billed"
    assert find_discrepancies() == []


def test_a_failed_settlement_is_retried_by_later_events(server: StandalonePostgres) -> None:
    creative = make_ad()
    spooled, visited = make_offer(creative), make_offer(creative, seen=False)
    spool_in_another_process(spooled)
    server.stop()
    connection.close()
    with pytest.raises(DATABASE_ERRORS):
        settle_spool()
    server.start()
    connection.close()
    for _ in range(2):
        reset_database_state()
        view_ad(visited)
        wait_until_settled()
    assert Click.objects.get().verdict == "billed"
    assert CampaignDay.objects.get().spent_micros == 100 * WON


def test_a_starting_web_process_settles_the_spool(
    server: StandalonePostgres, settings: Settings, tmp_path: Path
) -> None:
    spool_in_another_process(make_offer())
    environment = {
        **os.environ,
        "JJAMPPONG_HOME": str(tmp_path),
        "DATABASE_URL": url_of(dict(connections.settings["default"])),
        "REDIS_URL": settings.REDIS_URL,
        "ADS_SPOOL_FOLDER": settings.ADS_SPOOL_FOLDER,
    }
    web = subprocess.Popen([sys.executable, "-c", START_WEB], cwd=ROOT, env=environment)  # noqa: S603
    try:
        wait_until_settled(seconds=60)
    finally:
        web.kill()
        web.wait(10)
    assert Click.objects.get().verdict == "billed"


def click_in_thread(link: str) -> "tuple[threading.Thread, list[int]]":
    """A browser on its own thread, and the HTTP status it received."""
    statuses: list[int] = []

    def click() -> None:
        try:
            statuses.append(Client().get(f"/ads/click/{link}/", headers=HEADERS).status_code)
        finally:
            connections.close_all()

    visitor = threading.Thread(target=click, daemon=True)
    visitor.start()
    return visitor, statuses


@contextmanager
def frozen(*programs: psutil.Process) -> Iterator[None]:
    """Stop these processes, so that they accept data and never answer."""
    for program in programs:
        program.suspend()
    try:
        yield
    finally:
        for program in programs:
            program.resume()


def settle_all() -> None:
    """Settle the spool; an event may have started settling it and may still be at it."""
    reset_database_state()
    for _ in range(600):
        settle_spool()
        if not spool().is_waiting():
            return
        time.sleep(0.1)
    raise AssertionError("the events are still in the spool")


def test_a_click_leads_on_while_the_server_is_frozen(server: StandalonePostgres) -> None:
    creative = make_ad()
    offers = [make_offer(creative) for _ in range(3)]
    links = links_of(*offers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = psutil.Process(cursor.fetchall()[0][0])
    master = ours.parent()
    assert master is not None
    client = Client()
    with frozen(master, ours):
        # The first waits on an open connection, the second for a new one, the third falls back at once.
        for offer in offers:
            answer = client.get(f"/ads/click/{links[offer.id]}/", headers=HEADERS)
            assert (answer.status_code, answer["Location"]) == (302, "https://grace.example/tokyo")
    reset_database_state()
    assert settle_spool() == 3
    assert set(Click.objects.values_list("verdict")) == {("billed",)}
    assert CampaignDay.objects.get().spent_micros == 300 * WON
    assert find_discrepancies() == []


def test_a_click_that_a_frozen_server_settles_after_all_is_billed_once(server: StandalonePostgres) -> None:
    first, offer = make_offer(creative := make_ad()), make_offer(creative)
    charge_click(Charge(first.id, first.campaign_id, first.price_micros, "", offer.created_at))
    link = links_of(offer)[offer.id]
    with ExitStack() as stopped:
        with transaction.atomic():
            day = CampaignDay.objects.select_for_update(no_key=True).get()
            visitor, statuses = click_in_thread(link)
            stopped.enter_context(frozen(*wait_for_lock(visitor)))
        # The day row is free and the click was sent, but the server process that settles it is stopped.
        visitor.join(60)
        assert statuses == [302]
        assert spool().is_waiting()
    settle_all()
    assert Click.objects.get(offer=offer).verdict == "billed"
    day.refresh_from_db()
    assert day.spent_micros == 200 * WON
    assert find_discrepancies() == []


def wait_for_lock(visitor: threading.Thread) -> list[psutil.Process]:
    """The server process of the visitor's query, while there is one."""
    while visitor.is_alive():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted")
            waiting = [psutil.Process(pid) for (pid,) in cursor]
        if waiting:
            return waiting
        time.sleep(0.02)
    return []


def test_a_click_leads_on_while_its_day_row_is_locked(server: StandalonePostgres) -> None:
    held, other = make_ad(), make_ad()
    for creative in (held, other):
        first = make_offer(creative)
        charge_click(Charge(first.id, first.campaign_id, first.price_micros, "", first.created_at))
    offers = [make_offer(held), make_offer(other), make_offer(held)]
    links = links_of(*offers)
    with transaction.atomic():
        CampaignDay.objects.select_for_update(no_key=True).get(campaign=held.ad_group.campaign)
        for offer in offers:
            visitor, statuses = click_in_thread(links[offer.id])
            visitor.join(60)
            assert statuses == [302]
        assert spool().is_waiting()
    settle_all()
    assert Click.objects.filter(verdict="billed").count() == 5
    assert set(CampaignDay.objects.values_list("spent_micros")) == {(300 * WON,), (200 * WON,)}
    assert find_discrepancies() == []


def test_a_click_with_an_unknown_landing_page_costs_nothing(
    server: StandalonePostgres, valkey: "Redis"
) -> None:
    offer = make_offer()
    server.stop()
    valkey.flushdb()
    answer = Client().get(
        f"/ads/click/{sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)}/", headers=HEADERS
    )
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert not spool().is_waiting()
    server.start()
    connection.close()


def test_a_click_leads_on_when_the_disk_is_full_too(
    server: StandalonePostgres, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    offer = make_offer()
    cache_click_context(offer)
    server.stop()
    # A file in place of the folder rejects writes like a full disk, even from root.
    (tmp_path / "full").write_text("", encoding="ascii")
    settings.ADS_SPOOL_FOLDER = os.fspath(tmp_path / "full")
    answer = Client().get(
        f"/ads/click/{sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)}/", headers=HEADERS
    )
    assert answer.status_code == 302
    assert "is lost" in caplog.text
    server.start()
    connection.close()
