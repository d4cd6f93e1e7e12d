"""Servers that take connections and answer nothing, and networks that lose connections without a word."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.cable import Cable
from benchmarks.servers import Postgres, RabbitMQ, Redis, until
from celery_machines import cluster, running
from kombu import Connection
from sqlalchemy import make_url, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.settings import queues, transport
from facefusion.jobs.database import reading, writing
from facefusion.jobs.values import NewJob
from facefusion.trust import database as databases
from facefusion.trust.database import open_database


def test_a_connection_to_the_database_that_is_silent_is_given_up_and_the_next_serves(
    postgres: Postgres, postgres_jobs_place: str, cable: Callable[[int], Cable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "_FRESH_SECONDS", 0.0)  # as if some time had gone by between two uses
    line, name = cable(postgres.port), str(make_url(postgres_jobs_place).database)
    engine = open_database(postgres.tcp_url(name, port=line.port), silence=0.3)
    board, new = JobBoard(engine), NewJob("studio", "ada", {})
    board.submit(new)
    line.lose()
    assert board.submit(new).state == "queued"  # one that was silent before it was used is changed for another
    with pytest.raises(JobsUnavailableError, match=r"no answer within 0\.3 seconds"), writing(engine) as connection:
        board.submitted(connection, new)
        line.lose()
        board.submitted(connection, new)
    assert board.submit(new).state == "queued"
    assert len(board.jobs(tenant=None)) == 3
    engine.dispose()


def test_a_statement_may_take_longer_than_a_database_may_be_silent_where_it_says_something(
    postgres_jobs_place: str,
) -> None:
    engine = open_database(postgres_jobs_place, silence=0.5)
    with reading(engine) as connection:
        for _ in range(3):
            connection.execute(text("SELECT pg_sleep(0.25)"))
    engine.dispose()


@pytest.mark.slow
def test_what_a_consumer_asks_of_a_silent_rabbitmq_is_given_up(
    rabbitmq: RabbitMQ, cable: Callable[[int], Cable]
) -> None:
    line = cable(rabbitmq.port)
    broker = Broker(rabbitmq.url(port=line.port), queue=f"tests.{secrets.token_hex(6)}", patience=0.5)
    settings = transport(broker, is_publisher=False)
    with Connection(broker.url, heartbeat=20, transport_options=settings) as connection:
        channel = connection.channel()
        with line.held():
            began = time.monotonic()
            with pytest.raises(connection.connection_errors):
                queues(broker)[0](channel).declare()
            assert time.monotonic() - began < 20
        connection.collect(socket_timeout=0.5)


@pytest.mark.slow
def test_a_worker_whose_connections_to_redis_are_silent_connects_anew(
    redis_server: Redis, postgres_database: str, tmp_path: Path, cable: Callable[[int], Cable]
) -> None:
    line = cable(redis_server.port)
    broker = Broker(redis_server.url(port=line.port), queue=f"tests.{secrets.token_hex(6)}", beat=600.0)
    with cluster(postgres_database, broker, tmp_path) as there, running(there.machine()):
        first = there.submit()
        there.wake()
        there.until_done(first)
        line.lose()
        second = there.submit()

        def is_done() -> bool:
            there.wake()  # again: what Redis hands to a listener that is gone is lost, as the beat makes up for
            return there.state(second) == "succeeded"

        until(is_done, seconds=120, pause=0.5)
