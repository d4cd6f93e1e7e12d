"""What a process asked of the system while it read a file, from strace's record of it: native code is seen as well."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import facefusion
from benchmarks.common import ROOT
from benchmarks.fuzzing.worker import MARK

_CHANGING = frozenset(
    (
        *("creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir"),
        *("link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "truncate"),
        *("chmod", "fchmodat", "chown", "fchownat", "setxattr", "mount"),
    )
)
_STARTING = frozenset(
    (
        *("execve", "execveat", "fork", "vfork", "clone", "clone3"),
        *("ptrace", "process_vm_writev", "io_uring_setup", "memfd_create"),
    )
)
_OPENING = frozenset(("open", "openat", "openat2", "open_by_handle_at"))
_LINE = re.compile(r"^\d+ +(?:\d+\.\d+ )?(\w+)\((.*)$")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOR_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")
_PROGRAM = (sys.prefix, sys.base_prefix, Path(facefusion.__file__).parent, ROOT / "benchmarks")
_OWN = tuple(f"{Path(place).resolve()}/" for place in _PROGRAM)


_SYSTEM = ("/sys/devices/system/cpu/", "/sys/fs/cgroup/cpu", "/proc/self/cgroup", "/proc/cpuinfo")
"""Where libraries look for how many processors there are."""
_CHARACTERS = re.compile(r"^/usr/(lib|lib64|share|lib/[\w-]+)/gconv/[\w.-]+$")
"""Tables of the C library for character sets; MPEG-TS says in which of them it names its programmes."""


def is_available() -> bool:
    """Whether processes can be watched here."""
    return shutil.which("strace") is not None


def watched(command: Sequence[str], record: Path) -> list[str]:
    """Return the command that runs another one and keeps a record of what it asks of the system."""
    calls = ",".join(["%network", *sorted(_OPENING | _CHANGING | _STARTING)])
    return [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        f"trace={calls}",
        "-e",
        "signal=none",
        "-o",
        str(record),
        *command,
    ]


def findings(record: Path, inputs: Path, outputs: Path) -> Iterator[tuple[int, str, str]]:
    """Yield what must not be asked for: number of the file, kind, and the call.

    Allowed are: opening the file itself, opening and writing what is in the folder of outputs, opening the program's
    own files for reading, what tells the number of processors and the tables of character sets, and starting threads.

    Args:
        record: written by strace.
        inputs: folder of the files; their names begin with their numbers.
        outputs: folder of what the product writes.
    """
    number = -1
    for line in record.read_text("utf-8", "replace").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        call, rest = found.groups()
        name = _NAME.search(rest)
        path = name.group(1) if name else ""
        if path.startswith(MARK):
            number = int(path.removeprefix(MARK))
        elif number >= 0 and (kind := _judge(call, rest, path, (f"{inputs}/{number}.", f"{outputs}/"))):
            yield number, kind, f"{call}({rest}"


def _judge(call: str, rest: str, path: str, allowed: tuple[str, str]) -> str:
    """Return what kind of trespass a call is; nothing where it is none."""
    if call in _STARTING:
        return "" if "CLONE_THREAD" in rest else "process"
    if call in _CHANGING:
        return "written"
    if call not in _OPENING:
        return "socket"
    is_own = path.startswith(allowed[1])
    if _FOR_WRITING.search(rest):
        return "" if is_own else "written"
    is_harmless = is_own or path.startswith((allowed[0], *_OWN, *_SYSTEM)) or _CHARACTERS.match(path)
    return "" if is_harmless and "/../" not in path else "opened"
