"""Where the time goes, and how far a job is."""

from __future__ import annotations

import pytest

from facefusion.engine import clock as clock_module
from facefusion.engine.clock import StageClock
from facefusion.engine.progress import Progress
from facefusion.inference.model_time import ModelTime


@pytest.fixture
def hands(monkeypatch):
    """Hands of a clock that only tests move."""

    class Hands:
        now = 0.0

    monkeypatch.setattr(clock_module.time, "perf_counter", lambda: Hands.now)
    return Hands


def test_blocks_of_a_stage_add_up(hands):
    clock = StageClock()
    for seconds in (1, 2):
        with clock.measure("decode"):
            hands.now += seconds
        hands.now += 10
    with clock.measure("encode"):
        hands.now += 4
    assert clock.seconds == {"decode": 3, "encode": 4}


def test_a_block_that_fails_counts_too(hands):
    clock = StageClock()
    with pytest.raises(ValueError), clock.measure("decode"):
        hands.now += 2
        raise ValueError
    assert clock.seconds == {"decode": 2}


def test_the_part_that_networks_ran_is_told_apart(hands):
    clock, models = StageClock(), ModelTime()
    with models.measure():
        hands.now += 5  # of another job, say
    clock.models = models
    for stage in ("analyse", "process"):
        with clock.measure(stage):
            hands.now += 1
            with models.measure():
                hands.now += 2
    assert clock.seconds == {"analyse": 3, "process": 3, "models": 4}


def test_only_the_time_that_values_take_to_come_counts(hands):
    clock = StageClock()

    def slow():
        for value in range(3):
            hands.now += 1
            yield value

    for _ in clock.each("decode", slow()):
        hands.now += 100
    assert clock.seconds == {"decode": 3}


def test_values_pass_unchanged():
    assert list(StageClock().each("decode", iter("abc"))) == ["a", "b", "c"]


def test_rate_and_time_left():
    progress = Progress("editing", 50, 200, 5.0)
    assert progress.rate == 10
    assert progress.remaining == 15


@pytest.mark.parametrize(
    ("done", "total", "seconds", "rate", "remaining"),
    [
        (0, 100, 0.0, 0, None),
        (0, 100, 2.0, 0, None),
        (5, None, 1.0, 5, None),
        (120, 100, 1.0, 120, 0),
        (1, 1, 0.0, 0, None),
    ],
)
def test_what_cannot_be_known_is_not_guessed(done, total, seconds, rate, remaining):
    progress = Progress("editing", done, total, seconds)
    assert (progress.rate, progress.remaining) == (rate, remaining)
