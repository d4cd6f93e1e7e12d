"""The sound files that damage is done to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facefusion.media.sniff import open_input, sniff


@dataclass(frozen=True, slots=True)
class Seed:
    """A file that reads without complaint.

    Attributes:
        name: its name; the ending is the usual one.
        form: as the product calls it, such as `Matroska`.
        content: its bytes.
    """

    name: str
    form: str
    content: bytes

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return Path(self.name).suffix


def all_seeds() -> list[Seed]:
    """Make all of them anew; always in the same order."""
    from benchmarks.fuzzing.clips import clips  # noqa: PLC0415 - libav's encoders are needed here alone
    from benchmarks.fuzzing.stills import stills  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        return [*_read(clips(Path(folder))), *_read(stills(Path(folder)))]


def _read(paths: Iterator[Path]) -> Iterator[Seed]:
    for path in paths:
        with open_input(path) as file:
            form = sniff(file, path)
        yield Seed(path.name, form.name, path.read_bytes())
