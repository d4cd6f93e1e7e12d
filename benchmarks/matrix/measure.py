"""Sends a made file through the product and compares what comes out with what went in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.matrix.beside import compare_tracks
from benchmarks.matrix.case import Case
from benchmarks.matrix.drawing import Signals, number_in
from benchmarks.matrix.expected import check_made, turned_up
from benchmarks.matrix.frames import compare_frames
from benchmarks.matrix.held import Held
from benchmarks.matrix.likeness import error, fits, plain_form, same_samples, visible_error
from benchmarks.matrix.plain import held
from benchmarks.matrix.row import LIMIT_8, Row
from benchmarks.matrix.samples import Plane, depth
from benchmarks.matrix.tags import BT2020, HLG, PQ, Tags
from facefusion import FaceFusionError, process_video

Image = npt.NDArray[np.uint8]

_QUALITY = 2
_ANIMATIONS = (".gif", ".apng", ".webp")
_PAINTED = (slice(32, 64), slice(48, 80))
_INSIDE = (slice(36, 60), slice(52, 76))
_PAINT = (200, 90, 60)
_MARGIN = 8
_MOST_INSIDE = 2  # steps of 8 bits by which what is painted may come out otherwise


class Looker:
    """A step that changes nothing, and remembers what it saw."""

    def __init__(self) -> None:
        self.pictures: list[Image] = []

    def __call__(self, image: Image) -> Image:
        """Remember a picture."""
        self.pictures.append(image.copy())
        return image


def painted(image: Image) -> Image:
    """Paint a rectangle."""
    image[_PAINTED] = _PAINT
    return image


def measure(case: Case, folder: Path) -> Row:
    """Make a file, send it through the product, and compare."""
    row = Row(case)
    source = case.write(folder)
    stem = case.file.replace("/", "-").replace("%", "")
    output = folder / f"out-{stem}{case.to}"
    copy = folder / f"copy-{stem}.mkv"
    before = turned_up(held(source), case)
    check_made(case, before)
    look = Looker()
    extra: dict[str, Any] = {"renditions": (f"{copy} encoder=ffv1",)} if case.is_lossless else {}
    try:
        result = process_video(source, output, pre_processor=look, **_options(case), **extra)
    except FaceFusionError as error:
        row.wrong.append(f"{type(error).__name__}: {error}")
        return row
    row.take_notes(result.notes, source)
    after = held(output)
    compare_frames(case, row, before, after)
    _compare_seen(case, row, before, look.pictures)
    compare_tracks(case, row, before, after)
    if case.is_lossless:
        _compare_copy(case, row, before, held(copy))
    if case.is_painted:
        _compare_edit(row, before, source, folder / f"edit-{stem}.mkv")
    return row


def _options(case: Case) -> dict[str, Any]:
    """Return the product's options; a fine quality where there is one, so that the codec's own loss hides nothing."""
    return {**({"output_video_quality": _QUALITY} if _has_quality(case) else {}), **case.options}


def _has_quality(case: Case) -> bool:
    """Whether the output has a quality, and nothing else is asked for: ProRes has none."""
    pictures, encoder = case.clip.pictures, case.options.get("output_video_encoder", "auto")
    if case.to in _ANIMATIONS or "%" in case.to or "output_video_bitrate" in case.options:
        return False
    is_deep_interlaced = bool(pictures.fields) and depth(pictures.form) > 8
    is_prores = encoder == "auto" and case.to == ".mov" and (pictures.alpha or is_deep_interlaced)
    return not is_prores and encoder not in ("prores", "ffv1")


def _is_toned(tags: Tags) -> bool:
    """Whether processors see other colours than are stored: those of an ordinary screen."""
    return tags.transfer in (PQ, HLG) or tags.matrix == BT2020


def _compare_seen(case: Case, row: Row, before: Held, pictures: Sequence[Image]) -> None:
    """Compare what processors saw with what is drawn."""
    first = before.frames[0]
    if _is_toned(first.tags) or case.options.keys() & {"crop", "deinterlace"}:
        return
    shown = {number_in(frame.picture): frame for frame in before.frames}
    errors = []
    for picture in pictures:
        values = picture / 255.0
        truth = shown.get(number_in(values))
        if truth is None or truth.picture.shape != values.shape:
            row.wrong.append("processors saw another picture")
            return
        errors.append(visible_error(truth, replace(truth, picture=values)))
    row.seen = max(errors) * 255
    if row.seen > LIMIT_8:
        row.wrong.append(f"processors see colours off by {row.seen:.2f}/255")


def _compare_copy(case: Case, row: Row, before: Held, after: Held) -> None:
    """Compare the samples of a lossless copy."""
    if len(before.frames) != len(after.frames):
        row.wrong.append(f"{len(after.frames)} frames in the lossless copy")
        return
    same = all(same_samples(a, b) for a, b in zip(before.frames, after.frames, strict=True))
    row.samples = same
    if not same and "chroma samples" not in case.lost:
        pairs = list(zip(before.frames, after.frames, strict=True))
        worst = max(error(a.picture, b.picture) for a, b in pairs) * 255 if fits(*pairs[0]) else 255.0
        row.wrong.append(f"samples differ by {worst:.2f}/255 ({before.frames[0].form} to {after.frames[0].form})")


def _compare_edit(row: Row, before: Held, source: Path, output: Path) -> None:
    """Edit a rectangle, and look at everything outside of it in a lossless copy, and at what is inside."""
    process_video(source, output, pre_processor=painted, output_video_encoder="ffv1", keep_audio=False)
    after = held(output).frames
    worst, inside = 0.0, 0.0
    for first, last in zip(before.frames, after, strict=True):
        is_same_form = plain_form(first) == plain_form(last)
        pairs = zip(first.planes, last.planes, strict=True) if is_same_form else [(first.picture, last.picture)]
        worst = max(worst, *(_outside(a, b, first.picture.shape) for a, b in pairs))
        inside = max(inside, error(last.picture[_INSIDE], np.array(_PAINT) / 255.0) * 255)
    row.edit = worst
    if worst:
        row.wrong.append(f"an edit changes samples outside of it by up to {worst:g}")
    tags = before.frames[0].tags
    if not _is_toned(tags) and inside > _MOST_INSIDE and "gray" not in after[0].form:
        row.wrong.append(f"an edit has colours off by {inside:.2f}/255")


def _outside(one: Plane | Signals, other: Plane | Signals, shape: Sequence[int]) -> float:
    """Return the largest difference of two planes outside of the painted rectangle and its margin."""
    down, across = shape[0] / one.shape[0], shape[1] / one.shape[1]
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    rows, columns = _PAINTED
    top, bottom = int((rows.start - _MARGIN) / down), int((rows.stop + _MARGIN) / down)
    left, right = int((columns.start - _MARGIN) / across), int((columns.stop + _MARGIN) / across)
    difference[top:bottom, left:right] = 0
    return float(difference.max().round(9))
