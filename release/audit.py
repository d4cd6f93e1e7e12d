"""Looks for known weaknesses of all locked Python packages with pip-audit, and fails where it could not look.

    python release/audit.py [LOCK …]

pip-audit ends with status 0 where it skipped every package, as it does without a way to its source of advisories, and
leaves out what the markers of a lock do not choose for this machine. Here a package that was skipped or is not in its
answer is a failure. Needs pip-audit (`requirements/security.txt`) and nothing else of this project.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "release/accepted-advisories.txt"
"""Advisories that somebody has looked at and that do not touch us, one a line: identifier, blank, reason."""


class AuditError(Exception):
    """pip-audit gave no answer; the message says why, and what to do."""


def main(arguments: list[str]) -> int:
    """Audit the given locks, or all; return 0 where all were looked at and nothing was found, else 1."""
    locks = [Path(name) for name in arguments] or sorted((ROOT / "requirements").glob("*.txt"))
    pins = {pin for lock in locks for pin in read_pins(lock.read_text())}
    try:
        problems = judge(ask(pins), pins, read_accepted(ACCEPTED.read_text()))
    except AuditError as error:
        problems = [str(error)]
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    if not problems:
        sys.stdout.write(f"{len(pins)} packages of {len(locks)} locks: none with a known weakness, none skipped\n")
    return 1 if problems else 0


def read_pins(lock: str) -> set[tuple[str, str]]:
    """Return names and versions of a lock, whatever their environment markers say."""
    return set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", lock, re.MULTILINE))


def read_accepted(text: str) -> dict[str, str]:
    """Return accepted advisories with their reasons.

    Raises:
        AuditError: one has no reason.
    """
    accepted = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        identifier, _, reason = line.partition(" ")
        if not reason.strip():
            raise AuditError(f"{ACCEPTED.name}: {identifier} is accepted for no reason: say why")
        accepted[identifier] = reason.strip()
    return accepted


def ask(pins: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what pip-audit says of packages; one question for each set in which no name is there twice.

    Raises:
        AuditError: it is not installed, or its answer is no JSON.
    """
    rounds: list[dict[str, str]] = []
    for name, version in sorted(pins):
        free = next((group for group in rounds if name not in group), None)
        if free is None:
            rounds.append(free := {})
        free[name] = version
    return {"dependencies": [found for group in rounds for found in _ask(group)]}


def judge(answer: Mapping[str, Any], pins: Iterable[tuple[str, str]], accepted: Mapping[str, str]) -> list[str]:
    """Return what keeps a release from going out.

    Args:
        answer: of pip-audit, as JSON.
        pins: what was asked for.
        accepted: advisories that do not count, with the reason.
    """
    problems, seen = [], set()
    for entry in answer.get("dependencies", []):
        name = entry["name"].lower().replace("_", "-")
        if "skip_reason" in entry:
            problems.append(f"{name} was skipped: {entry['skip_reason']}")
            continue
        seen.add((name, entry["version"]))
        for found in entry["vulns"]:
            if not accepted.keys() & {found["id"], *found.get("aliases", [])}:
                fixed = ", ".join(found.get("fix_versions", [])) or "no version"
                problems.append(f"{name} {entry['version']}: {found['id']}, mended in {fixed}")
    told = {problem.split(" ", 1)[0] for problem in problems}
    missing = sorted(set(pins) - seen)
    problems += [f"{name} {version} was not looked at" for name, version in missing if name not in told]
    return problems


def _ask(group: Mapping[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "pins.txt"
        asked.write_text("".join(f"{name}=={version}\n" for name, version in group.items()))
        options = ["--format=json", "--progress-spinner=off", "--no-deps", "--disable-pip", "--requirement", str(asked)]
        command = [sys.executable, "-m", "pip_audit", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
        return list(answer["dependencies"])
    except (ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).strip().splitlines()
        raise AuditError(f"pip-audit gave no answer: {said[-1] if said else 'nothing was said'}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
