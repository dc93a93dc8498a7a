from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import Client
from redis import Redis

from config.monitoring import heartbeat
from testing.factories import ListingFactory


@pytest.fixture
def model_url() -> Iterator[str]:
    """The URL of a model server that is ready."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def list_model(slug: str, provider: str, api_base: str = "", **switches: bool) -> None:
    ListingFactory.create(slug=slug, provider=provider, api_base=api_base, **switches)


@pytest.mark.django_db
def test_the_site_is_healthy_when_all_components_are(client: Client, valkey: "Redis", model_url: str) -> None:
    heartbeat.record_heartbeat()
    list_model("near", "local", model_url)
    list_model("far", "openai")
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok", "worker": "ok", "models": 2}


@pytest.mark.django_db
def test_only_models_that_can_be_asked_are_counted(client: Client, valkey: "Redis") -> None:
    list_model("silent", "local", "http://127.0.0.1:9/v1")
    list_model("off", "openai", is_on=False)
    list_model("gone", "openai", is_reachable=False)
    assert client.get("/healthz").json()["models"] == 0


@pytest.mark.django_db
def test_a_worker_without_a_heartbeat_is_down(client: Client, valkey: "Redis") -> None:
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["worker"] == "down"
    assert response.json()["database"] == "ok"


@pytest.mark.django_db
def test_frequent_probes_run_one_check(client: Client, valkey: "Redis") -> None:
    client.get("/healthz")
    heartbeat.record_heartbeat()
    assert client.get("/healthz").json()["worker"] == "down"
