"""Stages that run side by side: order, bounds, errors from either side, and no thread left over."""

from __future__ import annotations

import threading

import pytest

from facefusion.engine.channel import Channel, consumed, produced


@pytest.fixture(autouse=True)
def no_thread_is_left_over():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before  # those of other tests may have ended meanwhile


@pytest.mark.parametrize("capacity", [1, 2, 7, 1000])
def test_values_arrive_whole_and_in_order(capacity):
    with produced(range(200), capacity) as values:
        assert list(values) == list(range(200))


@pytest.mark.parametrize("capacity", [1, 2, 7, 1000])
def test_values_are_taken_whole_and_in_order(capacity):
    taken = []
    with consumed(taken.append, capacity) as give:
        for value in range(200):
            give(value)
    assert taken == list(range(200)), "leaving the block waits for the last"


def test_nothing_produced_is_nothing_read():
    with produced([], 3) as values:
        assert list(values) == []


def test_a_producer_is_never_further_ahead_than_the_capacity_and_one_in_its_hand():
    made = 0

    def numbers():
        nonlocal made
        while made < 100:
            made += 1
            yield made

    with produced(numbers(), 3) as values:
        for value in values:
            assert made - value <= 3 + 1


def test_a_giver_waits_while_the_channel_is_full():
    gate, taken = threading.Semaphore(0), []

    def take(value):
        gate.acquire()
        taken.append(value)

    with consumed(take, 2) as give:
        for value in range(3):
            give(value)
        late = threading.Thread(target=give, args=(3,))
        late.start()
        late.join(0.05)
        assert late.is_alive(), "two wait and one is in hand"
        for _ in range(4):
            gate.release()
        late.join()
    assert taken == [0, 1, 2, 3]


class BrokenError(Exception):
    pass


def test_an_error_of_the_producer_is_raised_where_it_is_read():
    def numbers():
        yield 1
        raise BrokenError("decoder")

    with pytest.raises(BrokenError, match="decoder"), produced(numbers(), 5) as values:
        for _ in values:
            pass


def test_an_error_of_the_taker_is_raised_at_the_next_value_or_at_the_end():
    def take(value):
        raise BrokenError("encoder")

    with pytest.raises(BrokenError, match="encoder"), consumed(take, 1) as give:
        for value in range(1000):
            give(value)
    with pytest.raises(BrokenError, match="encoder"), consumed(take, 1) as give:
        give(1)


def test_leaving_early_ends_the_producer():
    closed = threading.Event()

    def forever():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    with produced(forever(), 2) as values:
        assert next(values) == 0
    assert closed.wait(5)


def test_an_error_in_the_block_ends_both_sides_and_is_the_one_that_is_raised():
    taken = []
    with (
        pytest.raises(BrokenError, match="hook"),
        produced(iter(int, 1), 2) as values,
        consumed(taken.append, 2) as give,
    ):
        for value in values:
            give(value)
            raise BrokenError("hook")
    assert len(taken) <= 1


def test_values_that_nobody_took_before_an_error_are_dropped():
    channel = Channel(5)
    channel.put(1)
    channel.finish(BrokenError("late"))
    with pytest.raises(BrokenError):
        list(channel)


def test_the_first_error_counts_and_putting_after_the_end_is_refused():
    channel = Channel(1)
    channel.finish(BrokenError("first"))
    channel.finish(ValueError("second"))
    assert channel.put(1) is False
    assert isinstance(channel.error, BrokenError)


def test_even_ctrl_c_in_the_producer_arrives():
    def stop():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt), produced(stop(), 1) as values:
        next(values)


def test_the_capacity_is_at_least_one():
    with produced(range(3), 0) as values:
        assert list(values) == [0, 1, 2]


def test_settling_waits_until_all_is_taken():
    taken = []
    with consumed(taken.append, 2) as give:
        for number in range(5):
            give(number)
        give.settle()
        assert taken == [0, 1, 2, 3, 4]
        give.settle()


def test_settling_ends_with_the_error_of_the_thread():
    with pytest.raises(KeyError, match="2"), consumed(_fail_at_two, 8) as give:
        for number in range(5):
            give(number)
        give.settle()


def _fail_at_two(number):
    if number == 2:
        raise KeyError(number)
