"""OpenTelemetry: one trace from a page's wish over Celery to the models, sent where an operator says."""

from typing import TYPE_CHECKING, Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings

from aggregator.runner import RUN_TASK
from aggregator.telemetry import TURN, span, use_tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

PARENT = "traceparent"
_attached: dict[str, Any] = {}


def start_tracing(role: str, processor: "SpanProcessor | None" = None) -> None:
    """Begin to send spans; without an endpoint nothing is even loaded."""
    if processor is None and not settings.OTLP_ENDPOINT:
        return
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=Resource.create({"service.name": f"jjamppong-{role}"}))
    provider.add_span_processor(processor or _make_sender())
    trace.set_tracer_provider(provider)
    use_tracer(provider.get_tracer("jjamppong"))
    before_task_publish.connect(_send_parent)
    task_prerun.connect(_take_parent)
    task_postrun.connect(_leave_parent)


def _make_sender() -> "SpanProcessor":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces"))


def _send_parent(sender: str, headers: dict[str, Any], body: Any, **_: object) -> None:
    """Let a task know which trace it belongs to; a turn's begins here when nothing was traced before."""
    if sender != RUN_TASK:
        return
    from opentelemetry import propagate

    token = TURN.set(str(body[0][0]))
    with span("hand over"):
        propagate.inject(headers)
    TURN.reset(token)


def _take_parent(task_id: str, task: Any, **_: object) -> None:
    from opentelemetry import context, propagate

    # What is attached here goes with the coroutine that the task hands to the worker's loop.
    carrier = {PARENT: task.request.get(PARENT) or (task.request.headers or {}).get(PARENT) or ""}
    _attached[task_id] = context.attach(propagate.extract(carrier))


def _leave_parent(task_id: str, **_: object) -> None:
    from opentelemetry import context

    if token := _attached.pop(task_id, None):
        context.detach(token)
