"""Things that stay open between requests, for a while: a few, each used by one request at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from facefusion.errors import FaceFusionError


class Closing(Protocol):
    """Something that is closed when nobody needs it any more."""

    def close(self) -> None:
        """Let go of everything, as often as one likes."""
        ...


T = TypeVar("T", bound=Closing)


@dataclass(slots=True, eq=False)
class _Place(Generic[T]):
    """Where something is while it is open."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    thing: T | None = None
    users: int = 0
    used: float = 0.0
    made: float = 0.0
    is_over: bool = False


class KeptOpen(Generic[T]):
    """Keeps what was used last. Safe to use from several threads.

    Args:
        most: things that stay open while nobody uses them.
        seconds: for which one stays open that nobody uses.
        longest: seconds after which one is opened anew, however often it is used.
        clock: tells seconds.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        *,
        longest: float = float("inf"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._longest, self._clock = most, seconds, longest, clock
        self._places: OrderedDict[Hashable, _Place[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many there are, opened or being opened."""
        with self._lock:
            return len(self._places)

    @contextmanager
    def used(self, key: Hashable, make: Callable[[], T]) -> Iterator[T]:
        """Give what is kept under a key, made if it is not there; others who ask for it wait.

        After an error that nobody foresaw it is closed: what that left is not certain.

        Args:
            key: of it.
            make: opens it.
        """
        place = self._taken(key)
        try:
            with place.lock:
                thing = self._opened(place, make)
                try:
                    yield thing
                except FaceFusionError:
                    raise
                except BaseException:
                    place.thing = None
                    thing.close()
                    raise
        finally:
            self._left(key, place)

    def forget(self, is_meant: Callable[[Hashable], bool]) -> None:
        """Close what is kept under some keys, as soon as nobody uses it."""
        self._let_go(lambda key, _place: is_meant(key))

    def cool(self) -> None:
        """Close what nobody used for long."""
        now = self._clock()
        self._let_go(lambda _key, place: not place.users and now - place.used >= self._seconds)

    def close(self) -> None:
        """Close everything."""
        self.forget(lambda _key: True)

    def _opened(self, place: _Place[T], make: Callable[[], T]) -> T:
        """Return what is in a place, opened where it is not there or has been open for too long."""
        thing = place.thing
        if thing is not None and self._clock() - place.made >= self._longest:
            place.thing = None
            thing.close()
            thing = None
        if thing is None:
            thing = place.thing = make()
            place.made = self._clock()
        return thing

    def _taken(self, key: Hashable) -> _Place[T]:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            place.users += 1
            return place

    def _left(self, key: Hashable, place: _Place[T]) -> None:
        with self._lock:
            place.users -= 1
            place.used = self._clock()
            if place.thing is None and not place.users and self._places.get(key) is place:
                del self._places[key]
            is_over = place.is_over and not place.users
            idle = [each for each, other in self._places.items() if not other.users]
            surplus = {*idle[: max(0, len(idle) - self._most)]}
        if is_over:
            _closed(place)
        if surplus:
            self._let_go(lambda other, _place: other in surplus)

    def _let_go(self, is_meant: Callable[[Hashable, _Place[T]], bool]) -> None:
        """Take places out; those that are in use are closed by who uses them last."""
        with self._lock:
            meant = [(key, place) for key, place in self._places.items() if is_meant(key, place)]
            for key, place in meant:
                del self._places[key]
                place.is_over = True
            free = [place for _, place in meant if not place.users]
        for place in free:
            _closed(place)


def _closed(place: _Place[T]) -> None:
    with place.lock:
        thing, place.thing = place.thing, None
        if thing is not None:
            thing.close()
