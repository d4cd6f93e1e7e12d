"""A job without its doors: nothing is asked, looked at, marked, sealed or recorded. For measuring alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = "facefusion.engine.doors"


@dataclass(frozen=True, slots=True)
class Count:
    """How much was made."""

    frames: int
    faces: int


class Watch:
    """Looks at nothing."""

    def see(self, *_given: object) -> None:
        """Do nothing."""

    def meet(self, *_given: object) -> None:
        """Do nothing."""

    def state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def restore(self, state: Any) -> None:
        """Do nothing."""


class _Sealing:
    def still(self, picture: Any) -> Any:
        return picture

    labelled_picture = still

    def store(self, part: Any) -> None:
        pass

    def seal(self, part: Any, form: Any, *, is_one_of_many: bool = False) -> str:
        return ""


class _Room:
    """Keeps nothing."""

    is_in_memory = False

    def folder(self, room: int) -> Path:
        raise RuntimeError("nothing is kept")


class Door:
    """Is open."""

    mark = None
    room = _Room()
    facts: Mapping[str, Any] = {}

    def __init__(self, options: Any) -> None:
        self.options = options

    def admit(self, *_given: object) -> None:
        """Do nothing."""

    def begin(self, *_given: object) -> None:
        """Do nothing."""

    @contextmanager
    def keeping_segments(self) -> Iterator[Any]:
        """Note nothing."""
        yield lambda path: None

    def watch(self, *_given: object) -> Watch:
        """Return what looks at nothing."""
        return Watch()

    def still_open(self) -> None:
        """Do nothing."""

    def labelled(self, frame: Any, seconds: float) -> Any:
        """Return the frame."""
        return frame

    @contextmanager
    def leaving(self, count: Count) -> Iterator[Any]:
        """Put files in their places as they are."""
        from facefusion.engine.doors.leaving import Way  # noqa: PLC0415 - the stand-ins come first

        with ExitStack() as waiting:
            way = Way(_Sealing(), waiting)
            yield way
            way.sealed()


@contextmanager
def opened(options: Any, notes: Any) -> Iterator[Door]:
    """Give an open door."""
    yield Door(options)


def take_doors_away() -> None:
    """Put what does nothing in place of the doors; to be called before anything of the engine is imported."""
    parts: Mapping[str, Mapping[str, object]] = {
        "door": {"Count": Count, "Door": Door},
        "opening": {"opened": opened},
        "watching": {"Watch": Watch},
    }
    for name, values in parts.items():
        module = ModuleType(f"{_PACKAGE}.{name}")
        vars(module).update(values)
        sys.modules[module.__name__] = module
