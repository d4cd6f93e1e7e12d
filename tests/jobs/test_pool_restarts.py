"""When workers of the pool are started again: soon after they were killed, ever later where they crash."""

from __future__ import annotations

import signal

import pytest

from facefusion.jobs.restarts import LEAST_WAIT, LIVED, MOST_WAIT, SPARED, Restarts

CRASHED = [1, 76, -signal.SIGSEGV, -signal.SIGABRT]
FROM_OUTSIDE = [-signal.SIGKILL, -signal.SIGTERM, 0]


def waits(restarts: Restarts, statuses: list[int], *, lives: float = 1.0) -> list[float]:
    """Return how long is waited after workers that live for some seconds each, by a clock that is only read here."""
    now, found = restarts.again, []
    for status in statuses:
        began, now = now, now + lives
        found.append(restarts.ended(status, began=began, now=now))
        assert restarts.again == now + found[-1]
        now = restarts.again
    return found


@pytest.mark.parametrize("status", CRASHED)
def test_one_that_crashes_young_is_started_ever_later(status: int) -> None:
    found = waits(Restarts(), [status] * 12)
    assert found[:4] == [LEAST_WAIT * 2**number for number in range(4)]
    assert found[-1] == MOST_WAIT


@pytest.mark.parametrize("status", FROM_OUTSIDE)
def test_one_that_was_ended_from_outside_is_started_anew_at_once(status: int) -> None:
    assert waits(Restarts(), [status] * SPARED) == [LEAST_WAIT] * SPARED


def test_kills_that_do_not_end_are_no_accident() -> None:
    """A machine whose memory holds no worker kills each of them, and shall not be kept busy with that."""
    found = waits(Restarts(), [-signal.SIGKILL] * (SPARED + 12))
    assert found[SPARED : SPARED + 3] == [LEAST_WAIT, 2 * LEAST_WAIT, 4 * LEAST_WAIT]
    assert found[-1] == MOST_WAIT


def test_a_kill_in_between_neither_lengthens_nor_shortens_what_crashes_wait() -> None:
    assert waits(Restarts(), [1, -signal.SIGKILL, 1]) == [LEAST_WAIT, LEAST_WAIT, 2 * LEAST_WAIT]


def test_one_that_lived_begins_anew() -> None:
    restarts = Restarts()
    waits(restarts, [1] * 5 + [-signal.SIGKILL] * SPARED)
    assert waits(restarts, [1, -signal.SIGKILL], lives=LIVED + 1) == [LEAST_WAIT] * 2
    assert waits(restarts, [1, 1]) == [LEAST_WAIT, 2 * LEAST_WAIT]


def test_what_cannot_be_started_is_tried_ever_later() -> None:
    restarts = Restarts()
    assert [restarts.failed(now) for now in (0.0, 1.0, 3.0)] == [LEAST_WAIT, 2 * LEAST_WAIT, 4 * LEAST_WAIT]
