"""Several cards in one process: they share the work, its order is kept, and who fails leaves his part to the others.

The cards are stubs that compute on the CPU, beneath the runners, as ONNX Runtime would on cards.
"""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import onnxruntime
import pytest

from facefusion.errors import ProviderError
from facefusion.inference.execution import Execution
from facefusion.inference.providers import CPU, PROVIDERS, Device
from facefusion.inference.runner import Fallback, Runner
from facefusion.inference.runtime import FAILURES
from facefusion.inference.session import Session
from facefusion.inference.verdict import Verdicts
from facefusion.options import Options
from generated.sessions import PICTURES, picture_net

REAL = onnxruntime.InferenceSession
CUDA = PROVIDERS["cuda"].runtime_name
CARDS = tuple((Device(PROVIDERS["cuda"], number), CPU) for number in "01")


class Cards:
    """Two cards that do as they are told: wait for each other, fail, or be full."""

    def __init__(self, monkeypatch):
        self.broken, self.full = set(), {}
        self.runs = []
        self.together = None
        self.trouble = threading.Event()
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.open)
        monkeypatch.setattr(Verdicts, "way", lambda verdicts, small, trial: trial.ways[0])
        monkeypatch.setattr(Runner, "_run_bound", lambda runner, outputs, feeds: runner._session.run(outputs, feeds))

    def open(self, file, options, *, providers, enable_fallback):
        name, told = providers[0]
        return _Network(
            self, REAL(file, options, providers=["CPUExecutionProvider"]), told.get("device_id", "cpu"), name
        )


class _Network:
    def __init__(self, cards, session, card, provider):
        self._cards, self._session, self._card, self._provider = cards, session, card, provider
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def get_providers(self):
        return [self._provider]

    def run(self, outputs, feeds):
        size = len(next(iter(feeds.values())))
        if self._card in self._cards.broken:
            self._cards.trouble.set()
            raise FAILURES[0]("CUDA failure 719: unspecified launch failure")
        if size > self._cards.full.get(self._card, size):
            self._cards.trouble.set()
            raise RuntimeError("CUDA failure 2: out of memory")
        self._cards.runs.append((self._card, size))
        if self._cards.broken or self._cards.full:
            self._cards.trouble.wait(30)  # so that the other card has its turn
        if self._cards.together is not None:
            self._cards.together.wait(30)
        return self._session.run(outputs, feeds)


@pytest.fixture
def cards(monkeypatch, expected):
    return Cards(monkeypatch)


@pytest.fixture
def notes():
    return []


@pytest.fixture
def make(tmp_path, notes):
    def session(may_fall_back=True):
        execution = Execution(CARDS[0], may_fall_back, cache=tmp_path / "cache", beside=CARDS[1:])
        content = picture_net(batch="n").SerializeToString()
        fallback = Fallback(may_fall_back, notes.append)
        return Session(lambda: content, execution, contract=PICTURES, name="generated", fallback=fallback)

    return session


@pytest.fixture
def batch():
    return np.random.default_rng(1).random((11, 3, 16, 16), np.float32)


@pytest.fixture
def expected(batch):
    return Session(lambda: picture_net(batch="n").SerializeToString(), contract=PICTURES).run(batch)["output"]


@pytest.fixture
def is_right(batch, expected):
    """Return whether a session gives of the batch, or of its beginning, what the CPU gives of it at once."""
    return lambda session, count=11: np.abs(session.run(batch[:count])["output"] - expected[:count]).max() < 1e-6


def test_the_parts_of_a_batch_run_on_both_at_one_time_and_keep_their_order(cards, make, is_right):
    session = make()
    cards.together = threading.Barrier(2)  # no part ends before the other card has begun one
    assert is_right(session, 8)
    assert sorted(cards.runs) == [("0", 4), ("1", 4)]
    cards.together = None
    assert is_right(session)


def test_single_items_of_several_threads_go_to_whichever_card_is_free(cards, make, batch):
    session = make()
    cards.together = threading.Barrier(2)
    threads = [threading.Thread(target=session.run, args=(batch[:1],)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(cards.runs) == [("0", 1), ("1", 1)]


@pytest.mark.parametrize("may_fall_back", [True, False])
def test_a_card_that_fails_hands_its_part_to_the_other(cards, make, notes, is_right, may_fall_back):
    session = make(may_fall_back)
    cards.broken = {"1"}
    assert is_right(session)
    assert {card for card, _ in cards.runs} == {"0"}
    assert len(notes) == 1
    assert "'cuda:1' failed" in notes[0]


def test_where_all_fail_the_cpu_takes_over_unless_the_cards_were_asked_for_by_name(cards, make, is_right, batch):
    cards.broken = {"0", "1"}
    assert is_right(make())
    assert {card for card, _ in cards.runs} == {"cpu"}
    with pytest.raises(ProviderError, match="failed while it ran model generated"):
        make(may_fall_back=False).run(batch)


def test_a_card_that_is_full_takes_less_and_it_is_said_once(cards, make, notes, is_right):
    session = make()
    cards.full = {"1": 1}
    for _ in range(3):
        assert is_right(session)
    assert notes == ["Memory does not hold 4 items at once for model generated; fewer are taken"]


def test_a_card_that_does_not_hold_one_item_leaves_the_network_to_the_other(cards, make, notes, is_right):
    session = make(may_fall_back=False)
    cards.full = {"1": 0}
    assert is_right(session)
    assert is_right(session)
    assert Counter(card for card, _ in cards.runs).keys() == {"0"}
    assert sum("'cuda:1' has not enough memory" in note for note in notes) == 1


def test_several_numbers_are_several_cards(monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, "CPUExecutionProvider"])
    options = Options.parse({"execution_providers": "cuda", "execution_device_id": "0,1"}).runtime
    execution = Execution.of(options)
    assert [lane.devices for lane in execution.lanes] == list(CARDS)
    one = Execution.of(Options.parse({"execution_providers": "cpu", "execution_device_id": [0, 1]}).runtime)
    assert one.lanes == (one,), "the CPU has no second card"
