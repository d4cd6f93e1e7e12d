"""The way out: every file that a job writes is sealed, recorded and only then put in its place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from facefusion.media.forms import Form, Kind, output_form
from facefusion.media.output import atomic_output
from facefusion.media.picture import Picture, write_picture
from facefusion.media.sequence import output_sequence_form


class Sealing(Protocol):
    """Puts on files what every one of them has to bear."""

    def still(self, picture: Picture) -> Picture:
        """Return a picture with the mark in its pixels."""
        ...

    def labelled_picture(self, picture: Picture) -> Picture:
        """Return a picture with the label, where pictures bear one; else the same."""
        ...

    def store(self, part: Path) -> None:
        """Make of a sealed file what is stored.

        Raises:
            OutputError: it cannot be written.
        """
        ...

    def seal(self, part: Path, form: Form, *, is_one_of_many: bool = False) -> str:
        """Put marks into a finished file, and return the SHA-256 of its bytes.

        Raises:
            DisclosureError: it cannot bear a mark that the policy asks for.
        """
        ...


@dataclass(frozen=True, slots=True)
class _File:
    """A file that waits to be put in its place."""

    part: Path
    form: Form


class Way:
    """Takes the files of one job.

    Args:
        sealing: seals them.
        waiting: holds them until all of them may take their places.
    """

    def __init__(self, sealing: Sealing, waiting: ExitStack) -> None:
        self._sealing = sealing
        self._waiting = waiting
        self._files: list[_File] = []
        self._digests: list[str] = []
        self._paths: list[Path] = []

    def file(self, path: Path, kind: Kind = "video", *, within: Path | None = None) -> Path:
        """Return a temporary path to write an output to; arguments and errors as of `atomic_output`."""
        self._paths.append(path)
        part = self._waiting.enter_context(atomic_output(path, within=within))
        self._files.append(_File(part, output_form(path, kind)))
        return part

    def picture(self, path: Path, picture: Picture, *, quality: int, is_labelled: bool = False) -> tuple[str, ...]:
        """Write a picture; result, errors and further arguments as of `write_picture`.

        Args:
            path: of the output.
            picture: what it shows.
            quality: of forms that lose something.
            is_labelled: whether the label that the job's pictures bear is on it already.
        """
        finished = self._sealing.still(picture if is_labelled else self._sealing.labelled_picture(picture))
        return write_picture(self.file(path, "picture"), finished, quality=quality)

    def sequence(self, path: Path, joined: Callable[..., AbstractContextManager[int]]) -> int:
        """Write a sequence of pictures, each sealed.

        Args:
            path: the pattern.
            joined: writes it, given what finishes each picture.

        Returns:
            how many there are.
        """
        form = output_sequence_form(path)
        if form is None:
            raise ValueError(f"{path} is no pattern")
        return self._waiting.enter_context(joined(finish=partial(self._finish, form, path.parent)))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files go."""
        return tuple(self._paths)

    def sealed(self) -> tuple[str, ...]:
        """Seal all files that are still to be, and return the SHA-256 of each."""
        while self._files:
            file = self._files.pop(0)
            self._digests.append(self._sealing.seal(file.part, file.form))
            self._sealing.store(file.part)
        return tuple(self._digests)

    def _finish(self, form: Form, folder: Path, part: Path) -> None:
        self._paths.append(folder / part.name)
        self._digests.append(self._sealing.seal(part, form, is_one_of_many=True))
        self._sealing.store(part)
