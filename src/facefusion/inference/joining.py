"""Joining: what several jobs want of one network at the same time goes through it as one batch.

Nobody waits for company. Who finds the network free runs at once; what comes while it computes goes on together when it
is free again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.inference.model_time import ModelTime
from facefusion.inference.runner import DeviceFullError

Tensors = Mapping[str, npt.NDArray[Any]]
Compute = Callable[[Tensors, int, bool], dict[str, npt.NDArray[Any]]]
"""Runs a network: inputs by name, how many items they hold, and whether `DeviceFullError` may be raised."""
_MOST_TRIED: Final = 1000


@dataclass(slots=True, eq=False)
class Request:
    """Some items that one thread wants to have computed.

    Attributes:
        inputs: arrays by name.
        batched: names of those that have a batch.
        count: items; a power of two.
        most: items that may be computed at once.
        may_be_less: whether `DeviceFullError` may be raised.
        key: the same for all that can go together.
        result: outputs by name, once they are there.
        error: what was raised instead.
        seconds: that the network ran for these items.
        is_abandoned: whether nobody waits for them any more.
    """

    inputs: Tensors
    batched: Collection[str]
    count: int
    most: int
    may_be_less: bool
    key: Hashable
    result: dict[str, npt.NDArray[Any]] | None = None
    error: Exception | None = None
    seconds: float = 0.0
    is_abandoned: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether there is a result or an error."""
        return self.result is not None or self.error is not None

    def outcome(self) -> dict[str, npt.NDArray[Any]]:
        """Return the result of what is settled.

        Raises:
            Exception: the error.
        """
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


def key_of(inputs: Tensors, batched: Collection[str], count: int) -> Hashable | None:
    """Return what items must have in common to go together: sizes and types of an item, and all that has no batch.

    Returns:
        None where they go with no others, as they have not as many items as they should.
    """
    if any(np.shape(inputs[name])[:1] != (count,) for name in batched):
        return None
    values = {name: np.asarray(value) for name, value in inputs.items()}
    return tuple(
        (name, value.dtype.str, value.shape[1:] if name in batched else (value.shape, value.tobytes()))
        for name, value in sorted(values.items())
    )


class Joint:
    """The requests of one network, in the order in which they come. Safe to use from several threads.

    The thread whose request came first takes those along that fit, computes them and hands out the results. What is
    wrong with one of them the others do not hear of: where a batch fails, each of its requests is computed alone.

    Args:
        compute: runs the network.
        model_time: tells each thread how long the network ran for its own items.
        say_full: told how many items together memory did not hold.
    """

    def __init__(self, compute: Compute, model_time: ModelTime, say_full: Callable[[int], None]) -> None:
        self._compute = compute
        self._time = model_time
        self._say_full = say_full
        self._waiting: list[Request] = []
        self._at_work = 0
        self._most = sys.maxsize
        self._is_alike: dict[Hashable, bool] = {}
        self._changed = threading.Condition()

    def run(self, request: Request, *, places: int, is_exact: bool) -> dict[str, npt.NDArray[Any]]:
        """Have a request computed, alone or with others.

        Args:
            request: what is wanted.
            places: how many batches may be at work at one time.
            is_exact: whether only those go together whose results are, bit for bit, what they are alone. How many items
                of which sizes that holds for is found out once for each: both ways are computed and compared.

        Raises:
            Exception: whatever `compute` raises for this request alone.
        """
        together = self._turn(request, places, is_exact=is_exact)
        if together:
            self._lead(together, is_exact=is_exact)
        self._time.add(request.seconds)
        return request.outcome()

    def _turn(self, request: Request, places: int, *, is_exact: bool) -> list[Request]:
        """Wait until a request is settled, or its thread is to compute it; return with which others then."""
        with self._changed:
            self._waiting.append(request)
            try:
                self._changed.wait_for(lambda: request.is_settled or self._is_next(request, places))
            except BaseException:  # Ctrl-C: whoever waits must not wait for this one
                request.is_abandoned = True
                self._leave([request])
                raise
            if request.is_settled:
                return []
            together = self._fitting(request, is_exact=is_exact)
            self._at_work += 1
            self._leave(together)
            return together

    def _is_next(self, request: Request, places: int) -> bool:
        return self._at_work < places and self._waiting[:1] == [request]

    def _leave(self, requests: Collection[Request]) -> None:
        self._waiting = [each for each in self._waiting if each not in requests]
        self._changed.notify_all()

    def _fitting(self, first: Request, *, is_exact: bool) -> list[Request]:
        """Return the first and those behind it that make the largest batch with it; a power of two, as all are."""
        others = [each for each in self._waiting if each.key == first.key and each is not first]
        total = 1 << (min(first.most, self._most, first.count + sum(each.count for each in others)).bit_length() - 1)
        while total > first.count:
            together = [first, *_filling(others, total - first.count)]
            is_full = sum(each.count for each in together) == total
            if is_full and not (is_exact and self._is_known(together, total, False)):
                return together
            total //= 2
        return [first]

    def _is_known(self, requests: Sequence[Request], total: int, is_alike: bool) -> bool:
        """Whether all, or for False any, of these are known to come out so in a batch of so many items."""
        found = [self._is_alike.get((each.key, each.count, total)) is is_alike for each in requests]
        return all(found) if is_alike else any(found)

    def _lead(self, together: list[Request], *, is_exact: bool) -> None:
        before = self._time.here
        try:
            self._work_off(together, is_exact=is_exact)
        finally:
            self._time.add(before - self._time.here)  # of which each thread gets its own share
            with self._changed:
                self._at_work -= 1
                left = [each for each in together[1:] if not (each.is_settled or each.is_abandoned)]
                self._waiting[:0] = left  # Ctrl-C in this thread is no matter of theirs
                self._changed.notify_all()

    def _work_off(self, together: list[Request], *, is_exact: bool) -> None:
        """Settle requests."""
        total = sum(each.count for each in together)
        rows = self._rows(together, total) if len(together) > 1 else None
        if rows is None:
            for each in together:
                self._alone(each)
        elif is_exact and not self._is_known(together, total, True):
            self._try(together, total, rows)
        else:
            for each, row in zip(together, rows, strict=True):
                each.result = row

    def _rows(self, together: Sequence[Request], total: int) -> list[dict[str, npt.NDArray[Any]]] | None:
        """Compute a batch of several requests; return what each gets of it, None where they do not go together."""
        first = together[0]
        try:
            joined = {
                name: np.concatenate([each.inputs[name] for each in together]) if name in first.batched else value
                for name, value in first.inputs.items()
            }
            with self._timed(together):
                outputs = self._compute(joined, total, True)
        except DeviceFullError:
            self._most = total // 2
            self._say_full(total)
            return None
        except Exception:  # noqa: BLE001 - whose fault it is shows when each is computed alone
            return None
        if any(value.shape[:1] != (total,) for value in outputs.values()):
            return None
        ends = np.cumsum([each.count for each in together])
        return [
            {name: value[end - each.count : end] for name, value in outputs.items()}
            for each, end in zip(together, ends, strict=True)
        ]

    def _try(self, together: Sequence[Request], total: int, rows: Sequence[Tensors]) -> None:
        """Settle requests by what each gets alone, and remember whether that is what it gets in company."""
        for each in together:
            self._alone(each)
        with self._changed:
            if len(self._is_alike) > _MOST_TRIED:
                self._is_alike.clear()
            for each, row in zip(together, rows, strict=True):
                if each.result is not None:
                    key = each.key, each.count, total
                    self._is_alike[key] = self._is_alike.get(key, True) and _is_same(each.result, row)

    def _alone(self, request: Request) -> None:
        try:
            with self._timed([request]):
                request.result = self._compute(request.inputs, request.count, request.may_be_less)
        except Exception as error:  # noqa: BLE001 - raised in the thread that asked for it
            request.error = error

    @contextmanager
    def _timed(self, requests: Sequence[Request]) -> Iterator[None]:
        """Share out among requests how long the network runs in the block."""
        before = self._time.here
        try:
            yield
        finally:
            seconds, total = self._time.here - before, sum(each.count for each in requests)
            for each in requests:
                each.seconds += seconds * each.count / total


def _filling(requests: Sequence[Request], room: int) -> list[Request]:
    """Return requests that together have as many items as there is room for, in their order; less where none do."""
    chosen = set()
    for each in sorted(requests, key=lambda request: -request.count):  # each size divides those before it
        if each.count <= room:
            chosen.add(id(each))
            room -= each.count
    return [each for each in requests if id(each) in chosen]


def _is_same(one: Tensors, other: Tensors) -> bool:
    """Whether two results are the same, bit for bit."""
    return all(
        value.shape == other[name].shape and value.tobytes() == other[name].tobytes() for name, value in one.items()
    )
