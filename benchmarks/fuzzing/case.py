"""One file that is read, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("crash", "hang", "error", "stderr", "memory", "opened", "written", "socket", "process")
"""What must not happen."""
PRINTING = frozenset((".png", ".apng", ".tiff", ".avif"))
"""Endings of what OpenCV decodes, whose native code says on standard error what is wrong; counted, but no failure."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file to be read.

    Attributes:
        number: of it.
        group: under which it is counted: its form, or `crafted`.
        suffix: ending of its name.
        content: its bytes.
        name: what it is.
        ways: a number that says in which ways it is read; see `benchmarks.fuzzing.reading`.
        outcomes: those that are right; any refusal and any success where it is empty.
    """

    number: int
    group: str
    suffix: str
    content: bytes
    name: str
    ways: int = 0
    outcomes: tuple[str, ...] = ()


@dataclass(slots=True)
class Result:
    """What came of it.

    Attributes:
        case: the file.
        outcome: `read`, the name of the product's error, or `failed`.
        stage: where that happened.
        says: the text of that error.
        seconds: that reading took.
        peak: most memory that the process had resident, in MiB.
        troubles: what must not happen, by kind (see `KINDS`).
    """

    case: Case
    outcome: str = "failed"
    stage: str = ""
    says: str = ""
    seconds: float = 0.0
    peak: float = 0.0
    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def is_failure(self) -> bool:
        """Whether there is a trouble that counts."""
        allowed = {"stderr"} if self.case.suffix in PRINTING else set()
        return bool(self.troubles.keys() - allowed)

    def add(self, kind: str, text: str) -> None:
        """Take note of a trouble."""
        self.troubles[kind] = "\n".join(filter(None, (self.troubles.get(kind, ""), text)))
