"""What may be told of a worker's files: the names by which the request knows them, and nothing of its disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_ELSEWHERE: Final = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:[\\/]|\\\\|~?/)[^\s'\"<>|,;]*[^\s'\"<>|,;.:)]")
_A_FILE: Final = "a file of the worker"


class Said:
    """Puts names in place of paths."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, path: Path, name: str) -> None:
        """Say by what name a path is called."""
        self._names[str(path)] = name

    def name(self, path: Path) -> str | None:
        """Return by what name a path is called; None where it has none."""
        return self._names.get(str(path))

    def text(self, text: str) -> str:
        """Return a text without paths of the worker."""
        for path in sorted(self._names, key=len, reverse=True):
            text = text.replace(path, self._names[path])
        return _ELSEWHERE.sub(_A_FILE, text)
