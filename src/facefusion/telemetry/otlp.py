"""Traces by OpenTelemetry, sent by OTLP over HTTP. Whoever imports this module imports its libraries, an extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from facefusion.telemetry import tracing
from facefusion.telemetry.traceparent import TraceParent
from facefusion.telemetry.tracing import Attributes

_KINDS: Final = {"server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER, "internal": SpanKind.INTERNAL}
_PATH: Final = "/v1/traces"
_SECONDS: Final = 5
_DELAY_MS: Final = 1000


class OtlpTracer:
    """Sends spans to a collector.

    A thread sends them in batches. What cannot be sent is left out and logged; work never waits for it.

    Args:
        endpoint: `http://` or `https://` address of the collector; `/v1/traces` is put behind where it has no path.
        share: of the traces that begin here which are kept, 0 to 1; those that others began are kept as they say.
        role: what this process is: `service` or `worker`.
        version: of the program.
    """

    def __init__(self, endpoint: str, *, share: float, role: str, version: str) -> None:
        resource = Resource.create({"service.name": f"facefusion-{role}", "service.version": version})
        self._provider = TracerProvider(
            resource=resource, sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=traces_address(endpoint), timeout=_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS))
        self._tracer = self._provider.get_tracer("facefusion", version)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        after: TraceParent | None = None,
        kind: tracing.SpanKind = "internal",
        **attributes: str | int,
    ) -> Iterator[tracing.Span]:
        """Yield a span; see `Tracer.span`."""
        span = self._tracer.start_span(
            name, _context(after), kind=_KINDS[kind], attributes=_named(attributes), record_exception=False
        )
        told = _Told(span)
        try:
            yield told
        except BaseException as error:
            told.fail(type(error).__name__)
            raise
        finally:
            span.end()

    def past(
        self, name: str, begin: float, end: float, *, after: TraceParent | None, **attributes: str | int | float
    ) -> None:
        """Tell of what is over; see `Tracer.past`."""
        span = self._tracer.start_span(
            name, _context(after), attributes=_named(attributes), start_time=round(begin * 1e9)
        )
        span.end(round(max(begin, end) * 1e9))

    def close(self) -> None:
        """Send what is left, for some seconds at most."""
        self._provider.force_flush(_SECONDS * 1000)
        self._provider.shutdown()


class _Told:
    """A span that a collector is told of."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def place(self) -> TraceParent:
        """Where the trace goes on from here."""
        found = self._span.get_span_context()
        return TraceParent(f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)

    def rename(self, name: str) -> None:
        """Call it otherwise."""
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        self._span.set_attributes(dict(attributes))

    def fail(self, reason: str) -> None:
        """Say that it failed."""
        self._span.set_status(Status(StatusCode.ERROR, reason))
        self._span.set_attribute("error.type", reason)


def traces_address(endpoint: str) -> str:
    """Return where spans are sent: an address with a path as it is, another with that of the protocol."""
    rest = endpoint.partition("://")[2]
    return endpoint if rest.partition("/")[2] else f"{endpoint.rstrip('/')}{_PATH}"


def _context(after: TraceParent | None) -> Context:
    """Return a context with that parent alone; whatever else runs in this thread has no say."""
    if after is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if after.is_sampled else TraceFlags.DEFAULT)
    parent = SpanContext(int(after.trace, 16), int(after.span, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _named(attributes: Attributes) -> dict[str, str | int | float | bool]:
    """Return attributes under the names of OpenTelemetry, which have stops: `http_route` is `http.route`."""
    return {_name(name): value for name, value in attributes.items()}


def _name(name: str) -> str:
    first, _, rest = name.partition("_")
    return f"{first}.{rest.replace('_', '.', 1) if first == 'http' else rest}" if rest else name
