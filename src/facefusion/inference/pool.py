"""The pool: networks that are loaded, as many as the memory for them holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from facefusion.inference.execution import Execution
from facefusion.inference.machine import GIB, total_memory
from facefusion.inference.runner import Notify, Runner
from facefusion.inference.turns import Turns
from facefusion.inference.uses import Uses
from facefusion.options import RuntimeOptions

GROWTH = 1.1
"""What a loaded network takes for each byte of its weights, without what a run needs: them, and little more."""


@dataclass(slots=True, eq=False)
class _Entry:
    cost: int
    runner: Runner | None = None
    users: int = 0
    was_displaced: bool = False
    opening: threading.Lock = field(default_factory=threading.Lock)


class SessionPool:
    """Keeps networks loaded; before one is loaded for which there is no room, those go that were not used for longest.

    One that is in use stays; so the budget is exceeded where those in use at one time do not fit in it. Safe to use
    from several threads, and by several jobs at once.

    Args:
        budget: bytes that networks may take; without a limit when None.
        notify: called with one sentence when networks begin to take turns.
        uses: counts how often one was there already.

    Attributes:
        turns: which of the loaded networks compute.
    """

    def __init__(self, budget: int | None = None, notify: Notify | None = None, uses: Uses | None = None) -> None:
        self._budget = budget
        self._notify = notify
        self._uses = uses or Uses()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._said = False
        self.turns = Turns()

    @contextmanager
    def allowed(self, size: int) -> Iterator[None]:
        """Let networks take more while the block lasts; nothing changes where there is no limit.

        Args:
            size: in bytes; what blocks of several threads allow adds up.
        """
        self._allow(size)
        try:
            yield
        finally:
            self._allow(-size)

    def _allow(self, size: int) -> None:
        with self._lock:
            if self._budget is not None:
                self._budget += size

    @property
    def used(self) -> int:
        """Bytes that the networks take that are loaded, as estimated from their weights."""
        with self._lock:
            return self._used()

    @property
    def loaded(self) -> list[Hashable]:
        """Which networks are loaded, the one last used at the end."""
        with self._lock:
            return [key for key, entry in self._entries.items() if entry.runner is not None]

    @contextmanager
    def use(self, key: Hashable, open_it: Callable[[], Runner], size: int) -> Iterator[Runner]:
        """Give a network, loaded if need be; it is not unloaded in the meantime.

        Args:
            key: what it is known by.
            open_it: loads it.
            size: bytes of its weights.

        Raises:
            Exception: whatever `open_it` raises; the next use tries again.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry(int(size * GROWTH)))
            entry.users += 1
            self._entries.move_to_end(key)
        try:
            with entry.opening:
                self._uses.note(was_loaded=entry.runner is not None)
                if entry.runner is None:
                    self._make_room(entry)
                    entry.runner = open_it()
                runner = entry.runner
            yield runner
        finally:
            with self._lock:
                entry.users -= 1

    def discard(self, key: Hashable, runner: Runner) -> None:
        """Load a network anew at its next use, because this one failed."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.runner is runner:
                entry.runner = None

    def clear(self) -> None:
        """Unload all networks that are not in use."""
        with self._lock:
            self._evict(0)

    def _make_room(self, entry: _Entry) -> None:
        with self._lock:
            if self._budget is not None:
                for other in self._evict(self._budget - entry.cost):
                    other.was_displaced = True
            is_back = entry.was_displaced and not self._said and self._notify is not None
            self._said = self._said or is_back
        if is_back and self._notify is not None:
            self._notify("Models do not fit into memory together and are loaded by turns; more max-memory is faster")

    def _evict(self, most: int) -> list[_Entry]:
        """Unload idle networks until no more than `most` bytes are taken, the one not used for longest first."""
        evicted: list[_Entry] = []
        for entry in self._entries.values():
            if self._used() <= most:
                break
            if entry.users == 0 and entry.runner is not None:
                entry.runner = None
                evicted.append(entry)
        return evicted

    def _used(self) -> int:
        return sum(entry.cost for entry in self._entries.values() if entry.runner is not None)


def model_budget(options: RuntimeOptions, frames: int = 0) -> int | None:
    """Return how many bytes models may take: what frames leave of `max_memory`, or half of the machine's memory.

    Where they lie on a card whose memory is limited, half of that at most: the other half is for what runs need.

    Args:
        options: of the job.
        frames: bytes that frames in flight take.

    Raises:
        ProviderError: a provider is not there, or cannot compute in the precision asked for.
    """
    limit = Execution.of(options).limit
    if options.max_memory is not None:
        most: int | None = max(0, int(options.max_memory * GIB) - frames)
    else:
        total = total_memory()
        most = None if total is None else total // 2
    bounds = [each for each in (most, None if limit is None else limit // 2) if each is not None]
    return min(bounds, default=None)
