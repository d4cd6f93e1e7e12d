"""Sound that is changed in some stretches alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from facefusion.media.sound.reader import Samples

Change = Callable[[Iterable[Samples]], Iterator[Samples]]
"""Yields sound changed, about as long as it was."""


def changed_within(
    pieces: Iterable[Samples], stretches: Sequence[tuple[int, int | None]], change: Change
) -> Iterator[Samples]:
    """Yield sound with some stretches of it changed; all else is as it was, at the time at which it was.

    Args:
        pieces: of one sound, float32 (samples, channels), in order.
        stretches: from which sample on and before which other, in any order; up to the end where that is None.
        change: called for each stretch; what it yields too much is left out, what lacks is silence.
    """
    cut = _Cut(pieces)
    for start, end in _joined(stretches):
        yield from cut.taken(start)
        yield from _as_long(change(cut.taken(end)), cut)
    yield from cut.taken(None)


class _Cut:
    """Sound that is taken part by part.

    Attributes:
        place: how many samples were taken.
    """

    def __init__(self, pieces: Iterable[Samples]) -> None:
        self._pieces = iter(pieces)
        self._rest: Samples | None = None
        self.place = 0

    def taken(self, end: int | None) -> Iterator[Samples]:
        """Yield what comes before a sample, as far as there is any; all of the rest when None."""
        while end is None or self.place < end:
            piece = next(self._pieces, None) if self._rest is None else self._rest
            if piece is None:
                return
            count = len(piece) if end is None else min(len(piece), end - self.place)
            self._rest = piece[count:] if count < len(piece) else None
            self.place += count
            yield piece[:count]


def _as_long(changed: Iterator[Samples], cut: _Cut) -> Iterator[Samples]:
    """Yield a changed stretch exactly as long as what was taken for it."""
    start, given = cut.place, 0
    shape: tuple[int, ...] = (2,)
    for piece in changed:
        fitting = piece[: cut.place - start - given]
        given, shape = given + len(fitting), piece.shape[1:]
        yield fitting
    if missing := cut.place - start - given:
        yield np.zeros((missing, *shape), np.float32)


def _joined(stretches: Sequence[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """Return stretches in their order, those that touch as one."""
    joined: list[tuple[int, int | None]] = []
    for start, end in sorted(stretches, key=lambda each: each[0]):
        if joined and (joined[-1][1] is None or joined[-1][1] >= start):
            before, last = joined[-1]
            joined[-1] = before, None if last is None or end is None else max(last, end)
        else:
            joined.append((start, end))
    return joined
