"""Disturb a cluster in every way while it does jobs, and see that each is done once, and right.

    python -m benchmarks.chaos [--broker rabbitmq|redis|local] [--jobs 300] [--faults 500] [--seed 1] [--simulated]

Jobs are asked for by the typed client of the service. The service, machines and workers are killed, frozen and cut
off, and the clock of one machine is wrong (where libfaketime is installed); broker, database and storage are killed,
silent and away, each once for minutes; messages are lost, doubled, delayed and forged; disks are full. At the end the
result of every job is compared with what the same request gives when nobody disturbs it, and with the audit log. The
exit code is 1 where one is lost, published twice, different, or not recorded exactly once.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.chaos.caller import JOB, RETRIED, SURPRISE, Errand
from benchmarks.chaos.faults import FAULTS, OUTAGES
from benchmarks.chaos.findings import Expected, Findings, found, look_at_records
from benchmarks.chaos.journal import Journal
from benchmarks.chaos.material import key, undisturbed, wishes
from benchmarks.chaos.records import audit_fault, keys_of, recorded
from benchmarks.chaos.scene import Scene, Size, folder_for, scene
from benchmarks.chaos.simulated import expected
from benchmarks.chaos.submitter import Orders, counts
from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.servers import until
from facefusion.errors import JobsUnavailableError

_JOURNAL = "journal"
_WRONG = ("lost", "doubled", "corrupt", "unrecorded", "surprises")
_LOOKING = 0.1
_TELLING = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    size = Size(options.broker, options.simulated, options.machines, options.children)
    with folder_for(options.logs) as folder, scene(size, folder) as there:
        chosen = (there, options, folder / "enough")
        right, asked = _simulated(*chosen) if options.simulated else _real(*chosen)
        run = Run(there, random.Random(options.seed), folder / "enough", options)
        seconds = run.until_over(options.limit)
        there.settle()
        findings = found(there.engine, there.storage, right, asked())
        if not options.simulated:
            _look_closer(there, findings, Journal(folder / _JOURNAL))
    report(options.broker, run.done, findings, seconds)
    return finish(_figures(options, run.done, findings, seconds), options.json) or int(not findings.is_well)


def _simulated(there: Scene, options: argparse.Namespace, enough: Path) -> tuple[Expected, Callable[[], None]]:
    """Have simulated jobs put into the database; return what they give, and that nobody was told of any."""
    orders = Orders(there.place, there.told, options.jobs, options.ahead, options.seed, str(enough))
    there.submit("benchmarks.chaos.submitter", orders.to_line())
    return lambda _tenant, request: expected(request), lambda: None


def _real(there: Scene, options: argparse.Namespace, enough: Path) -> tuple[Expected, Callable[[], Mapping[str, str]]]:
    """Have the service asked for real jobs; return what they give, and what tells of which the service told."""
    wanted, keys, journal = wishes(there.folder), keys_of(there), there.folder / _JOURNAL
    known = undisturbed(there, wanted)
    errand = Errand(
        f"http://127.0.0.1:{there.cables['service'].port}",
        keys,
        tuple((each.source, each.target, each.output) for each in wanted),
        *(options.jobs, options.ahead, options.seed, str(enough), str(journal)),
    )
    there.submit("benchmarks.chaos.caller", errand.to_line())
    return lambda tenant, request: known[key(tenant, request)], lambda: Journal(journal).below(JOB)


def _look_closer(there: Scene, findings: Findings, journal: Journal) -> None:
    """Hold the results against the audit log, and look at what the client noted."""
    findings.retried = len(journal.below(RETRIED))
    findings.surprises = [name.removeprefix(SURPRISE) for name in journal.below(SURPRISE)]
    fault = audit_fault(there)
    if fault is not None:
        findings.unrecorded.append(fault)
    look_at_records(there.engine, recorded(there), findings)


class Run:
    """Disturbs a cluster until there were enough faults and all jobs are finished.

    Args:
        there: the cluster.
        chance: what happens when.
        enough: file that tells the submitter that there were enough faults.
        options: how many faults, mean seconds between two of them, and how many of minutes.
    """

    def __init__(self, there: Scene, chance: random.Random, enough: Path, options: argparse.Namespace) -> None:
        self._there, self._chance, self._enough = there, chance, enough
        self._possible = [each for each in FAULTS if each.needs is None or each.needs in there.has]
        self._faults, self._between = options.faults, options.between
        longer = [each for each in OUTAGES if each.needs is None or each.needs in there.has][: options.outages]
        # Spread over the run, each when so many faults have been.
        self._longer = {(place + 1) * self._faults // (len(longer) + 1): each for place, each in enumerate(longer)}
        self.done: Counter[str] = Counter()

    def until_over(self, limit: float) -> float:
        """Run; return the seconds that it took.

        Raises:
            TimeoutError: it takes longer than the limit.
        """
        began = time.monotonic()
        until(self._has_begun, seconds=300)
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
        fault = self._longer.get(self.done.total(), fault)
        if fault.act(self._there, self._chance):
            self._longer.pop(self.done.total(), None)
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
    made.add_argument("--outages", type=int, default=3, help="faults of minutes (default: %(default)s)")
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
        ["not exactly once in the audit log, which holds", len(findings.unrecorded)],
        ["wrong answers of the service", len(findings.surprises)],
        ["failed four times, and asked for again", findings.retried],
        ["attempts", findings.attempts.total()],
        *([f"of these {outcome}", count] for outcome, count in sorted(findings.attempts.items())),
        ["files of attempts that did not count", findings.leftovers],
        ["seconds", round(seconds)],
    ]
    print("\n" + table(["", "number"], rows))
    for name in _WRONG:
        for each in getattr(findings, name)[:20]:
            print(f"{name}: {each}", file=sys.stderr)


def _figures(options: argparse.Namespace, faults: Counter[str], findings: Findings, seconds: float) -> Figures:
    return {
        "broker": options.broker,
        "seed": options.seed,
        "faults": dict(faults),
        "jobs": dict(findings.jobs),
        "attempts": dict(findings.attempts),
        **{name: len(getattr(findings, name)) for name in _WRONG},
        "retried": findings.retried,
        "leftovers": findings.leftovers,
        "seconds": seconds,
    }


if __name__ == "__main__":
    command(main)
