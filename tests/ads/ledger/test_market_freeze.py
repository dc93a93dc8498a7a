import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from ads.client import request_ad
from ads.contract import NoAd, ServedAd
from ads.domain.money import WON
from ads.infra.notifications import send_alert
from ads.ledger.billing import Charge, charge_click
from ads.ledger.entries import MarketFrozenError, refund
from ads.ledger.market_freeze import NotFrozenError, is_frozen, lift_freeze
from ads.models import Click, Creative, Freeze
from ads.reporting.reconciliation import reconcile_market
from testing.ads.inventory import make_ad, make_offer, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PROMPT = "도쿄 항공권 싸게 사는 법"
CORRUPTIONS = {
    "UPDATE ads_click SET price_micros = price_micros + 1": "transaction_is_its_clicks",
    "UPDATE ads_entry SET amount_micros = amount_micros + 1 WHERE amount_micros > 0": "sum_is_zero",
    "UPDATE ads_campaignday SET spent_micros = spent_micros - 1": "day_spent_is_its_clicks",
    "UPDATE ads_account SET balance_micros = 1 WHERE kind = 'wallet'": "wallet_is_its_entries",
    "DELETE FROM ads_click": "transaction_is_its_clicks",
}


@pytest.fixture
def ad() -> Creative:
    """An ad with a billed click."""
    creative = make_ad()
    offer = make_offer(creative)
    charge_click(Charge(offer.id, offer.campaign_id, offer.price_micros, "", timezone.now()))
    publish_all()
    return creative


def corrupt(statement: str) -> None:
    """Change the ledger past every trigger, as only a database superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


def test_a_consistent_ledger_freezes_nothing(ad: Creative) -> None:
    assert reconcile_market() == []
    assert not is_frozen()
    assert isinstance(request_ad(request_for(PROMPT)), ServedAd)


@pytest.mark.parametrize(("statement", "rule"), CORRUPTIONS.items())
def test_a_corrupted_row_is_found_and_stops_the_market(ad: Creative, statement: str, rule: str) -> None:
    corrupt(statement)
    assert rule in {fault.rule for fault in reconcile_market()}
    assert is_frozen()
    assert rule in Freeze.objects.get().reason
    assert request_ad(request_for(PROMPT)) == NoAd("frozen")


def test_nothing_is_leased_or_refunded_while_the_market_is_frozen(ad: Creative) -> None:
    corrupt("UPDATE ads_campaignday SET spent_micros = leased_micros")
    reconcile_market()
    offer = make_offer(ad)
    charge = Charge(offer.id, offer.campaign_id, offer.price_micros, "", timezone.now())
    assert charge_click(charge) == "free"
    with pytest.raises(MarketFrozenError):
        refund(ad.ad_group.campaign.advertiser, WON, key="r")


def test_two_failed_reconciliations_keep_one_freeze(ad: Creative) -> None:
    corrupt("DELETE FROM ads_click")
    reconcile_market()
    reconcile_market()
    assert Freeze.objects.count() == 1


@pytest.fixture
def alert_receiver(settings: Settings) -> Iterator[list[dict[str, str]]]:
    """An HTTP server that receives alerts; the list of their JSON documents."""
    pages: list[dict[str, str]] = []

    class Pager(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            del format, words

    server = HTTPServer(("127.0.0.1", 0), Pager)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.ALARM_URL = f"http://127.0.0.1:{server.server_port}/page"
    settings.ALARM_EMAILS = ["ops@jjamppong.example"]
    yield pages
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_freeze_sends_alerts(ad: Creative, alert_receiver: list[dict[str, str]]) -> None:
    corrupt("UPDATE ads_campaignday SET spent_micros = spent_micros - 1")
    reconcile_market()
    assert len(alert_receiver) == 1 and "day_spent_is_its_clicks" in alert_receiver[0]["text"]
    assert mail.outbox[0].to == ["ops@jjamppong.example"]


def test_a_mail_server_that_never_answers_does_not_delay_the_alert(
    alert_receiver: list[dict[str, str]], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        raising = threading.Thread(target=send_alert, args=("The ledger disagrees", "badly"), daemon=True)
        raising.start()
        raising.join(60)
        assert not raising.is_alive()
    assert alert_receiver == [{"text": "The ledger disagrees\nbadly"}]
    assert "the alert could not be mailed" in caplog.text


def test_an_alert_that_cannot_be_sent_freezes_all_the_same(ad: Creative, settings: Settings) -> None:
    settings.ALARM_URL = "http://127.0.0.1:1/"
    corrupt("UPDATE ads_campaignday SET spent_micros = spent_micros - 1")
    reconcile_market()
    assert is_frozen()


def test_a_freeze_is_lifted_with_a_note_and_stays_on_record(ad: Creative, grace: User) -> None:
    corrupt("DELETE FROM ads_click")
    reconcile_market()
    freeze = Freeze.objects.get()
    with pytest.raises(NotFrozenError):
        lift_freeze(freeze=freeze, note="  ", admin_id=grace.pk)
    lift_freeze(freeze=freeze, note="백업에서 되살렸어요", admin_id=grace.pk)
    with pytest.raises(NotFrozenError):
        lift_freeze(freeze=freeze, note="again", admin_id=grace.pk)
    freeze.refresh_from_db()
    assert (freeze.lifted_by_id, freeze.note) == (grace.pk, "백업에서 되살렸어요")
    assert isinstance(request_ad(request_for(PROMPT)), ServedAd)


def test_an_admin_sees_the_freeze_and_lifts_it(ad: Creative, admin_client: Client) -> None:
    corrupt("DELETE FROM ads_click")
    reconcile_market()
    freeze = Freeze.objects.get()
    assert "맞지 않아 멈췄어요" in admin_client.get("/admin/").content.decode()
    page = reverse("admin:ads_freeze_change", args=[freeze.pk])
    assert "transaction_is_its_clicks" in admin_client.get(page).content.decode()
    admin_client.post(page, {"note": "", "ads_freeze_lift": "1"})
    assert is_frozen()
    admin_client.post(page, {"note": "살펴봤어요", "ads_freeze_lift": "1"})
    assert not is_frozen()
    assert Click.objects.count() == 0
