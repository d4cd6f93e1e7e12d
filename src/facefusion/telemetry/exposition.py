"""Showing figures to Prometheus: `GET /metrics` on a port of its own, for whoever may reach that port."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from facefusion.errors import FaceFusionError
from facefusion.telemetry.catalogue import BUILD, SOURCE_UP
from facefusion.telemetry.gathering import fold
from facefusion.telemetry.spec import Metric

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

_LOG: Final = logging.getLogger(__name__)
_SECONDS: Final = 10.0
"""For which somebody who asks may be silent."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Values of one metric, as they are now.

    Attributes:
        metric: which.
        values: by its labels, in order.
    """

    metric: Metric
    values: Mapping[tuple[str, ...], float]


class Source(Protocol):
    """Gives figures when somebody asks."""

    @property
    def name(self) -> str:
        """By which it is known: a value of the label of `SOURCE_UP`."""
        ...

    def figures(self) -> Iterable[Figure]:
        """Return them, as they are now.

        Raises:
            FaceFusionError: they cannot be taken now.
        """
        ...


class Shown:
    """All figures of a group of processes, as the library of Prometheus asks for them.

    Args:
        folder: in which the processes gather; see `facefusion.telemetry.gathering`.
        sources: of all other figures.
    """

    def __init__(self, folder: Path, sources: Sequence[Source]) -> None:
        self._folder, self._sources = folder, tuple(sources)
        self._turn = threading.Lock()
        self._version = version("facefusion")

    def collect(self) -> Iterator[Family]:
        """Yield the figures; a source that fails is told of, and costs no other."""
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - an extra
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        with self._turn:
            fold(self._folder)
            yield from MultiProcessCollector(CollectorRegistry(), str(self._folder)).collect()
            up: dict[tuple[str, ...], float] = {}
            for source in self._sources:
                found = self._of(source)
                up[source.name,] = float(found is not None)
                yield from (_family(figure) for figure in found or ())
            yield _family(Figure(SOURCE_UP, up))
            yield _family(Figure(BUILD, {(self._version,): 1.0}))

    def _of(self, source: Source) -> list[Figure] | None:
        try:
            return list(source.figures())
        except FaceFusionError as error:
            _LOG.warning("Figures of the %s cannot be taken: %s", source.name, error.what)
        except Exception:  # noqa: BLE001 - told with its traceback; other figures are shown all the same
            _LOG.exception("An unexpected error while figures of the %s were taken", source.name)
        return None


def _family(figure: Figure) -> Family:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

    metric = figure.metric
    made: Any = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family: Family = made(metric.name, metric.text, labels=metric.label_names)
    for labels, value in figure.values.items():
        family.add_metric(labels, value)  # type: ignore[attr-defined]  # each kind has its own
    return family


@contextmanager
def exposed(listener: socket.socket, shown: Shown) -> Iterator[None]:
    """Answer on a socket for as long as a block lasts.

    Args:
        listener: bound and listening; closed at the end.
        shown: what is shown.
    """
    from prometheus_client import CollectorRegistry, make_wsgi_app  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(shown)
    server = _Server(listener.getsockname()[:2], _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.set_environ()
    server.set_app(_only_metrics(make_wsgi_app(registry)))
    thread = threading.Thread(target=server.serve_forever, name="facefusion metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_SECONDS)


def _only_metrics(app: Any) -> Any:
    """Answer at `/metrics` alone."""

    def answered(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environment["PATH_INFO"] != "/metrics" or environment["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Figures are at /metrics\n"]
        found: Iterable[bytes] = app(environment, start)
        return found

    return answered


class _Server(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own."""

    daemon_threads = True
    server_name, server_port = "facefusion", 0

    def set_environ(self) -> None:
        """Make what is otherwise made where the server binds itself."""
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say that somebody who asked went away, or that they could not be answered."""
        _LOG.info("Somebody who asked for figures could not be answered", exc_info=True)


class _Quiet(WSGIRequestHandler):
    """Waits for no caller for long, and logs no request."""

    timeout = _SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the library gives it
        """Log nothing."""
