"""The output as a file: checked before any work, and put in place whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from facefusion.errors import OutputExistsError, OutputIsInputError, OutputTypeError, OutputUnwritableError
from facefusion.media.faults import HIDDEN, writing
from facefusion.media.forms import Kind, output_form, written_suffixes
from facefusion.media.sequence import moving_hint

_TOKEN_BYTES = 6
_DAY = 24 * 60 * 60


def check_output(path: Path, *, inputs: Sequence[Path], overwrite: bool, kind: Kind | None = None) -> None:
    """Find out before any work whether the output can be written.

    Args:
        path: where it shall be.
        inputs: all files that are read; none may be replaced, by whatever name it is reached.
        overwrite: whether a file that is there already may be replaced.
        kind: what will be written, where that is known.

    Raises:
        OutputTypeError: the suffix is unknown, or asks for the other kind.
        OutputUnwritableError: its folder is missing or may not be written, or something that is no file is there.
        OutputIsInputError: it is one of the inputs.
        OutputExistsError: it exists and may not be replaced.
        DiskFullError: not even an empty file can be made.
    """
    form = output_form(path, kind)
    if kind not in (None, form.kind):
        hint = f"Choose one of {', '.join(written_suffixes(kind))}" if kind == "picture" else moving_hint(path)
        raise OutputTypeError(f"The output {path} asks for a {form.kind}, but the target is a {kind}", hint)
    check_place(path, inputs=inputs, overwrite=overwrite)


def check_place(path: Path, *, inputs: Sequence[Path], overwrite: bool) -> None:
    """Find out whether a file of any form can be written; arguments and errors as of `check_output`."""
    if not path.parent.is_dir():
        raise OutputUnwritableError(f"There is no folder {path.parent}", "Make it first or choose another")
    with writing(path):
        there = path.exists()
    if there and any(other.exists() and path.samefile(other) for other in inputs):
        raise OutputIsInputError(f"The output {path} would replace an input", "Choose another name")
    if there and not path.is_file():
        raise OutputUnwritableError(f"At {path} there is something that is not a file", "Choose another name")
    if there and not overwrite:
        raise OutputExistsError(f"The output {path} exists already", "Choose another name or allow overwriting")
    _make_beside(path).unlink()


@contextmanager
def atomic_output(path: Path, *, within: Path | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well.

    The temporary file is hidden, has the same suffix, and is removed if the block raises anything at all, Ctrl-C
    included; what was at `path` before is then untouched. On success its bytes are on the disk before it is renamed.
    An output that is a symbolic link stays one; the file it points at is replaced. What runs that were killed left in
    the same folder is removed a day later.

    Args:
        path: of the output.
        within: a folder for the temporary file, such as one that somebody clears; it is used where it lies on the same
            file system as the output.

    Yields:
        path of an empty file to write into.

    Raises:
        DiskFullError: no space is left.
        OutputUnwritableError: the folder may not be written.
    """
    final = _resolve(path)
    _sweep(final.parent)
    temporary = _make_beside(path, within)
    try:
        yield temporary
        with writing(path):
            _sync(temporary)
            if final.exists():
                shutil.copymode(final, temporary)
            temporary.replace(final)
        with suppress(OSError):
            _sync(final.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _make_beside(path: Path, within: Path | None = None) -> Path:
    """Create an empty hidden file where `path` leads; trying is the only test of permissions that holds.

    The name of the output is no part of its name: with anything added, a long one would become too long for the disk.
    """
    folder = _resolve(path).parent
    with writing(path):
        if within is not None and within.stat().st_dev == folder.stat().st_dev:
            folder = within
    temporary = folder / f"{HIDDEN}{secrets.token_hex(_TOKEN_BYTES)}{path.suffix}"
    with writing(path):
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return temporary


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed have left: temporary files that nobody has written to for a day."""
    for left in folder.glob(f"{HIDDEN}{'[0-9a-f]' * 2 * _TOKEN_BYTES}.*"):
        with suppress(OSError):  # another run may be sweeping too, and files of other people stay
            if time.time() - left.lstat().st_mtime > _DAY:
                left.unlink()


def _resolve(path: Path) -> Path:
    """Follow symbolic links to where the output really goes."""
    try:
        return path.resolve()
    except ValueError as error:
        raise OutputUnwritableError(f"The output {path!r} is not a possible path", "Choose another name") from error
    except RuntimeError as error:  # how pathlib tells of links that go round in a circle
        raise OutputUnwritableError(f"The output {path} is a link to itself", "Choose another name") from error


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
