"""What the system says when writing fails, in the words of the error tree."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facefusion.errors import DiskFullError, OutputError, OutputUnwritableError

HIDDEN = ".facefusion-"
"""How the names of files and folders begin that are there only while a job runs."""

_FULL = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the system while `path` is written into errors of the tree.

    Raises:
        DiskFullError: no space is left, or no more may be used.
        OutputUnwritableError: anything else that the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise _output_error(error, path) from error


def _output_error(error: OSError, path: Path) -> OutputError:
    """Return the error of the tree that tells what `error` means for the output at `path`.

    It names the folder alone: `path` may be the temporary name of an output in the making, or of a part of one in the
    hidden folder of its job.
    """
    folder = next(parent for parent in path.parents if not parent.name.startswith(HIDDEN))
    if error.errno in _FULL:
        return DiskFullError(f"No space is left in {folder} for the output", "Free some or choose another folder")
    reason = (error.strerror or str(error)).lower()
    hint = "Choose a shorter name" if error.errno == errno.ENAMETOOLONG else "Choose another folder"
    return OutputUnwritableError(f"The output cannot be written into {folder}: {reason}", hint)
