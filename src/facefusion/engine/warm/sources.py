"""Source faces and references, read once for all jobs that name the same files."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from facefusion.engine.sources import load_person, load_reference
from facefusion.errors import InputError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Vector
from facefusion.inference.kept import Kept
from facefusion.media.digest import content_digest
from facefusion.options import Options
from facefusion.processors.base import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceReader:
    """Reads what is given of people.

    What was read before serves again where the files hold the same bytes and all options are the same that have a say
    in it. What was refused is refused anew by each job, with a picture beside its own output.

    Attributes:
        analyser: finds faces.
        output: path of the job's output, beside which problems are shown.
        kept: has what was read before by analysers with the same models.
    """

    analyser: FaceAnalyser
    output: Path
    kept: Kept

    def sources(self, options: Options) -> tuple[Source, ...]:
        """Return what is known of the source person; see `facefusion.engine.sources.load_person`."""
        paths = options.source_paths
        return self._read("sources", paths, options, lambda: load_person(self.analyser, paths, options, self.output))

    def worn(self, path: Path, options: Options) -> tuple[Source, ...]:
        """Return what is known of the person whose make-up is worn; see `facefusion.engine.sources.load_person`."""
        return self._read("sources", [path], options, lambda: load_person(self.analyser, [path], options, self.output))

    def reference(self, path: Path, options: Options) -> Vector:
        """Return the identity vector of a reference; see `facefusion.engine.sources.load_reference`."""
        return self._read(
            "reference", [path], options, lambda: load_reference(self.analyser, path, options, self.output)
        )

    def _read(self, what: str, paths: Sequence[Path], options: Options, read: Callable[[], T]) -> T:
        return self.kept.get((what, *_key(paths, options)), read) if self.kept.keeps_any else read()


def _key(paths: Sequence[Path], options: Options) -> tuple[Hashable, ...]:
    """Return what decides: names, which messages tell; bytes; how files are read, and faces found and chosen."""
    files = tuple((path, _digest(path)) for path in paths)
    return files, options.faces, options.limits, options.input


def _digest(path: Path) -> Hashable:
    try:
        return repr(content_digest(path))
    except (OSError, InputError):
        return object()  # whoever reads it says what is wrong
