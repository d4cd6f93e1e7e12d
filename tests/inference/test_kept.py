"""What is kept for later jobs, and what goes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from facefusion.inference.kept import Kept, size_of


def megabyte():
    return np.zeros(1 << 20, np.uint8)


@dataclass
class Pair:
    one: np.ndarray
    other: tuple[np.ndarray, ...]


def test_a_value_is_made_once():
    kept = Kept(10 << 20)
    assert kept.get("a", megabyte) is kept.get("a", megabyte)
    assert kept.used == 1 << 20


def test_nothing_is_kept_without_room_for_it():
    kept = Kept()
    assert not kept.keeps_any
    assert kept.get("a", megabyte) is not kept.get("a", megabyte)
    assert kept.used == 0


def test_what_was_not_used_for_longest_goes_first():
    kept = Kept(2 << 20)
    first, second = kept.get("a", megabyte), kept.get("b", megabyte)
    assert kept.get("a", megabyte) is first
    kept.get("c", megabyte)
    assert kept.get("a", megabyte) is first
    assert kept.get("b", megabyte) is not second
    assert kept.used <= 2 << 20


def test_what_is_larger_than_all_room_is_given_and_not_kept():
    kept = Kept(1000)
    assert kept.get("a", megabyte).nbytes == 1 << 20
    assert kept.used == 0


def test_what_could_not_be_made_is_tried_again():
    kept = Kept(1 << 20)

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("a", fail)
    assert kept.get("a", lambda: 7) == 7


def test_of_several_who_ask_at_once_one_makes_it():
    kept, made, together = Kept(1 << 20), [], threading.Barrier(4)

    def ask(_):
        together.wait()
        return kept.get("a", lambda: made.append(1) or object())

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert made == [1]


def test_a_value_takes_what_its_arrays_take():
    assert size_of(Pair(megabyte(), (megabyte(), megabyte()))) == pytest.approx(3 << 20, rel=0.01)
    assert size_of({"a": b"1234"}) < 2000


def test_all_can_be_forgotten():
    kept = Kept(10 << 20)
    first = kept.get("a", megabyte)
    kept.clear()
    assert kept.get("a", megabyte) is not first
