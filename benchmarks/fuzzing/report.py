"""What came of many files, in one table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common import Figures, table
from benchmarks.fuzzing.case import KINDS, Result
from benchmarks.fuzzing.series import CRAFTED, SOUND

_REFUSALS = {
    "type": ("InputTypeError",),
    "damage": ("InputDamagedError",),
    "limit": ("InputLimitError",),
    "output": ("OutputTypeError",),
}
_PLURALS = {
    "crash": "crashes",
    "hang": "hangs",
    "error": "errors",
    "stderr": "printed",
    "memory": "memory",
    "opened": "opened",
    "written": "written",
    "socket": "sockets",
    "process": "processes",
}


def figures(results: Sequence[Result], *, called: bool, seconds: float, seed: int) -> Figures:
    """Return what was found.

    Args:
        results: of all files.
        called: whether the address that hostile files name was called.
        seconds: that all of it took.
        seed: of the damage.
    """
    groups = sorted({result.case.group for result in results} - {CRAFTED, SOUND}, key=str.lower)
    rows = {group: _row([result for result in results if result.case.group == group]) for group in groups}
    for group in (CRAFTED, SOUND):
        if some := [result for result in results if result.case.group == group]:
            rows[group] = _row(some)
    rows["all"] = _row(results)
    slowest = max(results, key=lambda result: result.seconds)
    largest = max(results, key=lambda result: result.peak)
    failed = [result for result in results if result.is_failure]
    return {
        "seed": seed,
        "files": len(results),
        "forms": rows,
        "seconds": seconds,
        "files_per_second": len(results) / seconds,
        "slowest_seconds": slowest.seconds,
        "slowest_file": _name(slowest),
        "peak_mib": largest.peak,
        "peak_file": _name(largest),
        "called": called,
        "failures": len(failed) + called,
        "failed": [{"file": _name(result), "troubles": result.troubles} for result in failed],
    }


def _row(results: Sequence[Result]) -> dict[str, int]:
    """Count outcomes and troubles."""
    row = {"files": len(results), "read": sum(result.outcome == "read" for result in results)}
    for name, outcomes in _REFUSALS.items():
        row[name] = sum(result.outcome in outcomes for result in results)
    usual = {"read", "failed", "error", *(outcome for outcomes in _REFUSALS.values() for outcome in outcomes)}
    row["other"] = sum(result.outcome not in usual for result in results)
    for kind in KINDS:
        row[_PLURALS[kind]] = sum(kind in result.troubles for result in results)
    return row


def _name(result: Result) -> str:
    case = result.case
    return f"{case.group} {case.number} ({case.name})"


def report(found: Figures) -> None:
    """Print the figures."""
    rows = found["forms"]
    heads = list(next(iter(rows.values())))
    print("\n" + table(["", *heads], [[name, *row.values()] for name, row in rows.items()]))
    print(
        f"\n{found['files']} files in {found['seconds']:.0f} s, {found['files_per_second']:.0f} a second; "
        f"seed {found['seed']}"
    )
    print(f"slowest: {found['slowest_seconds']:.2f} s, {found['slowest_file']}")
    print(f"most memory: {found['peak_mib']:.0f} MiB, {found['peak_file']}")
    print(f"the address that hostile files name was called: {'YES' if found['called'] else 'no'}")
    for failed in found["failed"][:20]:
        print(f"FAILED: {failed['file']}: {', '.join(failed['troubles'])}")
    print(f"failures: {found['failures']}")
