"""The right to answer a request: it is renewed while somebody answers, and soon free where they were killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import open_jobs_of
from sqlalchemy import Engine

from facefusion.errors import RequestBusyError
from facefusion.service.idempotency import CLAIM_SECONDS, Claim, IdempotencyStore, KeptAnswer
from job_databases import SteppedClock

ANSWER = KeptAnswer(201, {}, "{}")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_jobs_of(str(tmp_path / "jobs.db"))
    yield opened
    opened.dispose()


def begun(store: IdempotencyStore) -> Claim:
    claim = store.begin("ada", "request")
    assert isinstance(claim, Claim)
    return claim


def test_a_request_whose_service_was_killed_is_answered_by_another_soon(engine: Engine, clock: SteppedClock) -> None:
    store = IdempotencyStore(engine, 86_400.0, clock=clock)
    first = begun(store)
    clock.forward(CLAIM_SECONDS - 1)
    with pytest.raises(RequestBusyError):
        store.begin("ada", "request")
    clock.forward(2)
    second = begun(store)
    with pytest.raises(RequestBusyError):  # the first was not dead, only slow: what it did is not kept
        store.complete(first, ANSWER)
    store.complete(second, ANSWER)
    assert store.begin("ada", "request") == ANSWER


def test_a_request_that_is_being_answered_for_long_stays_with_whom_it_is(engine: Engine, clock: SteppedClock) -> None:
    store = IdempotencyStore(engine, 86_400.0, clock=clock)
    claim = begun(store)
    for _ in range(5):
        clock.forward(CLAIM_SECONDS - 1)
        store.renew(claim)
        with pytest.raises(RequestBusyError):
            store.begin("ada", "request")
    store.complete(claim, ANSWER)
    clock.forward(10 * CLAIM_SECONDS)
    store.renew(claim)  # too late, and of no effect
    assert store.begin("ada", "request") == ANSWER
