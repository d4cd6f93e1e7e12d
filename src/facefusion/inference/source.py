"""How an ONNX file is handed to the runtime, so that its weights are in memory once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.inference.weights import opened, outline, put_together, referring

WORTH: Final = 32 << 20
"""Bytes of a file from which it is worth its while to refer to its weights instead of having them read."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A graph that was changed, around the tensors of the file that it comes from.

    Attributes:
        graph: the file without its large tensors, changed.
        file: where these are.
        name: of the model, for messages.
    """

    graph: bytes
    file: Path | bytes
    name: str

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces of one whole file; the other is mapped no longer than they are taken."""
        with opened(self.file) as content:
            yield from put_together(self.graph, content, outline(content, self.name).large)


Source = Path | bytes | ChangedFile
"""An ONNX file: a path, its bytes, or a changed graph around another file's tensors."""


def references(source: Source) -> tuple[bytes, Path] | None:
    """Return a small ONNX file that refers to the weights, and the folder where they are; None where nothing is gained.

    The runtime maps what is referred to. What it reads with the graph it holds twice while it loads.

    Args:
        source: the file; what is not on the disk, or small, gains nothing.

    Raises:
        ModelUnsafeError: it is cut off, or no protobuf message, or keeps tensors in other files.
    """
    file = source.file if isinstance(source, ChangedFile) else source
    if isinstance(file, bytes) or file.stat().st_size < WORTH:
        return None
    file = file.resolve()
    with opened(file) as content:
        parts = outline(content, file.name)
        graph = source.graph if isinstance(source, ChangedFile) else parts.small
        return referring(graph, content, parts.large, file.name), file.parent


@contextmanager
def whole(source: Source, folder: Path) -> Iterator[str | bytes]:
    """Give the whole file: the runtime keeps bytes for as long as it lives, so that a path is half the memory.

    Args:
        source: the file.
        folder: where a changed one is written for as long as it is needed.
    """
    if isinstance(source, Path):
        yield str(source)
    elif isinstance(source, bytes):
        yield source
    else:
        with tempfile.TemporaryDirectory(dir=_writable(folder)) as place:
            path = Path(place) / "changed.onnx"
            with path.open("wb") as file:
                file.writelines(source.pieces())
            yield str(path)


def _writable(folder: Path) -> Path | None:
    """Return the folder, or None, which means the system's, where nothing can be written into it."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None
