"""Bounded channels: stages that run side by side, each never further ahead than the channel holds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """Hands values from one thread to another.

    Args:
        capacity: how many values may wait.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = max(1, capacity)
        self._values: deque[T] = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._error: BaseException | None = None

    def put(self, value: T) -> bool:
        """Hand over a value, waiting while the channel is full; False when nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._values) < self._capacity or self._finished)
            if self._finished:
                return False
            self._values.append(value)
            self._changed.notify_all()
            return True

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no more values come, or that none are wanted; the first error given reaches the other side."""
        with self._changed:
            self._finished = True
            self._error = self._error or error
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Yield values until the channel is finished and empty; raise the error that ended it, if one did."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._values or self._finished)
                if self._error is not None or not self._values:
                    break
                value = self._values.popleft()
                self._changed.notify_all()
            yield value
            del value  # it is not held while the next one is waited for
        if self._error is not None:
            raise self._error

    @property
    def error(self) -> BaseException | None:
        """The error that ended the channel."""
        return self._error


@contextmanager
def produced(values: Iterable[T], capacity: int) -> Iterator[Iterator[T]]:
    """Iterate over `values` in a thread of its own, at most `capacity` ahead.

    Yields:
        The values. Errors of the thread are raised where they are read. Leaving the block ends the thread.
    """
    channel: Channel[T] = Channel(capacity)

    def work() -> None:
        try:
            for value in values:
                if not channel.put(value):
                    return
                del value
        except BaseException as error:  # noqa: BLE001 - raised again on the reading side
            channel.finish(error)
        else:
            channel.finish()

    with _running(work, channel):
        yield iter(channel)


class Giver(Generic[T]):
    """Hands values to a thread that takes them; see `consumed`."""

    def __init__(self, channel: Channel[T]) -> None:
        self._channel = channel
        self._given = 0
        self._taken = 0
        self._changed = threading.Condition()
        self._ended = False

    def __call__(self, value: T) -> None:
        """Hand a value over, waiting while too many wait; raises the error of the thread, if there was one."""
        self._given += 1
        if not self._channel.put(value):
            self._check()

    def all(self, values: Iterable[T]) -> None:
        """Hand several values over, one after the other."""
        for value in values:
            self(value)

    def settle(self) -> None:
        """Wait until everything that was handed over is taken; raises the error of the thread, if there was one."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken == self._given or self._ended)
        self._check()

    def run(self, take: Callable[[T], None]) -> None:
        """Take values until there are no more, in the thread that takes them."""
        try:
            for value in self._channel:
                take(value)
                del value
                with self._changed:
                    self._taken += 1
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - raised again on the giving side
            self._channel.finish(error)
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _check(self) -> None:
        if self._channel.error is not None:
            raise self._channel.error


@contextmanager
def consumed(take: Callable[[T], None], capacity: int) -> Iterator[Giver[T]]:
    """Call `take` in a thread of its own, with at most `capacity` values waiting.

    Yields:
        What hands values over. Leaving the block waits until all are taken; an error of the thread is raised on the
        next value or at the end.
    """
    channel: Channel[T] = Channel(capacity)
    give = Giver(channel)

    with _running(lambda: give.run(take), channel):
        yield give
    if channel.error is not None:
        raise channel.error


@contextmanager
def _running(work: Callable[[], None], channel: Channel[T]) -> Iterator[None]:
    # What the caller has set for itself holds for steps of its own that run there.
    thread = threading.Thread(target=copy_context().run, args=(work,), daemon=True)
    thread.start()
    try:
        yield
    except BaseException as error:
        channel.finish(error)
        raise
    finally:
        channel.finish()
        thread.join()
