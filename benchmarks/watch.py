"""Watching a process from outside: its threads, the files that it writes, and how busy the machine is with others."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.1
_NANOSECONDS = 1e-9


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a process.

    Attributes:
        stdout: what it printed.
        seconds: from its start to its end.
        threads: name and CPU seconds of each thread by its number, as last seen.
        opened: regular files seen open for writing, anywhere; deleted ones too.
        created: files in the watched folders that were not there before, whenever they were seen.
        others: cores that other processes kept busy on average.
    """

    stdout: str
    seconds: float
    threads: Mapping[int, tuple[str, float]]
    opened: frozenset[str]
    created: frozenset[str]
    others: float


def watch(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    folders: Sequence[Path],
    look: Callable[[], None] = lambda: None,
) -> Watched:
    """Run a command and look at it ten times a second.

    Args:
        command: what to run.
        folder: its working directory.
        environment: its variables.
        folders: where created files are looked for.
        look: called at each look.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before = {path for place in folders for path in _files(place)}
    cpu: dict[int, tuple[str, float]] = {}
    opened: set[str] = set()
    created: set[str] = set()
    start, busy = time.perf_counter(), busy_seconds()
    # Files, unlike pipes, take any amount while nobody reads.
    with (
        tempfile.NamedTemporaryFile("w+") as out,
        tempfile.NamedTemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=out, stderr=errors) as process,
    ):
        while process.poll() is None:
            cpu |= _threads(process.pid)
            opened |= _written_files(process.pid)
            created |= {path for place in folders for path in _files(place)} - before
            look()
            time.sleep(INTERVAL)
        seconds, busy = time.perf_counter() - start, busy_seconds() - busy
        stdout, stderr = (file.seek(0) or file.read() for file in (out, errors))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stdout, stderr)
    created |= {path for place in folders for path in _files(place)} - before
    opened -= {out.name, errors.name}
    own = sum(seconds for _, seconds in cpu.values())
    others = max(0.0, busy - own) / seconds
    return Watched(stdout, seconds, cpu, frozenset(opened), frozenset(created), others)


def _threads(pid: int) -> dict[int, tuple[str, float]]:
    """Return name and CPU seconds of each thread by its number."""
    found = {}
    for thread in _listed(f"/proc/{pid}/task"):
        try:
            name = (thread / "comm").read_text("utf-8").strip()
            found[int(thread.name)] = (name, int((thread / "schedstat").read_text("utf-8").split()[0]) * _NANOSECONDS)
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return found


def _written_files(pid: int) -> set[str]:
    """Return the regular files that the process holds open for writing."""
    found = set()
    for descriptor in _listed(f"/proc/{pid}/fd"):
        try:
            name = str(descriptor.readlink())
            flags = (Path(f"/proc/{pid}/fdinfo") / descriptor.name).read_text("utf-8").split("flags:")[1].split()[0]
        except (OSError, IndexError):
            continue
        if name.startswith("/") and not name.startswith(("/dev/", "/proc/")) and int(flags, 8) & os.O_ACCMODE:
            found.add(name)
    return found


def _files(folder: Path) -> list[str]:
    return [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]  # noqa: PTH118


def _listed(folder: str) -> list[Path]:
    try:
        return list(Path(folder).iterdir())
    except OSError:
        return []


def busy_seconds() -> float:
    """Return how long all cores have been busy since the machine started, in seconds of one core."""
    fields = [int(value) for value in Path("/proc/stat").read_text("utf-8").splitlines()[0].split()[1:]]
    user, nice, system, _idle, _waiting, interrupt, soft, stolen = fields[:8]
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")
