"""Disturb a cluster in every way while it does jobs, and see that each is done once, and right.

    python -m benchmarks.chaos [--broker rabbitmq|redis|local] [--jobs 300] [--faults 500] [--seed 1] [--simulated]

Machines are killed, frozen and cut off; the broker and the database are killed while they are used; messages are lost,
doubled, delayed and forged; the disk is full. At the end the result of every job is compared with what the same
request gives when nobody disturbs it. The exit code is 1 where one is lost, published twice or different.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chaos.faults import FAULTS
from benchmarks.chaos.findings import Findings, found
from benchmarks.chaos.material import forms, key, undisturbed
from benchmarks.chaos.scene import Scene, Size, folder_for, scene
from benchmarks.chaos.simulated import expected
from benchmarks.chaos.submitter import Orders, counts
from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.servers import until
from facefusion.errors import JobsUnavailableError

_LOOKING = 0.1
_TELLING = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    size = Size(options.broker, options.simulated, options.machines, options.children)
    with folder_for(options.logs) as folder, scene(size, folder) as there:
        wanted = () if options.simulated else forms(there)
        known = undisturbed(there, wanted)
        enough = folder / "enough"
        there.submit(
            Orders(there.place, there.told, options.jobs, options.ahead, options.seed, str(enough), forms=wanted)
        )
        run = Run(there, random.Random(options.seed), enough, faults=options.faults, between=options.between)
        seconds = run.until_over(options.limit)

        def right(tenant: str, request: Mapping[str, Any]) -> str:
            return expected(request) if options.simulated else known[key(tenant, request)]

        findings = found(there.engine, there.storage, right)
    report(options.broker, run.done, findings, seconds)
    return finish(_figures(options, run.done, findings, seconds), options.json) or int(not findings.is_well)


class Run:
    """Disturbs a cluster until there were enough faults and all jobs are finished.

    Args:
        there: the cluster.
        chance: what happens when.
        enough: file that tells the submitter that there were enough faults.
        faults: how many there have to be.
        between: mean seconds between two of them.
    """

    def __init__(self, there: Scene, chance: random.Random, enough: Path, *, faults: int, between: float) -> None:
        self._there, self._chance, self._enough = there, chance, enough
        self._possible = [each for each in FAULTS if each.needs is None or each.needs in there.servers]
        self._faults, self._between = faults, between
        self.done: Counter[str] = Counter()

    def until_over(self, limit: float) -> float:
        """Run; return the seconds that it took.

        Raises:
            TimeoutError: it takes longer than the limit.
        """
        began = time.monotonic()
        until(self._has_begun, seconds=120)
        at = time.monotonic() + self._pause()
        telling = began + _TELLING
        while not self._is_over():
            self._there.tend()
            now = time.monotonic()
            if now >= at and self.done.total() < self._faults:
                self._disturb()
                at = now + self._pause()
            if now >= telling:
                self._tell(now - began)
                telling = now + _TELLING
            if now > began + limit:
                break  # what is not done by then is lost
            time.sleep(_LOOKING)
        return time.monotonic() - began

    def _disturb(self) -> None:
        [fault] = self._chance.choices(self._possible, [each.weight for each in self._possible])
        if fault.act(self._there, self._chance):
            self.done[fault.name] += 1
        if self.done.total() >= self._faults:
            self._enough.touch()

    def _has_begun(self) -> bool:
        self._there.tend()
        there, unfinished = counts(self._there.engine)
        return there > unfinished

    def _pause(self) -> float:
        return self._chance.expovariate(1 / self._between)

    def _is_over(self) -> bool:
        submitter = self._there.submitter
        if self.done.total() < self._faults or submitter is None or submitter.code != 0:
            return False
        try:
            return counts(self._there.engine)[1] == 0
        except JobsUnavailableError:
            return False

    def _tell(self, seconds: float) -> None:
        try:
            there, unfinished = counts(self._there.engine)
        except JobsUnavailableError:
            return
        print(f"{seconds:.0f} s: {self.done.total()} faults, {there - unfinished} of {there} jobs finished", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("chaos", __doc__)
    made.add_argument("--broker", choices=("rabbitmq", "redis", "local"), default="rabbitmq")
    made.add_argument("--simulated", action="store_true", help="wait instead of doing the work; not with local")
    made.add_argument("--jobs", type=int, default=300, help="at least (default: %(default)s)")
    made.add_argument("--faults", type=int, default=500, help="(default: %(default)s)")
    made.add_argument("--between", type=float, default=1.5, help="mean seconds between two faults")
    made.add_argument("--machines", type=int, default=2, help="worker machines (default: %(default)s)")
    made.add_argument("--children", type=int, default=2, help="processes of each (default: %(default)s)")
    made.add_argument("--ahead", type=int, default=8, help="jobs that wait or are done at one time")
    made.add_argument("--seed", type=int, default=1, help="of all that is left to chance (default: %(default)s)")
    made.add_argument("--limit", type=float, default=3600, help="seconds after which what is not done is lost")
    made.add_argument("--logs", type=Path, help="folder, not there yet, in which logs are kept")
    return made.parse_args(arguments)


def report(broker: str, faults: Counter[str], findings: Findings, seconds: float) -> None:
    """Print what happened."""
    print(f"\n### {broker}\n")
    print(table(["fault", "times"], [*sorted(faults.items()), ["all", faults.total()]]))
    rows: list[list[object]] = [
        ["jobs", findings.jobs.total()],
        *([f"of these {state}", count] for state, count in sorted(findings.jobs.items())),
        ["lost", len(findings.lost)],
        ["published, told or submitted twice", len(findings.doubled)],
        ["not what the undisturbed job gives", len(findings.corrupt)],
        ["attempts", findings.attempts.total()],
        *([f"of these {outcome}", count] for outcome, count in sorted(findings.attempts.items())),
        ["files of attempts that did not count", findings.leftovers],
        ["seconds", round(seconds)],
    ]
    print("\n" + table(["", "number"], rows))
    for name in ("lost", "doubled", "corrupt"):
        for each in getattr(findings, name)[:20]:
            print(f"{name}: {each}", file=sys.stderr)


def _figures(options: argparse.Namespace, faults: Counter[str], findings: Findings, seconds: float) -> Figures:
    return {
        "broker": options.broker,
        "seed": options.seed,
        "faults": dict(faults),
        "jobs": dict(findings.jobs),
        "attempts": dict(findings.attempts),
        "lost": len(findings.lost),
        "doubled": len(findings.doubled),
        "corrupt": len(findings.corrupt),
        "leftovers": findings.leftovers,
        "seconds": seconds,
    }


if __name__ == "__main__":
    command(main)
