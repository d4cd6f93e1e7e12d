"""Does anything leave unmarked? Random jobs by every way in; what came out is held against policy and audit log.

    python -m benchmarks.disclosure --cases 10000

Every file must bear metadata whose number the audit log knows with the file's digest, and label, watermark and manifest
where the policy asks for them; every frame that is shown must bear label and watermark where the policy asks for them,
and belong to an entry; of a job that is refused or fails nothing may be left, and refusals must be in the log. Models
are loaded once, and the content check answers by a script in most of the jobs, so that thousands take minutes. A case
is the same for its number and seed.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.disclosing.case import ENTRIES, draw
from benchmarks.disclosing.world import Outcome, World

_AT_ONCE = 250
"""Cases of one place; then another is made."""


def run(numbers: Iterable[int], seed: int = 0) -> Iterator[Outcome]:
    """Run cases in one place; yield what became of each."""
    shared = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="disclosure-", dir=shared if shared.is_dir() else None))
    try:
        with World(root) as world:
            for number in numbers:
                yield world.run(draw(number, seed))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main() -> int:
    """Run the cases and print what became of them; 1 where something left that may not."""
    made = parser("disclosure", __doc__)
    made.add_argument("--cases", type=int, default=1000, help="how many (default: %(default)s)")
    made.add_argument("--first", type=int, default=0, help="number of the first (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    made.add_argument("--processes", type=int, default=1, help="at once (default: %(default)s)")
    arguments = made.parse_args()
    last = arguments.first + arguments.cases
    parts = [range(first, min(first + _AT_ONCE, last)) for first in range(arguments.first, last, _AT_ONCE)]
    outcomes: list[Outcome] = []
    spawn = multiprocessing.get_context("spawn")
    start = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        for done in pool.map(_part, [(part, arguments.seed) for part in parts]):
            outcomes += done
            faults = sum(bool(outcome.faults) for outcome in outcomes)
            print(f"{len(outcomes)} cases, {faults} with faults, {time.perf_counter() - start:.0f} s", file=sys.stderr)
            for outcome in done:
                for fault in outcome.faults:
                    print(f"{outcome.case}: {fault}", file=sys.stderr, flush=True)
    print(told(outcomes))
    return finish(_figures(outcomes), arguments.json) or int(any(outcome.faults for outcome in outcomes))


def told(outcomes: Sequence[Outcome]) -> str:
    """Return tables of what became of cases: by the way in, and by the form of what came out."""
    rows = [_row(entry, [each for each in outcomes if each.case.entry == entry]) for entry in ENTRIES]
    heads = ["way in", "jobs", "done", "refused", "failed", "files out", "frames shown", "violations"]
    forms = Counter(suffix for outcome in outcomes for suffix in outcome.files)
    errors = Counter(outcome.error for outcome in outcomes if outcome.ending == "refused")
    return "\n\n".join(
        [
            table(heads, [*rows, _row("all", outcomes)]),
            "Files by form: " + ", ".join(f"{count} {suffix}" for suffix, count in forms.most_common()) + ".",
            "Refused by: " + ", ".join(f"{name} {count}" for name, count in errors.most_common()) + ".",
        ]
    )


def _row(name: str, outcomes: Sequence[Outcome]) -> list[object]:
    endings = Counter(outcome.ending for outcome in outcomes)
    files, frames = sum(len(outcome.files) for outcome in outcomes), sum(outcome.frames for outcome in outcomes)
    counts = [endings[ending] for ending in ("done", "refused", "failed")]
    return [name, len(outcomes), *counts, files, frames, sum(bool(outcome.faults) for outcome in outcomes)]


def _part(task: tuple[range, int]) -> list[Outcome]:
    return list(run(*task))


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    faults = {str(each.case.number): list(each.faults) for each in outcomes if each.faults}
    return {"cases": len(outcomes), "files": sum(len(each.files) for each in outcomes), "violations": faults}


if __name__ == "__main__":
    command(main)
