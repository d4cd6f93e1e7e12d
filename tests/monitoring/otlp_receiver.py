"""A collector that takes traces by OTLP over HTTP, and remembers them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Seen:
    """A span as it came."""

    role: str
    name: str
    trace: str
    id: str
    parent: str
    seconds: float
    attributes: dict[str, Any]
    is_error: bool


@dataclass
class Collector:
    """What came, and where it is taken."""

    address: str = ""
    spans: list[Seen] = field(default_factory=list)

    def of(self, trace: str) -> list[Seen]:
        return [span for span in [*self.spans] if span.trace == trace]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Take traces for as long as a block lasts."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    collector = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            collector.spans += spans_of(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    collector.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def spans_of(request: Any) -> Iterator[Seen]:
    for of_process in request.resource_spans:
        about = {each.key: each.value.string_value for each in of_process.resource.attributes}
        for scope in of_process.scope_spans:
            for span in scope.spans:
                yield Seen(
                    about["service.name"],
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes},
                    span.status.code == 2,
                )
