"""Clients that ask one thing again and again, each on a connection that stays open; cheap, and a process of their own.

A library of HTTP would cost more than the service that is measured. This reads a plan (JSON) from its input, asks, and
writes what came of it (JSON) to its output.

python -m benchmarks.loading.client
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import secrets
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked.

    Attributes:
        host, port: of the service.
        token: that lets in.
        method, path: of the request.
        body: JSON; None where there is none.
        is_once: whether each request has an idempotency key of its own.
        seconds: for which it is asked.
        connections: at one time; each asks anew as soon as it is answered.
    """

    host: str
    port: int
    token: str
    method: str
    path: str
    body: str | None = None
    is_once: bool = False
    seconds: float = 10.0
    connections: int = 8

    def request(self) -> bytes:
        """Return the next request."""
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        head += f"Authorization: Bearer {self.token}\r\n"
        if self.is_once:
            head += f"Idempotency-Key: {secrets.token_hex(16)}\r\n"
        if self.body is None:
            return f"{head}\r\n".encode()
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n{self.body}".encode()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        count: of answers.
        seconds: that it took.
        p50, p99: milliseconds from a request to the end of its answer.
        cpu: milliseconds that the clients worked for a request.
    """

    count: int
    seconds: float
    p50: float
    p99: float
    cpu: float


def asked(plan: Plan) -> Outcome:
    """Ask in a process of its own.

    Raises:
        subprocess.CalledProcessError: an answer was none of success; the process said which.
    """
    command = [sys.executable, "-m", "benchmarks.loading.client"]
    done = subprocess.run(
        command, input=json.dumps(dataclasses.asdict(plan)), stdout=subprocess.PIPE, text=True, check=True
    )
    return Outcome(**json.loads(done.stdout))


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, plan: Plan, times: list[float], end: float, over: asyncio.Future[None]) -> None:
        self._plan, self._times, self._end, self._over = plan, times, end, over
        self._received = b""
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head + 2)
        if length is None or self._received[9:10] != b"2":
            self._fail(self._received[:500])
        elif len(self._received) >= head + 4 + int(length[1]):
            now = time.perf_counter()
            self._times.append(now - self._begun)
            self._received = b""
            self._ask() if now < self._end else self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over.done():
            if time.perf_counter() < self._end:
                self._fail(f"the connection was closed: {exc}".encode())
            else:
                self._over.set_result(None)

    def _ask(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(self._plan.request())

    def _fail(self, what: bytes) -> None:
        if not self._over.done():
            self._over.set_exception(RuntimeError(what.decode("utf-8", "replace")))
        self._transport.abort()


async def _ask(plan: Plan) -> Outcome:
    loop, times = asyncio.get_running_loop(), list[float]()
    begun, worked = time.perf_counter(), time.process_time()
    lines = []
    for _ in range(plan.connections):
        over = loop.create_future()
        await loop.create_connection(
            lambda over=over: _Line(plan, times, begun + plan.seconds, over), plan.host, plan.port
        )
        lines.append(over)
    await asyncio.gather(*lines)
    took, cpu = time.perf_counter() - begun, time.process_time() - worked
    cuts = statistics.quantiles(times, n=100)
    return Outcome(len(times), took, cuts[49] * 1e3, cuts[98] * 1e3, cpu / len(times) * 1e3)


def main() -> int:
    """Run the command line."""
    plan = Plan(**json.load(sys.stdin))
    json.dump(dataclasses.asdict(asyncio.run(_ask(plan))), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
