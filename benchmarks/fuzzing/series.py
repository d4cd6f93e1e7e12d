"""Many files read by several workers, each under watch."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.fuzzing.case import Case, Result
from benchmarks.fuzzing.hostile import hostile
from benchmarks.fuzzing.mutate import mutant
from benchmarks.fuzzing.reading import EVERY_WAY
from benchmarks.fuzzing.seed import Seed
from benchmarks.fuzzing.watch import Bounds, Watched

CRAFTED, SOUND = "crafted by hand", "not damaged"
_WHOLE = ("read", "OutputTypeError")  # some sound is held by no form that is written
_ANY = (*_WHOLE, "InputTypeError", "InputDamagedError", "InputLimitError")


def mutants(seeds: Sequence[Seed], seed: int, numbers: Sequence[int]) -> Iterator[Case]:
    """Yield damaged files."""
    for number in numbers:
        made = mutant(seeds, seed, number)
        name = f"{made.seed.name}: {', '.join(made.steps)}"
        yield Case(number, made.seed.form, made.seed.suffix, made.content, name, number // len(seeds), _ANY)


def sound_files(seeds: Sequence[Seed]) -> Iterator[Case]:
    """Yield the files that nothing was done to, which are to be read."""
    for number, seed in enumerate(seeds):
        yield Case(number, SOUND, seed.suffix, seed.content, seed.name, number * EVERY_WAY, _WHOLE)


def crafted(seeds: Sequence[Seed], url: str) -> Iterator[Case]:
    """Yield the files made by hand, each to be read in all ways and copied once into MP4 and once into Matroska."""
    for index, made in enumerate(hostile(list(seeds), url)):
        for turn in (0, 1):
            ways = turn * EVERY_WAY
            yield Case(2 * index + turn, CRAFTED, made.suffix, made.content, made.name, ways, made.outcomes)


@contextmanager
def listening() -> Iterator[tuple[str, Callable[[], bool]]]:
    """Listen on this machine; give the address, and what tells whether anybody called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def was_called() -> bool:
            with suppress(BlockingIOError):
                server.accept()[0].close()
                return True
            return False

        yield f"http://127.0.0.1:{server.getsockname()[1]}/", was_called


class Series:
    """Has files read.

    Args:
        folder: an empty one.
        seeds: sound files; one of each form is read by every worker first.
        bounds: what a file may take.
        jobs: how many workers there are.
    """

    def __init__(self, folder: Path, seeds: Sequence[Seed], bounds: Bounds, jobs: int) -> None:
        self._folder, self._bounds, self._jobs = folder, bounds, jobs
        self._lock = threading.Lock()
        first = {seed.form: seed for seed in reversed(seeds)}
        place = folder / "sound"
        place.mkdir()
        for seed in first.values():
            (place / seed.name).write_bytes(seed.content)
        self._sound = [place / seed.name for seed in seeds if seed in first.values()]

    def run(self, cases: Iterator[Case], tell: Callable[[Result], None]) -> list[Result]:
        """Have all files read; return what came of them, in the order of their numbers.

        Args:
            cases: the files; no two have the same number.
            tell: told of each as soon as it has been read; what it asked of the system is known in the end alone.
        """
        with ThreadPoolExecutor(self._jobs) as pool:
            parts = list(pool.map(lambda job: self._work(job, cases, tell), range(self._jobs)))
        return sorted(itertools.chain(*parts), key=lambda result: result.case.number)

    def _work(self, job: int, cases: Iterator[Case], tell: Callable[[Result], None]) -> list[Result]:
        results: dict[int, Result] = {}
        with Watched(self._folder / str(job), self._sound, self._bounds) as worker:
            while (case := self._next(cases)) is not None:
                result = results[case.number] = worker.read(case)
                with self._lock:
                    tell(result)
            for number, kind, call in worker.trespasses():
                results[number].add(kind, call)
        for rest in (self._folder / str(job)).glob("*.strace"):
            rest.unlink()
        return list(results.values())

    def _next(self, cases: Iterator[Case]) -> Case | None:
        with self._lock:
            return next(cases, None)
