"""The small tables of numbers inside the package: writing them, and comparing with those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA = Path(__file__).parents[1] / "src" / "facefusion" / "faces" / "data"
TOLERANCE = 1e-3
"""How far values may lie apart: other processors round the networks' outputs a little differently."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file.

    Attributes:
        name: file name.
        head: what the columns are; written as a comment.
        values: one row for each line.
        form: format of a row.
    """

    name: str
    head: str
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    form: str

    def write(self, folder: Path) -> None:
        """Write the file into a folder."""
        rows = [self.form.format(*row) for row in self.values.tolist()]
        (folder / self.name).write_text("\n".join([f"# {self.head}", *rows]) + "\n", "utf-8")

    def difference(self, folder: Path) -> float:
        """Return the largest difference from the file that is there; infinite where it has another shape."""
        there = np.loadtxt(folder / self.name, delimiter=",", comments="#", ndmin=2)
        return float(np.abs(there - self.values).max()) if there.shape == self.values.shape else float("inf")


def finish(tables: Sequence[Table], *, check: bool) -> int:
    """Write the tables into the package or compare them with it; return the exit code."""
    differing = 0
    for table in tables:
        if check:
            difference = table.difference(DATA)
            differing += difference > TOLERANCE
            print(f"{table.name}: {'differs' if difference > TOLERANCE else 'as in the package'} ({difference:.1e})")
        else:
            table.write(DATA)
            print(f"{DATA / table.name} written")
    return 1 if differing else 0
