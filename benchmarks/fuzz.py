"""Read thousands of damaged and hostile files, with every call to the system on record, and look for what must not be.

A file must either be read or be refused by an error of the product's own. It must not make the process crash, hang,
raise or print anything else, or fill the memory; and nothing but that one file may be opened, no file be written but
the output, no socket be made and no program be started.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.common import command, finish, parser
from benchmarks.fuzzing import trace
from benchmarks.fuzzing.case import Result
from benchmarks.fuzzing.report import figures, report
from benchmarks.fuzzing.seed import Seed, all_seeds
from benchmarks.fuzzing.series import Series, crafted, listening, mutants, sound_files
from benchmarks.fuzzing.watch import Bounds

_LIMITS = {"max_pixels": 1_000_000, "max_frames": 500, "max_duration": 3600.0}
_EACH = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    if not trace.is_available():
        print("Nothing was measured: strace is not installed", file=sys.stderr)
        return 2
    os.environ["SVT_LOG"] = "1"  # or making the seeds prints pages
    seeds = all_seeds()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results, called = _all_results(options, seeds, Path(folder))
    found = figures(results, called=called, seconds=time.monotonic() - start, seed=options.seed)
    report(found)
    return finish(found, options.json) or int(found["failures"] > 0)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("fuzz", __doc__)
    made.add_argument("--files", type=int, default=20_000, help="how many damaged files (default: %(default)s)")
    made.add_argument("--seed", type=int, default=1, help="of the damage (default: %(default)s)")
    made.add_argument("--only", type=int, metavar="N", help="read the file of this number alone, and tell of it")
    made.add_argument("--jobs", type=int, default=2, help="workers at a time (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=10, help="that a file may take (default: %(default)s)")
    made.add_argument("--memory", type=float, default=1536, help="that it may take, in MiB (default: %(default)s)")
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="where files that fail are written to")
    return made.parse_args(arguments)


def _all_results(options: argparse.Namespace, seeds: Sequence[Seed], folder: Path) -> tuple[list[Result], bool]:
    """Read the files that were asked for; tell as well whether anybody called the address that hostile files name."""

    def series(name: str, limits: Mapping[str, object], jobs: int) -> Series:
        (folder / name).mkdir()
        return Series(folder / name, seeds, Bounds(options.seconds, options.memory, limits), jobs)

    few = series("damaged", _LIMITS, options.jobs)
    if options.only is not None:
        results = few.run(mutants(seeds, options.seed, [options.only]), lambda _: None)
        _keep(results, options.keep)
        _tell_all(results[0])
        return results, False
    # What is made by hand is held against the limits that users have.
    with listening() as (url, was_called):
        results = series("sound", {}, 1).run(sound_files(seeds), lambda _: None)
        results += series("crafted", {}, 1).run(crafted(seeds, url), lambda _: None)
        results += few.run(mutants(seeds, options.seed, range(options.files)), _Progress(options.files))
        called = was_called()
    _keep(results, options.keep)
    return results, called


class _Progress:
    """Tells now and then how far it is."""

    def __init__(self, files: int) -> None:
        self._files, self._done, self._start = files, 0, time.monotonic()
        self._failed = 0

    def __call__(self, result: Result) -> None:
        self._done += 1
        self._failed += result.is_failure
        if self._done % _EACH == 0:
            rate = self._done / (time.monotonic() - self._start)
            print(f"{self._done}/{self._files} files, {rate:.0f} a second, {self._failed} failed", flush=True)


def _keep(results: Sequence[Result], folder: Path | None) -> None:
    """Write files that failed, and what was wrong with them."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.troubles:
            case = result.case
            name = f"{case.group.replace(' ', '-')}-{case.number}"
            (folder / f"{name}{case.suffix}").write_bytes(case.content)
            texts = [f"{kind}: {text}" for kind, text in result.troubles.items()]
            (folder / f"{name}.txt").write_text("\n".join([case.name, result.outcome, result.says, *texts]), "utf-8")


def _tell_all(result: Result) -> None:
    print(f"{result.case.name}\n{result.outcome} ({result.stage}) {result.says}")
    for kind, text in result.troubles.items():
        print(f"{kind}: {text}")


if __name__ == "__main__":
    command(main)
