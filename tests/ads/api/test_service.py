import json
import socket
import threading
import time

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from ads.client import fetch_vocabulary, request_ad
from ads.contract import AdRequest, NoAd, ServedAd, encode_request
from ads.events.link_tokens import service_key
from testing.ads.inventory import make_ad, publish_all, request_for

PROMPT = "도쿄 항공권 싸게 사는 법"

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.mark.django_db(transaction=True)
def test_an_ad_asked_for_over_http_is_the_same_ad(live_server: LiveServer, settings: Settings) -> None:
    make_ad()
    publish_all()
    request = request_for(PROMPT)
    settings.ADS_DEADLINE_MS = 5_000
    settings.ADS_SERVICE_URL = live_server.url
    vocabulary = fetch_vocabulary(wait_seconds=30)
    assert "도쿄 항공권" in dict(vocabulary.terms).values()
    ad = request_ad(request)
    assert isinstance(ad, ServedAd) and ad.title == "Flights to Tokyo"


@pytest.mark.django_db
def test_mallory_without_the_key_gets_nothing(client: Client) -> None:
    make_ad()
    publish_all()
    body = json.dumps(encode_request(request_for(PROMPT)))
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.post("/ads/api/select/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 401
    assert client.get("/ads/api/vocabulary/").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"prompt": "나 우울해"}', 400),
        ("[]", 400),
        ("not json", 400),
        ("[" * 2_000, 400),
        ('{"term_ids": ["도쿄"]}', 400),
        ('{"request_id": "' + "x" * 3000 + '"}', 413),
    ],
)
def test_a_request_outside_the_contract_is_refused(client: Client, body: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {service_key()}"}
    answer = client.post("/ads/api/select/", body, content_type="application/json", headers=headers)
    assert answer.status_code == status


def test_a_service_that_does_not_answer_in_time_means_no_ad(settings: Settings) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    settings.ADS_SERVICE_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
    settings.ADS_DEADLINE_MS = 80
    started = time.monotonic()
    answer = _ask_without_database()
    assert answer == NoAd("timeout")
    assert time.monotonic() - started < 5
    silent.close()


def test_a_service_that_is_down_means_no_ad(settings: Settings) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    settings.ADS_SERVICE_URL = f"http://127.0.0.1:{port}"
    assert _ask_without_database() == NoAd("error")


def test_a_service_that_sends_its_answer_byte_by_byte_means_no_ad(settings: Settings) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        peer, _ = server.accept()
        peer.recv(4096)
        for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b" " * 30:
            try:
                peer.send(bytes([letter]))
            except OSError:
                break
            time.sleep(0.02)
        peer.close()

    thread = threading.Thread(target=drip)
    thread.start()
    settings.ADS_SERVICE_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
    settings.ADS_DEADLINE_MS = 100
    started = time.monotonic()
    answer = _ask_without_database()
    assert isinstance(answer, NoAd)
    assert time.monotonic() - started < 5
    thread.join()
    server.close()


def _ask_without_database() -> ServedAd | NoAd:
    return request_ad(AdRequest("r", "below_answer", "v", (1,), (), "ko", "", "pass"))
