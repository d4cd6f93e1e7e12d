"""What a client knows of what it asked for, in a file that outlives it."""

from __future__ import annotations

import json
import os
from pathlib import Path


class Journal:
    """Facts by name, each a line of JSON; one that was written is there after the process is killed.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = dict(_lines(path))
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            with path.open("ab") as file:  # a line that was cut off by a kill ends here
                file.write(b"\n")

    def get(self, name: str) -> str | None:
        """Return a fact; None where it is not known."""
        return self._known.get(name)

    def note(self, name: str, value: str) -> None:
        """Keep a fact."""
        self._known[name] = value
        with self._path.open("a", encoding="ascii") as file:
            file.write(json.dumps([name, value]) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def below(self, prefix: str) -> dict[str, str]:
        """Return all facts whose names begin so."""
        return {name: value for name, value in self._known.items() if name.startswith(prefix)}


def _lines(path: Path) -> list[tuple[str, str]]:
    found = []
    for line in path.read_text("ascii").splitlines() if path.exists() else ():
        try:
            name, value = json.loads(line)
        except ValueError:  # it was cut off by a kill
            continue
        found.append((name, value))
    return found
