"""OpenTelemetry setup: each turn is one trace from the websocket command over Celery to the models."""

from typing import TYPE_CHECKING

from django.conf import settings

from aggregator.infra.telemetry import set_tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor


def start_tracing(role: str, processor: "SpanProcessor | None" = None) -> None:
    """Start exporting spans; without an endpoint OpenTelemetry is not imported."""
    if processor is None and not settings.OTLP_ENDPOINT:
        return
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=Resource.create({"service.name": f"jjamppong-{role}"}))
    provider.add_span_processor(processor or _make_span_processor())
    trace.set_tracer_provider(provider)
    set_tracer(provider.get_tracer("jjamppong"))


def _make_span_processor() -> "SpanProcessor":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces"))
