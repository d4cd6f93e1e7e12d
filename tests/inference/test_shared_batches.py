"""Sessions whose jobs share batches: on which devices, with which networks, and what each job gets.

The card is a stub that computes on the CPU, beneath the runners, as ONNX Runtime would on a card.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import onnxruntime
import pytest

from facefusion.errors import ModelUnfitError
from facefusion.inference.company import Company
from facefusion.inference.execution import Execution
from facefusion.inference.machine import usable_cores
from facefusion.inference.providers import CPU, PROVIDERS, Device
from facefusion.inference.runner import Fallback, Runner
from facefusion.inference.session import Session
from facefusion.inference.verdict import TOLERANCE, Verdicts
from facefusion.options import Options
from generated.sessions import PICTURES, POINTS, mixing_net, picture_net, points_net

CARD = Device(PROVIDERS["cuda"], "0")
REAL = onnxruntime.InferenceSession
DEADLINE = 60.0


class Bench:
    """Sees all that networks compute, and can hold it."""

    def __init__(self, monkeypatch):
        self.sizes, self.at_work = [], 0
        self.open = threading.Event()
        self.open.set()
        self.holds = 1000
        self.shift = {}
        monkeypatch.setattr(onnxruntime, "InferenceSession", self._opened)
        monkeypatch.setattr(Runner, "_run_bound", lambda runner, outputs, feeds: runner._session.run(outputs, feeds))

    def _opened(self, file, options, *, providers, enable_fallback):
        return _Network(self, REAL(file, options, providers=["CPUExecutionProvider"]), providers[0][0])


class _Network:
    def __init__(self, bench, session, provider):
        self._bench, self._session, self._provider = bench, session, provider
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def get_providers(self):
        return [self._provider]

    def run(self, outputs, feeds):
        bench, size = self._bench, len(next(iter(feeds.values())))
        bench.sizes.append(size)
        bench.at_work += 1
        try:
            assert bench.open.wait(DEADLINE)
        finally:
            bench.at_work -= 1
        if size > bench.holds:
            raise RuntimeError("CUDA failure 2: out of memory")
        return [value + np.float32(bench.shift.get(size, 0)) for value in self._session.run(outputs, feeds)]


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


@pytest.fixture
def notes():
    return []


@pytest.fixture
def make(tmp_path, notes, monkeypatch):
    """Make a session on the card or the CPU, used by so many jobs."""
    with ExitStack() as stack:

        def session(device, wanted="auto", *, jobs=2, model=None, contract=PICTURES):
            company = Company(wanted)
            for _ in range(jobs):
                stack.enter_context(company.joined())
            devices = (CPU,) if device == CPU else (device, CPU)
            execution = Execution(devices, cache=tmp_path / "cache", threads=usable_cores())
            content = (model or picture_net(batch="n")).SerializeToString()
            fallback = Fallback(True, notes.append)
            with monkeypatch.context() as patch:
                patch.setattr(Verdicts, "way", lambda verdicts, small, trial: trial.ways[0])
                return Session(
                    lambda: content,
                    execution,
                    contract=contract,
                    name="generated",
                    fallback=fallback,
                    company=company,
                )

        yield session


def until(is_so):
    end = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def together(bench, session, batches: Sequence[np.ndarray]):
    """Have batches wait, one after the other, behind a first one; return what comes of each, errors too."""
    bench.sizes.clear()
    bench.open.clear()
    joint, device = session._joint, session._lanes.device(session._lanes.first)
    shares = joint is not None and session._company.sharing(device) is not None
    with ThreadPoolExecutor(len(batches) + 1) as pool:
        first = pool.submit(session.run, batches[0])
        until(lambda: bench.at_work)
        futures = []
        for place, batch in enumerate(batches, 1):
            futures.append(pool.submit(session.run, batch))
            until(lambda place=place: not shares or len(joint._waiting) == place)
        bench.open.set()
        first.result(DEADLINE)
        return [future.exception(DEADLINE) or next(iter(future.result().values())) for future in futures]


def pictures(count, seed=0, size=16):
    return np.random.default_rng(seed).random((count, 3, size, size), np.float32)


def batches_of(*counts):
    return [pictures(count, seed) for seed, count in enumerate(counts)]


def alone(session, batches):
    return [next(iter(session.run(batch).values())) for batch in batches]


def same(found, expected):
    return [each.tobytes() for each in found] == [each.tobytes() for each in expected]


def test_on_a_card_jobs_share_batches_and_get_to_the_bit_what_they_get_alone(bench, make):
    session, batches = make(CARD), batches_of(2, 2, 4)
    expected = alone(session, batches)
    assert same(together(bench, session, batches), expected)
    assert bench.sizes == [2, 8, 2, 2, 4], "both ways, the first time"
    assert same(together(bench, session, batches), expected)
    assert bench.sizes == [2, 8]


def test_a_card_that_rounds_otherwise_in_company_gives_each_its_own(bench, make):
    session, batches = make(CARD), batches_of(2, 2, 4)
    bench.shift = {8: 1e-7}
    expected = alone(session, batches)
    for _ in range(2):
        assert same(together(bench, session, batches), expected)
    assert bench.sizes == [2, 4, 2, 2, 4], "two of two go together, and four apart"


def test_a_job_alone_and_jobs_that_do_not_want_it_have_batches_of_their_own(bench, make):
    batches = batches_of(2, 2, 4)
    for session in (make(CARD, jobs=1), make(CARD, "on", jobs=1), make(CARD, "off")):
        expected = alone(session, batches)
        assert same(together(bench, session, batches), expected)
        assert sorted(bench.sizes) == [2, 2, 2, 4]


def test_on_the_cpu_they_share_only_where_it_is_asked_for(bench, make):
    batches = batches_of(2, 2, 4)
    session = make(CPU)
    expected = alone(session, batches)
    assert same(together(bench, session, batches), expected)
    assert 8 not in bench.sizes
    session = make(CPU, "on")
    for one, other in zip(together(bench, session, batches), expected, strict=True):
        assert np.abs(one - other).max() <= TOLERANCE
    assert bench.sizes == [2, 8]


def test_a_file_that_fixes_its_batch_and_was_made_to_take_any_shares_too(bench, make):
    session, batches = make(CPU, "on", model=points_net(), contract=POINTS), batches_of(1, 1, 2)
    expected = alone(session, batches)
    for one, other in zip(together(bench, session, batches), expected, strict=True):
        assert np.abs(one - other).max() <= TOLERANCE * max(1, np.abs(other).max())
    assert bench.sizes == [1, 4]


def test_a_network_whose_items_see_one_another_never_shares(bench, tmp_path):
    company = Company("on")
    model = mixing_net().SerializeToString()
    with company.joined(), company.joined():
        execution = Execution(cache=tmp_path / "cache")
        session = Session(lambda: model, execution, contract=PICTURES, company=company)
        batches = batches_of(1, 1, 2)
        expected = alone(session, batches)
        assert same(together(bench, session, batches), expected)
    assert set(bench.sizes) == {1}


def test_memory_that_is_full_halves_what_is_shared_and_not_what_a_job_has_alone(bench, make, notes):
    session, batches = make(CARD), batches_of(2, 2, 4)
    expected = alone(session, batches)
    best = session.best_batch
    bench.holds = 4
    assert same(together(bench, session, batches), expected)
    assert bench.sizes == [2, 8, 2, 2, 4]
    assert same(together(bench, session, batches), expected)
    assert 8 not in bench.sizes
    assert session.best_batch == best
    assert notes == ["Memory does not hold 8 items at once for model generated; fewer are taken"]


def test_values_that_are_no_numbers_are_told_to_their_own_job_alone(bench, make):
    session, batches = make(CARD, model=points_net("n"), contract=POINTS), batches_of(1, 1, 1, 1)
    expected = alone(session, batches)
    batches[2][:] = np.nan
    found = together(bench, session, batches)
    assert isinstance(found.pop(2), ModelUnfitError)
    assert same(found, expected[:2] + expected[3:])


def test_pictures_of_a_wrong_size_are_told_to_their_own_job_alone(bench, make):
    session, [good, other] = make(CARD), batches_of(1, 1)
    expected = alone(session, [good, other])
    first, second, third = together(bench, session, [good, pictures(1, size=8), other])
    assert isinstance(second, ModelUnfitError)
    assert same([first, third], expected)
    assert 2 in bench.sizes


def test_the_option_says_whether():
    assert Options.parse({}).runtime.share_batches == "auto"
    assert Company("on").sharing(CPU) is None, "a job alone has nobody to share with"
    static = Device(PROVIDERS["migraphx"], "0")
    for wanted, found in (("auto", (None, "exact", None)), ("on", ("near",) * 3), ("off", (None,) * 3)):
        company = Company(wanted)
        with company.joined(), company.joined():
            assert tuple(company.sharing(device) for device in (CPU, CARD, static)) == found
        assert not company.is_shared
