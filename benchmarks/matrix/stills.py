"""Sends still pictures through the product and compares them, as Pillow and OpenCV alone read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageOps

from benchmarks.matrix.drawing import Signals, is_upright, number_in
from benchmarks.matrix.row import LIMIT_8, Row
from facefusion import FaceFusionError, process_image

Values = npt.NDArray[np.uint8 | np.uint16]

NUMBER = 21
"""The number that all of them show."""
MAKER, COPYRIGHT = 0x010F, 0x8298
"""Numbers of tags of EXIF."""


@dataclass(frozen=True)
class Still:
    """A still picture, and what becomes of it.

    Attributes:
        group: heading under which it stands.
        name: what is special about it.
        file: its name.
        to: ending of the output.
        make: what writes it.
        is_exact: whether every sample is to stay; else the mean error is held against the limit.
        options: of the product.
        lost: what the output cannot hold: `alpha`.
        remark: the same, for people.
    """

    name: str
    file: str
    to: str
    make: Callable[[Path], None]
    is_exact: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    remark: str = ""
    group: str = "Stills"

    @property
    def crop(self) -> tuple[int, int, int, int] | None:
        """The part that is asked for: left, top, width, height."""
        return cast("tuple[int, int, int, int] | None", self.options.get("crop"))

    def write(self, folder: Path) -> Path:
        """Make the file; return its path."""
        path = folder / self.file
        self.make(path)
        return path


@dataclass(frozen=True)
class _Seen:
    """A picture as Pillow and OpenCV read it, upright: values of 0 to 1, depth, and what stands beside them."""

    picture: Signals
    alpha: Signals | None
    depth: int
    icc: bytes
    exif: Mapping[int, object]


def measure_still(still: Still, folder: Path) -> Row:
    """Make a picture, send it through the product, and compare."""
    row = Row(still)
    source, output = still.write(folder), folder / f"out-{still.file}{still.to}"
    before = _read(source)
    try:
        result = process_image(source, output, pre_processor=lambda image: image, **still.options)
    except FaceFusionError as error:
        row.wrong.append(f"{type(error).__name__}: {error}")
        return row
    row.frames = (1, 1)
    row.take_notes(result.notes, source)
    _compare(row, still, _expected(before, still), _read(output))
    return row


def _expected(before: _Seen, still: Still) -> _Seen:
    """Return what is to come out: a part, where that was asked for, and on white where alpha cannot be held.

    Raises:
        ValueError: the made picture does not show what was drawn; nothing can be proven by it.
    """
    if number_in(before.picture) != NUMBER or not is_upright(before.picture):
        raise ValueError(f"{still.file} shows something else than was drawn")
    if still.crop is not None:
        x, y, width, height = still.crop
        return replace(before, picture=before.picture[y : y + height, x : x + width])
    if before.alpha is not None and "alpha" in still.lost:
        opaque = before.alpha[..., None]
        return replace(before, picture=before.picture * opaque + 1 - opaque, alpha=None)
    return before


def _compare(row: Row, still: Still, before: _Seen, after: _Seen) -> None:
    is_whole = still.crop is None
    if before.picture.shape != after.picture.shape or (is_whole and number_in(after.picture) != NUMBER):
        row.wrong.append(f"another picture, {after.picture.shape[1::-1]}")
        return
    row.depth = 16 if min(before.depth, after.depth) > 8 else 8
    row.upright = is_upright(after.picture) or not is_whole
    row.samples = bool(np.array_equal(before.picture, after.picture))
    row.colour = float(np.abs(before.picture - after.picture).mean()) * ((1 << row.depth) - 1)
    for is_wrong, text in (
        (not row.upright, "not upright"),
        (still.is_exact and not row.samples, f"samples differ by {row.colour:.2f}"),
        (row.colour / ((1 << row.depth) - 1) * 255 > LIMIT_8, f"colour off by {row.colour:.2f}"),
        (before.depth > after.depth, f"{after.depth} bits instead of {before.depth}"),
    ):
        if is_wrong:
            row.wrong.append(text)
    _compare_beside(row, before, after)


def _compare_beside(row: Row, before: _Seen, after: _Seen) -> None:
    if before.alpha is not None:
        same = after.alpha is not None and float(np.abs(before.alpha - after.alpha).mean()) * 255 <= LIMIT_8
        row.kept.append("alpha") if same else row.wrong.append("transparency differs")
    if before.icc:
        row.kept.append("ICC profile") if before.icc == after.icc else row.wrong.append("no ICC profile")
    for tag, name in ((MAKER, "maker"), (COPYRIGHT, "copyright")):
        if tag in before.exif:
            same = before.exif[tag] == after.exif.get(tag)
            row.kept.append(f"EXIF ({name})") if same else row.wrong.append(f"no EXIF ({name})")


def _read(path: Path) -> _Seen:
    """Read a picture, upright."""
    with Pillow.open(path) as image:
        exif, icc = dict(image.getexif()), image.info.get("icc_profile", b"")
        upright = ImageOps.exif_transpose(image)
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        values: Values = np.asarray(upright.convert("RGBA" if has_alpha else "RGB"))
        depth = _depth(path, image)
    if depth > 8:
        deep = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        deep = np.repeat(deep[..., None], 3, axis=2) if deep.ndim == 2 else deep
        values = np.dstack([deep[..., 2::-1], deep[..., 3:]])
    signal = values / ((1 << depth) - 1)
    alpha = signal[..., 3] if signal.shape[2] == 4 else None
    return _Seen(signal[..., :3], alpha, depth, icc, exif)


def _depth(path: Path, image: Pillow.Image) -> int:
    """Return the bits of a sample; Pillow reads most of those with more than 8 as if they had 8."""
    head = path.read_bytes()[:32]
    if path.suffix == ".png":
        return max(8, head[24])
    if path.suffix == ".tiff":
        return int(image.tag_v2[258][0])
    return 10 if "10-bits" in path.name else 8
