"""What all errors have in common, and those of no part in particular."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self


class FaceFusionError(Exception):
    """Base of all errors of this library.

    Attributes:
        what: what happened and where, one sentence without a final stop.
        hint: what to do next, one sentence without a final stop; may be empty.
        exit_code: exit status of the command line for this cause.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Join cause and hint into the one line that people see."""
        return f"{self.what}. {self.hint}." if self.hint else f"{self.what}."


class OptionsError(FaceFusionError):
    """An option is unknown or has an impossible value."""

    exit_code = 2


class BatchError(OptionsError):
    """Jobs of a batch are not understood, or do not go together; nothing was done.

    Attributes:
        problems: all of them, each with the job's row or target.
    """

    def __init__(self, what: str, hint: str = "", *, problems: Sequence[str] = ()) -> None:
        super().__init__(what, hint)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[str]) -> Self:
        """Return the error for some problems, at least one."""
        first = problems[0].rstrip(".")
        what = first if len(problems) == 1 else f"{len(problems)} jobs cannot be begun; the first: {first}"
        return cls(what, "Nothing was done; mend this first", problems=problems)


class CancelledError(FaceFusionError):
    """The work was stopped by the user."""

    exit_code = 130
