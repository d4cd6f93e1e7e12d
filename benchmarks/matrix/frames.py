"""Compares frames: which, when, which side up, and their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import cast

import numpy as np

from benchmarks.matrix.case import Case
from benchmarks.matrix.drawing import drawn, is_upright, number_in
from benchmarks.matrix.expected import expected_times
from benchmarks.matrix.held import Held, Shown
from benchmarks.matrix.likeness import error, visible_error
from benchmarks.matrix.row import LIMIT_8, LIMIT_10, Row

_MILLISECOND = Fraction(1, 1000)
_COARSE_TIMES = {".gif": Fraction(1, 200)} | dict.fromkeys((".mkv", ".webm", ".webp"), _MILLISECOND / 2)
_SELECTING = {"trim_start", "trim_end", "output_video_fps"}


def compare_frames(case: Case, row: Row, before: Held, after: Held) -> None:
    """Compare pictures one by one: which, when, which side up, and their colours."""
    row.frames = len(before.frames), len(after.frames)
    expected = list(case.numbers) if case.numbers is not None else list(case.clip.numbers)
    is_whole = "crop" not in case.options
    numbers = [number_in(frame.picture) for frame in after.frames] if is_whole else expected[: len(after.frames)]
    if numbers != expected:
        row.wrong.append(f"frames {_short(numbers)} instead of {_short(expected)}")
        return
    times = expected_times(case, before)
    row.times = max(float(abs(frame.time - time)) * 1000 for frame, time in zip(after.frames, times, strict=True))
    if row.times > float(_COARSE_TIMES.get(case.to, Fraction(0)) * 1000) + 1e-6:
        row.wrong.append(f"times off by {row.times:.3f} ms")
    row.upright = not after.is_turned and all(is_upright(frame.picture) for frame in after.frames if is_whole)
    if not row.upright:
        row.wrong.append("not upright")
    is_whole_clip = not case.options.keys() & _SELECTING and not case.file.endswith(".avi")
    if is_whole_clip and _tells_end(before) and _tells_end(after):
        late = abs(cast("Fraction", before.end) - cast("Fraction", after.end))
        if late > _MILLISECOND:
            row.wrong.append(f"ends {float(late * 1000):.1f} ms off")
    _compare_colour(case, row, before.frames, after.frames)
    _compare_tags_of_pictures(case, row, before, after)


def _tells_end(found: Held) -> bool:
    """Whether a file says how long its last frame is shown."""
    return found.end is not None and found.end > found.frames[-1].time


def _compare_colour(case: Case, row: Row, before: Sequence[Shown], after: Sequence[Shown]) -> None:
    """Compare R'G'B' as a whole, codec included."""
    if case.options.keys() & {"output_video_size", "deinterlace"}:
        width, height = after[0].picture.shape[1::-1]
        before = [replace(frame, picture=drawn(number_in(frame.picture), width, height)) for frame in before]
    if before[0].picture.shape != after[0].picture.shape:
        row.wrong.append(f"size {after[0].picture.shape[1::-1]} instead of {before[0].picture.shape[1::-1]}")
        return
    row.depth = 10 if min(before[0].depth, after[0].depth) >= 10 else 8
    steps = (1 << row.depth) - 1
    row.colour = max(visible_error(a, b) for a, b in zip(before, after, strict=True)) * steps
    limit = case.colour_limit or (LIMIT_10 if row.depth == 10 else LIMIT_8)
    if row.colour > limit:
        row.wrong.append(f"colour off by {row.colour:.2f}/{steps}")
    if before[0].alpha is not None and "alpha" not in case.lost:
        if after[0].alpha is None:
            row.wrong.append("no transparency")
            return
        worst = max(error(a.alpha, b.alpha) for a, b in zip(before, after, strict=True)) * 255
        row.kept.append("alpha")
        if worst > LIMIT_8:
            row.wrong.append(f"transparency off by {worst:.2f}/255")


def _compare_tags_of_pictures(case: Case, row: Row, before: Held, after: Held) -> None:
    """Compare what the file says of its pictures: colour, shape of pixels, fields, mastering display."""
    first, last = before.frames[0], after.frames[0]
    if first.form.startswith("yuv") and last.form.startswith("yuv"):
        for name in ("matrix", "primaries", "transfer"):
            was, is_now = getattr(first.tags, name), getattr(last.tags, name)
            if was != is_now:
                row.wrong.append(f"{name} {is_now} instead of {was}")
        if bool(first.tags.is_full) != bool(last.tags.is_full):
            row.wrong.append(f"full range {last.tags.is_full} instead of {first.tags.is_full}")
    fields = "" if "deinterlace" in case.options else case.clip.pictures.fields
    if fields != last.fields and "fields" not in case.lost:
        row.wrong.append(f"fields {last.fields!r} instead of {fields!r}")
    elif fields and "fields" not in case.lost:
        row.kept.append("fields")
    if before.aspect != after.aspect:
        row.wrong.append(f"pixels {after.aspect} instead of {before.aspect}")
    elif before.aspect != 1:
        row.kept.append("pixel shape")
    if before.hdr:
        near = len(before.hdr) == len(after.hdr) and np.allclose(before.hdr, after.hdr, atol=2e-5)
        row.kept.append("mastering display, light level") if near else row.wrong.append(f"HDR data {after.hdr}")


def _short(numbers: Sequence[int]) -> str:
    return f"{len(numbers)}: {', '.join(map(str, numbers))}"
