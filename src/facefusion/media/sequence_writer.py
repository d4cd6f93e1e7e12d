"""Writing the pictures of a sequence into segments."""

from __future__ import annotations

import hashlib
import os
import zipfile
from contextlib import suppress
from pathlib import Path

from facefusion.media.encoding.choose import Encoding
from facefusion.media.encoding.segment import Segment, packed_times
from facefusion.media.faults import writing
from facefusion.media.frame import Frame
from facefusion.media.marking import Mark, put_mark
from facefusion.media.planes.fit import FrameFitter
from facefusion.media.still.arrays import Pixels, array_of
from facefusion.media.still.deep import Deep, to_8_bits
from facefusion.media.still.encode import encode

_USUAL_QUALITY = "95"


class SequenceSegmentWriter:
    """Writes the pictures of one segment into one file, a ZIP archive without compression.

    Args:
        path: the file; it appears when the segment is finished.
        encoding: how pictures are written; its form is one of pictures, its pixels one of `rgb24`, `rgba`, `rgb48le`
            and `rgba64le`, and `quality` among its codec options that of JPEG, WebP and AVIF.
        mark: put into every picture; none when None.

    Raises:
        OutputUnwritableError: the file cannot be written.
        DiskFullError: no space is left.
    """

    def __init__(self, path: Path, encoding: Encoding, mark: Mark | None = None) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._encoding = encoding
        self._fitter = FrameFitter(encoding.pixels)
        self._mark = mark
        self._times: list[int] = []
        self._end = 0
        with writing(path):
            self._archive = zipfile.ZipFile(self._part, "w", zipfile.ZIP_STORED)

    def write(self, frame: Frame) -> None:
        """Write a picture, as many times as it is shown.

        Raises:
            OutputUnwritableError: the file cannot be written.
            DiskFullError: no space is left.
        """
        planes = self._fitter.fit(frame)
        if self._mark is not None:
            planes = put_mark(self._mark, planes)
        content = self._encode(array_of(planes))
        pts, duration = planes.pts or 0, planes.duration or 0
        self._end = pts + duration
        for copy in range(frame.copies):
            # A fixed date: the same pictures give the same bytes.
            entry = zipfile.ZipInfo(f"{len(self._times):09d}")
            self._times.append(pts + copy * duration // frame.copies)
            with writing(self._path):
                self._archive.writestr(entry, content)

    def close(self) -> Segment:
        """Finish the segment; only now its file is there.

        Raises:
            OutputUnwritableError: the file cannot be written.
            DiskFullError: no space is left.
        """
        with writing(self._path):
            self._archive.close()
            with self._part.open("r+b") as file:
                os.fsync(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = self._part.stat().st_size
            self._part.replace(self._path)
        return Segment(
            path=self._path,
            frames=len(self._times),
            times=packed_times(self._times),
            end=self._end,
            bytes=size,
            sha256=digest,
        )

    def abort(self) -> None:
        """Let go of what was written."""
        with suppress(OSError):
            self._archive.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _encode(self, pixels: Pixels) -> bytes:
        """Encode one picture in the form of the sequence."""
        image, alpha = pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None
        deep = None
        if pixels.itemsize == 2:
            deep = Deep(image, alpha)
            image, alpha = to_8_bits(image), None if alpha is None else to_8_bits(alpha)
        quality = int(self._encoding.codec_options.get("quality", _USUAL_QUALITY))
        return encode(self._encoding.form, image, alpha, deep=deep, quality=quality, icc_profile=None, exif=None)
