"""The pool keeps networks loaded within a budget."""

from __future__ import annotations

import threading

import pytest

from facefusion.inference.pool import GIB, GROWTH, SessionPool, model_budget
from facefusion.options import Options

SIZE = 1000
ROOM = int(SIZE * GROWTH)


class Network:
    """Something to load that counts."""

    def __init__(self):
        self.times_opened = 0

    def open(self):
        self.times_opened += 1
        return object()


def use(pool, key, network):
    with pool.use(key, network.open, SIZE) as runner:
        return runner


def test_a_network_is_loaded_once():
    pool, network = SessionPool(), Network()
    assert use(pool, "a", network) is use(pool, "a", network)
    assert (network.times_opened, pool.used, pool.loaded) == (1, ROOM, ["a"])


def test_what_was_not_used_for_longest_goes_first():
    notes = []
    pool = SessionPool(2 * ROOM, notes.append)
    networks = {name: Network() for name in "abc"}
    for name in "abac":
        use(pool, name, networks[name])
    assert pool.loaded == ["a", "c"]
    assert notes == []
    use(pool, "b", networks["b"])
    assert pool.loaded == ["c", "b"]
    use(pool, "a", networks["a"])
    assert notes == ["Models do not fit into memory together and are loaded by turns; more max-memory is faster"]
    assert {name: network.times_opened for name, network in networks.items()} == {"a": 2, "b": 2, "c": 1}


def test_a_network_larger_than_the_budget_is_loaded_all_the_same_and_stays():
    pool, network = SessionPool(1), Network()
    use(pool, "a", network)
    use(pool, "a", network)
    assert network.times_opened == 1


def test_networks_that_are_unloaded_for_other_reasons_do_not_take_turns():
    notes = []
    pool, network = SessionPool(10 * ROOM, notes.append), Network()
    runner = use(pool, "a", network)
    pool.discard("a", runner)
    use(pool, "a", network)
    pool.clear()
    use(pool, "a", network)
    assert (network.times_opened, notes) == (3, [])


def test_a_network_in_use_is_not_unloaded():
    pool = SessionPool(1)
    first, second = Network(), Network()
    with pool.use("a", first.open, SIZE):
        use(pool, "b", second)
        pool.clear()
        assert pool.loaded == ["a"]
    pool.clear()
    assert pool.loaded == []
    assert pool.used == 0


def test_a_network_that_cannot_be_loaded_is_tried_again():
    pool = SessionPool(ROOM)
    with pytest.raises(OSError, match="gone"), pool.use("a", _fail, SIZE):
        pass
    assert pool.used == 0
    use(pool, "a", Network())
    assert pool.loaded == ["a"]


def test_what_failed_is_loaded_anew_unless_somebody_did_already():
    pool, network = SessionPool(), Network()
    old = use(pool, "a", network)
    pool.discard("a", old)
    new = use(pool, "a", network)
    pool.discard("a", old)
    assert use(pool, "a", network) is new is not old


def test_threads_that_want_the_same_network_load_it_once():
    pool, network = SessionPool(ROOM), Network()
    other, barrier = Network(), threading.Barrier(8)
    seen = []

    def work(number):
        barrier.wait()
        for _ in range(50):
            name, wanted = ("a", network) if number % 2 else ("b", other)
            with pool.use(name, wanted.open, SIZE) as runner:
                seen.append((name, runner))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 400
    assert network.times_opened == len({runner for name, runner in seen if name == "a"})
    assert pool.used <= 2 * ROOM


def test_frames_and_models_share_the_memory_that_is_given():
    runtime = Options.parse({"max_memory": 2}).runtime
    assert model_budget(runtime, frames=GIB // 2) == 3 * GIB // 2
    assert model_budget(runtime, frames=3 * GIB) == 0
    assert model_budget(Options().runtime) is None or model_budget(Options().runtime) > 0


def _fail():
    raise OSError("gone")


def test_jobs_allow_more_for_as_long_as_they_run():
    """Several jobs with a limit each share a pool that takes what they may together."""
    pool, networks = SessionPool(0), {name: Network() for name in "abc"}
    with pool.allowed(ROOM), pool.allowed(ROOM):
        use(pool, "a", networks["a"])
        use(pool, "b", networks["b"])
        assert pool.loaded == ["a", "b"]
    with pool.allowed(ROOM):
        use(pool, "c", networks["c"])
        assert pool.loaded == ["c"]


def test_without_a_limit_nothing_is_allowed_beyond_it():
    pool = SessionPool()
    with pool.allowed(ROOM):
        use(pool, "a", Network())
    assert pool.loaded == ["a"]
