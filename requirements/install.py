"""Brings `.venv` up to date with a lock file and the package of this checkout; does nothing when it is already.

    python3 requirements/install.py runtime|dev

Needs nothing but Python with its venv module. A mark inside `.venv` tells what was installed last; an environment that
was left half-made, was moved, or has lost its Python is made anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
MARK = ENVIRONMENT / "installed.txt"
UNFINISHED = "unfinished"
LOCKS = ("runtime", "dev")
"""Each holds all of the one before it, in the same versions."""


def main(arguments: list[str]) -> str | None:
    """Install what one lock file and the package ask for; return what went wrong, if anything did."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        return f"usage: install.py {'|'.join(LOCKS)}"
    problem = python_problem()
    if problem:
        return problem
    wanted = set(fingerprints(arguments[0]))
    is_sound = environment_is_sound()
    if is_sound and wanted <= set(read_mark()):
        return None
    sys.stderr.write(f"Setting up {ENVIRONMENT} (only when something changed) ...\n")
    if not is_sound:
        venv.create(ENVIRONMENT, clear=True, with_pip=True, symlinks=sys.platform != "win32")
    MARK.write_text(UNFINISHED)
    pip("install", "--require-hashes", "--requirement", str(lock_file(arguments[0])))
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    pip("check")
    MARK.write_text("\n".join(sorted(wanted)))
    return None


def python_problem() -> str | None:
    """Say in one line what this Python lacks."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python runs this file too, and ought to be told
        return f"Python 3.11 or later is needed, this is {platform.python_version()}: make PYTHON=python3.12 ..."
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        return "Python lacks its venv module: apt-get install python3-venv (as root), then try again"
    return None


def lock_file(name: str) -> Path:
    """Return the path of a lock file."""
    return ROOT / "requirements" / f"{name}.txt"


def fingerprints(lock: str) -> list[str]:
    """Return a line for each lock file that is installed with `lock`; another line means another installation."""
    about = platform.python_version().encode() + (ROOT / "pyproject.toml").read_bytes()
    names = LOCKS[: LOCKS.index(lock) + 1]
    return [f"{name} {hashlib.sha256(about + lock_file(name).read_bytes()).hexdigest()}" for name in names]


def read_mark() -> list[str]:
    """Return the lines that the last installation left."""
    return MARK.read_text().splitlines() if MARK.is_file() else []


def environment_is_sound() -> bool:
    """Whether `.venv` was made in this very place, by this Python version, and was not left half-made."""
    settings = ENVIRONMENT / "pyvenv.cfg"
    if not settings.is_file() or read_mark() == [UNFINISHED]:
        return False
    pairs = dict(line.split(" = ", 1) for line in settings.read_text().splitlines() if " = " in line)
    was_made_here = pairs.get("command", str(ENVIRONMENT)).endswith(str(ENVIRONMENT))
    return was_made_here and pairs.get("version") == platform.python_version() and runs("-m", "pip", "--version")


def runs(*arguments: str) -> bool:
    """Whether the environment's Python does this without failing."""
    try:
        return subprocess.run([PYTHON, *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def pip(*arguments: str) -> None:
    """Run pip inside the environment.

    Raises:
        SystemExit: pip failed, and said why.
    """
    command = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", *arguments]
    status = subprocess.run(command, check=False).returncode
    if status:
        raise SystemExit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
