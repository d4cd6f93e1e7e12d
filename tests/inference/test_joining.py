"""Requests of several threads for one network: what goes together, in which order, and what becomes of troubles."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from facefusion.inference.joining import Joint, Request, key_of
from facefusion.inference.model_time import ModelTime
from facefusion.inference.runner import DeviceFullError

DEADLINE = 60.0
MOST = 8


class Network:
    """Doubles numbers; can be held, and fails as it is told."""

    def __init__(self):
        self.time = ModelTime()
        self.sizes, self.first, self.full = [], [], []
        self.at_work, self.most_at_work = 0, 0
        self.open = threading.Event()
        self.open.set()
        self.holds = MOST
        self.noise = {}
        self.poison = None
        self.interrupts = None
        self._lock = threading.Lock()
        self.joint = Joint(self.compute, self.time, self.full.append)

    def compute(self, inputs, count, may_be_less):
        value = inputs["value"]
        assert len(value) == count
        with self._lock:
            self.sizes.append(count)
            self.first.append(int(value.flat[0]))
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            with self.time.measure():
                assert self.open.wait(DEADLINE)
            if self.interrupts == threading.current_thread().name:
                self.interrupts = None
                raise KeyboardInterrupt
            if may_be_less and count > self.holds:
                raise DeviceFullError("full")
            if self.poison is not None and (value == self.poison).any():
                raise ValueError(f"{self.poison} is no number")
            return {"double": value * 2 + np.float32(self.noise.get(count, 0)), "told": value[:, 0]}
        finally:
            with self._lock:
                self.at_work -= 1

    def run(self, *numbers, places=1, is_exact=False, width=3, scale=1.0, most=MOST):
        """Ask for so many items, each of one number; return what came of each."""
        value = np.repeat(np.array(numbers, np.float32)[:, None], width, 1)
        inputs = {"value": value, "scale": np.float32(scale)}
        key = key_of(inputs, ["value"], len(value))
        request = Request(inputs, ["value"], len(value), most, len(value) > 1, key)
        outputs = self.joint.run(request, places=places, is_exact=is_exact)
        assert outputs["double"].shape == value.shape
        assert (outputs["told"] == value[:, 0]).all()
        return outputs["double"][:, 0].tolist()

    def held(self, pool, asked):
        """Have requests wait, one after the other, behind one that is computed; return what they will get."""
        self.open.clear()
        futures = [pool.submit(self.run, 100)]
        until(lambda: self.at_work)
        for place, (numbers, more) in enumerate(asked, 1):
            futures.append(pool.submit(self.run, *numbers, **more))
            until(lambda place=place: len(self.joint._waiting) == place)
        self.open.set()
        return futures[1:]


def until(is_so):
    end = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(12) as pool:
        yield pool


def alone(*numbers, **more):
    return numbers, more


def test_who_finds_the_network_free_runs_at_once_on_the_very_arrays_that_were_given():
    seen = []

    def compute(inputs, count, may_be_less):
        seen.append((threading.current_thread(), inputs, count, may_be_less))
        return {"output": inputs["value"]}

    inputs = {"value": np.ones((2, 3), np.float32)}
    joint = Joint(compute, ModelTime(), lambda size: None)
    request = Request(inputs, ["value"], 2, MOST, True, key_of(inputs, ["value"], 2))
    assert joint.run(request, places=1, is_exact=False)["output"] is inputs["value"]
    [(thread, given, count, may_be_less)] = seen
    assert thread is threading.current_thread()
    assert given is inputs
    assert (count, may_be_less) == (2, True)


@pytest.mark.parametrize(
    ("waiting", "sizes"),
    [
        ([1, 1], [2]),
        ([1, 1, 1], [2, 1]),
        ([1, 1, 2], [4]),
        ([4, 1, 1, 2], [8]),
        ([4, 1, 4], [8, 1]),
        ([1, 4, 1, 4], [2, 8]),
        ([2, 1, 4], [2, 1, 4]),
        ([1, 4, 2, 1], [8]),
        ([8, 1, 1], [8, 2]),
        ([2, 2, 2, 2, 2], [8, 2]),
    ],
)
def test_what_comes_meanwhile_goes_together_in_powers_of_two(network, pool, waiting, sizes):
    asked = [alone(*range(place * 10, place * 10 + count)) for place, count in enumerate(waiting)]
    for future, (numbers, _) in zip(network.held(pool, asked), asked, strict=True):
        assert future.result(DEADLINE) == [2 * number for number in numbers]
    assert network.sizes == [1, *sizes]


def test_a_device_that_holds_less_gets_less(network, pool):
    for future in network.held(pool, [alone(number, most=2) for number in range(4)]):
        future.result(DEADLINE)
    assert network.sizes == [1, 2, 2]


@pytest.mark.parametrize("differing", [{"width": 4}, {"scale": 2.0}])
def test_items_of_another_size_or_told_something_else_go_apart(network, pool, differing):
    """The first that waits is the first that is computed, whoever may go along."""
    asked = [alone(0), alone(1, **differing), alone(2), alone(3, **differing)]
    assert [each.result(DEADLINE) for each in network.held(pool, asked)] == [[0], [2], [4], [6]]
    assert (network.sizes, network.first) == ([1, 2, 2], [100, 0, 1])


def test_inputs_that_are_short_of_items_go_with_none():
    inputs = {"target": np.ones((2, 3)), "source": np.ones((1, 3))}
    assert key_of(inputs, ["target", "source"], 2) is None
    assert key_of(inputs, ["source"], 1) is not None


def test_the_error_of_one_is_heard_by_no_other(network, pool):
    network.poison = 2
    wrong, *others = network.held(pool, [alone(number) for number in (2, 0, 1, 3)])
    with pytest.raises(ValueError, match="2 is no number"):
        wrong.result(DEADLINE)
    assert [each.result(DEADLINE) for each in others] == [[0], [2], [6]]


def test_where_memory_is_full_less_go_together_and_each_gets_its_own(network, pool):
    network.holds = 2
    for _ in range(2):
        futures = network.held(pool, [alone(number) for number in range(4)])
        assert [each.result(DEADLINE) for each in futures] == [[0], [2], [4], [6]]
    assert network.sizes == [1, 4, 1, 1, 1, 1, 1, 2, 2]
    assert network.full == [4]


def test_a_request_that_is_too_large_alone_hears_so_itself(network, pool):
    network.holds = 1
    with pytest.raises(DeviceFullError):
        network.run(1, 2)
    assert network.full == [], "its own thread says so"


def test_where_company_shows_in_the_result_each_is_computed_alone(network, pool):
    """Two come out as alone, four do not: that is found out once, and nobody ever gets the other result."""
    network.noise = {4: 1e-3}
    for _ in range(2):
        futures = network.held(pool, [alone(number, is_exact=True) for number in range(4)])
        assert [each.result(DEADLINE) for each in futures] == [[0], [2], [4], [6]]
    first, second = [4, 1, 1, 1, 1], [2, 1, 1, 2]
    assert network.sizes == [1, *first, 1, *second]


def test_what_was_found_out_holds_for_items_of_that_size(network, pool):
    network.noise = {2: 1e-3}
    for width in (3, 4, 3):
        for future in network.held(pool, [alone(number, is_exact=True, width=width) for number in range(2)]):
            future.result(DEADLINE)
    assert network.sizes == [1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1]


def test_several_devices_are_kept_at_work(network, pool):
    network.open.clear()
    futures = [pool.submit(network.run, number, places=2) for number in range(6)]
    until(lambda: network.at_work == 2)
    until(lambda: len(network.joint._waiting) == 4)
    network.open.set()
    assert sorted(each.result(DEADLINE)[0] for each in futures) == [0, 2, 4, 6, 8, 10]
    assert network.most_at_work == 2


def test_ctrl_c_in_the_thread_that_computes_is_no_matter_of_the_others(network):
    ended = {}

    def ask(number):
        try:
            ended[number] = network.run(number)
        except KeyboardInterrupt:
            ended[number] = "interrupted"

    network.open.clear()
    threads = [threading.Thread(target=ask, args=(number,), name=f"ask {number}") for number in range(4)]
    for place, thread in enumerate(threads):
        thread.start()
        until(lambda place=place: network.at_work and len(network.joint._waiting) == place)
    network.interrupts = "ask 1"
    network.open.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert ended == {0: [0], 1: "interrupted", 2: [4], 3: [6]}


def test_ctrl_c_in_a_thread_that_waits_is_no_matter_of_the_others(network, pool):
    class Interrupted(threading.Condition):
        def wait_for(self, predicate, timeout=None):
            if threading.current_thread() is threading.main_thread() and not predicate():
                raise KeyboardInterrupt
            return super().wait_for(predicate, timeout)

    network.joint._changed = Interrupted()
    network.open.clear()
    first = pool.submit(network.run, 0)
    until(lambda: network.at_work)
    with pytest.raises(KeyboardInterrupt):
        network.run(1)
    last = pool.submit(network.run, 2)
    until(lambda: len(network.joint._waiting) == 1)
    network.open.set()
    assert (first.result(DEADLINE), last.result(DEADLINE)) == ([0], [4])
    assert network.sizes == [1, 1], "nobody computes what nobody waits for"


def test_each_thread_is_told_the_time_of_its_own_items(network):
    told = {}

    def ask(number):
        network.run(*[number] * number)
        told[number] = network.time.here

    network.open.clear()
    threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, 4, 2)]
    for place, thread in enumerate(threads):
        thread.start()
        until(lambda place=place: network.at_work and len(network.joint._waiting) == place)
    network.open.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert network.sizes == [1, 8]
    assert told[4] == pytest.approx(2 * told[2])
    assert told[4] > 0


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_each_gets_what_is_its_own(network, seed):
    """Threads ask for items of several kinds, some of which fail, while memory holds now less, now more."""
    places, threads, times = 1 + seed % 2, 6, 40
    network.poison = 13.0
    network.noise = {2: 0.0, 4: 1e-3, 8: 0.0}
    began = threading.Barrier(threads)

    def ask(number):
        random = np.random.default_rng([seed, number])
        began.wait(DEADLINE)
        wrong = Counter()
        for _ in range(times):
            numbers = random.integers(0, 16, 2 ** random.integers(0, 3)).tolist()
            network.holds = int(random.integers(1, 9))
            try:
                found = network.run(*numbers, places=places, is_exact=True, width=int(random.integers(1, 3)))
            except ValueError:
                wrong["poisoned"] += 13 in numbers
                wrong["others"] += 13 not in numbers
            except DeviceFullError:
                wrong["others"] += len(numbers) == 1
            else:
                own = np.float32(network.noise.get(len(numbers), 0))
                wrong["others"] += found != [float(np.float32(2 * each) + own) for each in numbers]
                wrong["others"] += 13 in numbers
        return wrong

    with ThreadPoolExecutor(threads) as pool:
        found = sum((each.result(DEADLINE) for each in [pool.submit(ask, n) for n in range(threads)]), Counter())
    assert found["poisoned"] > 0
    assert found["others"] == 0
    assert network.most_at_work <= places
    assert all(size & (size - 1) == 0 and size <= MOST for size in network.sizes)
    assert network.joint._at_work == 0
    assert network.joint._waiting == []


def test_nobody_is_overtaken(network, pool):
    asked = [alone(place, width=1 + place % 5) for place in range(10)]
    for future in network.held(pool, asked):
        future.result(DEADLINE)
    assert network.first == [100, 0, 1, 2, 3, 4], "those behind them went along"
    assert network.sizes == [1, 2, 2, 2, 2, 2]
