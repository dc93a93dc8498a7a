"""A turn is one trace from the page to the models, without any text of the turn."""

import asyncio
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from accounts.models import User
from aggregator import tasks
from aggregator.execution import runner
from aggregator.execution.processes.dispatch import build_turn_task, send_turn_tasks
from aggregator.infra import metrics
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.services import turns
from config.celery import app
from config.data_dir import ROOT
from config.monitoring.telemetry import start_tracing
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.conftest import MakeModel
from tests.aggregator.page import leave, open_page

PROMPT = "에이다의 비밀스러운 질문"
ANSWER = "모델의 비밀스러운 대답"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """An exporter that collects this process's spans."""
    kept = InMemorySpanExporter()
    start_tracing("test", SimpleSpanProcessor(kept))
    return kept


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    """The exporter, emptied."""
    exporter.clear()
    yield exporter
    exporter.clear()


def by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """Return the spans that ended, by name."""
    return {span.name: span for span in spans.get_finished_spans()}


@pytest.mark.django_db(transaction=True)
async def test_a_trace_has_the_stages_of_a_turn_and_each_model_s_duration(
    provider: ProviderServer, offer_model: MakeModel, ada: User, spans: InMemorySpanExporter
) -> None:
    provider.add("wise", say(ANSWER))
    provider.add("shaky", Script(status=401, error="invalid_api_key"))
    for name in ("wise", "shaky"):
        await asyncio.to_thread(offer_model, name)
    turn = await run_in_db_thread(
        turns.open_turn, owner=ada, request=turns.TurnRequest(PROMPT, panel=("wise", "shaky"))
    )
    await runner.run_turn(turn.public_id)
    await runner.close_loop_resources()

    observed = spans.get_finished_spans()
    whole = by_name(spans)["turn"]
    assert {span.name for span in observed} >= {"turn", "candidate", "rank", "keep"}
    assert {span.context.trace_id for span in observed if span.context} == {whole.context.trace_id}
    assert {(span.attributes or {}).get("turn") for span in observed} == {str(turn.public_id)}
    candidates = [dict(span.attributes or {}) for span in observed if span.name == "candidate"]
    assert {(each["model"], each["outcome"]) for each in candidates} == {
        ("wise", "done"),
        ("shaky", "auth_failed"),
    }
    assert all(int(str(each["output_tokens"])) >= 0 and "ttft_ms" in each for each in candidates)
    everything = "".join(span.to_json() for span in observed)
    assert PROMPT not in everything and ANSWER not in everything


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("valkey")
def test_the_trace_goes_on_in_the_worker(
    provider: ProviderServer, offer_model: MakeModel, ada: User, spans: InMemorySpanExporter
) -> None:
    provider.add("wise", say(ANSWER))
    offer_model("wise")
    turn = turns.open_turn(owner=ada, request=turns.TurnRequest(PROMPT))
    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=30):
        send_turn_tasks([build_turn_task(turn.public_id, is_new=True)])
        assert provider.wait_until(lambda: "turn" in by_name(spans), within_s=40)
    asyncio.run_coroutine_threadsafe(runner.close_loop_resources(), tasks._loops[0]).result(10)

    observed = by_name(spans)
    sent, ran = observed["hand over"], observed["turn"]
    assert sent.context and ran.parent
    assert (ran.parent.trace_id, ran.parent.span_id) == (sent.context.trace_id, sent.context.span_id)
    assert Turn.objects.get(pk=turn.pk).status == Turn.Status.DONE


def test_spans_reach_a_collector_over_http() -> None:
    received: list[str] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        words = (
            "import django; django.setup(); "
            "from config.monitoring.telemetry import start_tracing; start_tracing('web');"
            "from aggregator.infra.telemetry import bind_turn\nwith bind_turn('t'): pass"
        )
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": "of-a-test",
            "ADS_TOKEN_KEY": "of-a-test",
        }
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", words], cwd=ROOT, env=environment, check=True, timeout=60
        )
        server.shutdown()
    assert received == ["/v1/traces"]


@pytest.mark.django_db(transaction=True)
async def test_the_lag_of_frames_is_measured(
    provider: ProviderServer, offer_model: MakeModel, ada: User
) -> None:
    provider.add("wise", say(ANSWER))
    await asyncio.to_thread(offer_model, "wise")
    before = _frames_measured()
    page = await open_page(ada)
    await page.send(
        {"type": "open_turn", "client_id": str(uuid.uuid4()), "conversation": None, "prompt": PROMPT}
    )
    await page.receive()
    await page.receive_turn()
    assert _frames_measured() > before
    await leave(page)


def _frames_measured() -> float:
    (family,) = metrics.FRAME_LAG.collect()
    return next(sample.value for sample in family.samples if sample.name.endswith("_count"))
