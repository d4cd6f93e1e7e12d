"""Real servers for tests: each is begun when the first test asks for it, and skips where it is not installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest
from benchmarks.cable import Cable
from benchmarks.servers import S3, MissingServerError, Postgres, RabbitMQ, Redis

from benchmarks import servers

Server = TypeVar("Server")


@contextmanager
def _or_skipped(begun: AbstractContextManager[Server]) -> Iterator[Server]:
    with ExitStack() as ending:
        try:
            server = ending.enter_context(begun)
        except MissingServerError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL; `url()` leads to it by a socket, `tcp_url()` by TCP."""
    with _or_skipped(servers.postgres()) as server:
        yield server


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL, for this test alone."""
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis that forgets all when it ends."""
    with _or_skipped(servers.redis_server()) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """The URL of an empty Redis."""
    redis_server.clear()
    return redis_server.url()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ, which takes some seconds to begin."""
    with _or_skipped(servers.rabbitmq()) as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A store that speaks S3 with a bucket; `create_bucket()` makes further ones."""
    with _or_skipped(servers.s3_server()) as server:
        yield server


@pytest.fixture
def cable() -> Iterator[Callable[[int], Cable]]:
    """Lays cables to ports of servers, which the test can cut: `cable(postgres.port)`."""
    laid: list[Cable] = []

    def lay(to: int) -> Cable:
        laid.append(Cable(to))
        return laid[-1]

    yield lay
    for each in laid:
        each.close()
