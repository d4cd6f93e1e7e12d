"""Sends a made file through the product and compares what comes out with what went in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.matrix.case import Case
from benchmarks.matrix.drawing import Signals, is_upright, number_in
from benchmarks.matrix.making import as_shown
from benchmarks.matrix.plain import Held, Shown, Track, held
from benchmarks.matrix.samples import HLG, PQ, Plane
from facefusion import FaceFusionError, process_video

Image = npt.NDArray[np.uint8]

LIMIT_8, LIMIT_10 = 1.5, 2.0
"""Mean error of R'G'B' that is allowed, in steps of 8 bits (1/255) and of 10 bits (1/1023)."""
_QUALITY = 2
_MILLISECOND = Fraction(1, 1000)
_MATROSKA = (".mkv", ".webm")
_DISPOSED = (".mkv", ".webm", ".mp4", ".mov", ".m4v")
_COARSE_TIMES = {".gif": Fraction(1, 200), ".mkv": _MILLISECOND / 2, ".webm": _MILLISECOND / 2, ".webp": _MILLISECOND / 2}
_PAINTED = (slice(32, 64), slice(48, 80))
_PAINT = (200, 90, 60)
_INSIDE = (slice(36, 60), slice(52, 76))
_MARGIN = 8


@dataclass
class Row:
    """What was found of one file.

    Attributes:
        case: the file.
        frames: in it, and in the output.
        times: by how much a frame's time is off at most, in ms.
        seen: mean error of the pictures that processors get, in steps of 8 bits; None where they are tone mapped.
        colour: mean error of R'G'B' of the output, codec included, in steps of its depth.
        depth: bits of the output.
        samples: of a lossless copy: whether they are the very samples of the file.
        edit: of a lossless copy with an edit: largest difference outside the edited rectangle.
        upright: whether every frame is the right side up, and says nothing else.
        sounds: packets of sound that are the same, for each track.
        kept: what else is the same.
        notes: what the product said of what it cannot keep.
        wrong: what is not as it should be.
    """

    case: Case
    frames: tuple[int, int] = (0, 0)
    times: float = 0.0
    seen: float | None = None
    colour: float | None = None
    depth: int = 8
    samples: bool | None = None
    edit: float | None = None
    upright: bool = True
    sounds: tuple[int, ...] = ()
    kept: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    wrong: list[str] = field(default_factory=list)


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
    output = folder / f"out-{source.stem}{case.to}"
    copy = folder / f"copy-{source.stem}.mkv"
    before = turned_up(held(source), case)
    look = Looker()
    extra = {"renditions": (f"{copy} encoder=ffv1",)} if case.is_lossless else {}
    try:
        result = process_video(source, output, pre_processor=look, **_options(case), **extra)
    except FaceFusionError as error:
        row.wrong.append(f"{type(error).__name__}: {error}")
        return row
    row.notes = result.notes
    after = held(output)
    _compare_frames(row, before, after)
    _compare_seen(row, before, look.pictures)
    _compare_tracks(row, before, after)
    if case.is_lossless:
        _compare_copy(row, before, held(copy))
    if case.is_painted:
        _compare_edit(row, before, source, folder)
    for path in (output, copy):
        path.unlink(missing_ok=True)
    return row


def turned_up(found: Held, case: Case) -> Held:
    """Turn the frames of a made file as its display matrix says, and take those that are to come out."""
    turn = case.clip.pictures.turn
    shown = found.frames if turn == "0" else [_turned(frame, turn) for frame in found.frames]
    if case.numbers is not None and case.numbers != tuple(range(len(shown))):
        by_number = {number_in(frame.picture): frame for frame in shown}
        shown = [by_number[number] for number in case.numbers]
    found.frames = shown
    if turn.startswith(("90", "270")):
        found.aspect = 1 / found.aspect
    return found


def _turned(frame: Shown, turn: str) -> Shown:
    alpha = None if frame.alpha is None else as_shown(frame.alpha, turn)
    planes = [as_shown(plane, turn) for plane in frame.planes]
    return Shown(frame.time, as_shown(frame.picture, turn), alpha, frame.form, planes, frame.tags, frame.fields)


def _options(case: Case) -> dict[str, object]:
    """Return the product's options; a fine quality, so that the codec's own loss hides nothing."""
    chosen = case.options
    takes_quality = case.to not in (".gif", ".png") and "%" not in case.to
    takes_quality &= chosen.get("output_video_encoder") not in ("prores", "ffv1") and "output_video_bitrate" not in chosen
    alpha_in_movie = case.clip.pictures.alpha and case.to in (".mov", ".mkv")
    usual = {"output_video_quality": _QUALITY} if takes_quality and not alpha_in_movie else {}
    return {**usual, **chosen}


def _compare_frames(row: Row, before: Held, after: Held) -> None:
    """Compare pictures one by one: which, when, which side up, and their colours."""
    case = row.case
    row.frames = len(before.frames), len(after.frames)
    expected = list(case.numbers) if case.numbers is not None else list(case.clip.numbers)
    numbers = [number_in(frame.picture) for frame in after.frames]
    if numbers != expected:
        row.wrong.append(f"frames {_short(numbers)} instead of {_short(expected)}")
        return
    times = _expected_times(case, before)
    row.times = max(float(abs(frame.time - time)) * 1000 for frame, time in zip(after.frames, times, strict=True))
    if row.times > float(_COARSE_TIMES.get(case.to, Fraction(0)) * 1000) + 1e-6:
        row.wrong.append(f"times off by {row.times:.3f} ms")
    row.upright = all(is_upright(frame.picture) for frame in after.frames) and not after.is_turned
    if not row.upright:
        row.wrong.append("not upright")
    _compare_colour(row, before.frames, after.frames)
    _compare_tags_of_pictures(row, before, after)


def _expected_times(case: Case, before: Held) -> list[Fraction]:
    """Return when frames are to be shown: as libav reads the file where nothing else is said."""
    return [frame.time for frame in before.frames] if case.times is None else list(case.times)


def _compare_colour(row: Row, before: Sequence[Shown], after: Sequence[Shown]) -> None:
    """Compare R'G'B' as a whole, codec included."""
    if before[0].picture.shape != after[0].picture.shape:
        row.wrong.append(f"size {after[0].picture.shape[1::-1]} instead of {before[0].picture.shape[1::-1]}")
        return
    row.depth = 10 if min(before[0].depth, after[0].depth) >= 10 else 8
    steps = (1 << row.depth) - 1
    row.colour = max(_error(a.picture, b.picture) for a, b in zip(before, after, strict=True)) * steps
    limit = row.case.colour_limit or (LIMIT_10 if row.depth == 10 else LIMIT_8)
    if row.colour > limit:
        row.wrong.append(f"colour off by {row.colour:.2f}/{steps}")
    if before[0].alpha is not None and "alpha" not in row.case.lost:
        if after[0].alpha is None:
            row.wrong.append("no transparency")
            return
        worst = max(_error(a.alpha, b.alpha) for a, b in zip(before, after, strict=True)) * 255
        row.kept.append("alpha")
        if worst > LIMIT_8:
            row.wrong.append(f"transparency off by {worst:.2f}/255")


def _compare_tags_of_pictures(row: Row, before: Held, after: Held) -> None:
    """Compare what the file says of its pictures: colour, shape of pixels, fields, mastering display."""
    lost = row.case.lost
    first, last = before.frames[0], after.frames[0]
    if "colour tags" not in lost and first.form.startswith("yuv") and last.form.startswith("yuv"):
        named = ("matrix", "primaries", "transfer")
        for name in named:
            was, is_now = getattr(first.tags, name), getattr(last.tags, name)
            if was != is_now:
                row.wrong.append(f"{name} {is_now} instead of {was}")
        if bool(first.tags.is_full) != bool(last.tags.is_full):
            row.wrong.append(f"full range {last.tags.is_full} instead of {first.tags.is_full}")
    fields = row.case.clip.pictures.fields
    if fields != last.fields and "fields" not in lost:
        row.wrong.append(f"fields {last.fields!r} instead of {fields!r}")
    elif fields and "fields" not in lost:
        row.kept.append("fields")
    if before.aspect != after.aspect and "aspect" not in lost:
        row.wrong.append(f"pixels {after.aspect} instead of {before.aspect}")
    elif before.aspect != 1:
        row.kept.append("pixel shape")
    if before.hdr and "hdr" not in lost:
        near = len(before.hdr) == len(after.hdr) and np.allclose(before.hdr, after.hdr, atol=2e-5)
        row.kept.append("mastering display, light level") if near else row.wrong.append(f"HDR data {after.hdr}")


def _compare_seen(row: Row, before: Held, pictures: Sequence[Image]) -> None:
    """Compare what processors saw with what is drawn."""
    first = before.frames[0]
    if first.tags.transfer in (PQ, HLG) or row.case.options.keys() & {"crop", "deinterlace"}:
        return
    shown = {number_in(frame.picture): frame.picture for frame in before.frames}
    errors = []
    for picture in pictures:
        values = picture / 255.0
        truth = shown.get(number_in(values))
        if truth is None or truth.shape != values.shape:
            row.wrong.append("processors saw another picture")
            return
        if first.tags.matrix == 9:  # they see it in BT.709's primaries
            return
        errors.append(_error(values, truth))
    row.seen = max(errors) * 255
    if row.seen > LIMIT_8:
        row.wrong.append(f"processors see colours off by {row.seen:.2f}/255")


def _compare_copy(row: Row, before: Held, after: Held) -> None:
    """Compare the samples of a lossless copy."""
    if len(before.frames) != len(after.frames):
        row.wrong.append(f"{len(after.frames)} frames in the lossless copy")
        return
    same = all(_same(a, b) for a, b in zip(before.frames, after.frames, strict=True))
    row.samples = same
    if not same and "chroma samples" not in row.case.lost:
        pairs = list(zip(before.frames, after.frames, strict=True))
        worst = max(_error(a.picture, b.picture) for a, b in pairs) * 255 if _fits(*pairs[0]) else 255.0
        row.wrong.append(f"samples differ by {worst:.2f}/255 ({before.frames[0].form} to {after.frames[0].form})")


def _compare_edit(row: Row, before: Held, source: Path, folder: Path) -> None:
    """Edit a rectangle, and look at everything outside of it in a lossless copy, and at what is inside."""
    output = folder / f"edit-{source.stem}.mkv"
    process_video(source, output, pre_processor=painted, output_video_encoder="ffv1", keep_audio=False)
    after = held(output).frames
    worst, inside = 0.0, 0.0
    for first, last in zip(before.frames, after, strict=True):
        is_same_form = _plain_form(first) == _plain_form(last)
        pairs = zip(first.planes, last.planes, strict=True) if is_same_form else [(first.picture, last.picture)]
        worst = max(worst, *(_outside(a, b, first.picture.shape) for a, b in pairs))
        inside = max(inside, _error(last.picture[_INSIDE], np.array(_PAINT) / 255.0) * 255)
    row.edit = worst
    if worst:
        row.wrong.append(f"an edit changes samples outside of it by up to {worst:g}")
    tags = before.frames[0].tags
    if tags.transfer not in (PQ, HLG) and tags.matrix != 9 and inside > 2 and "gray" not in after[0].form:
        row.wrong.append(f"an edit has colours off by {inside:.2f}/255")
    output.unlink()


def _outside(one: Plane | Signals, other: Plane | Signals, shape: Sequence[int]) -> float:
    """Return the largest difference of two planes outside of the painted rectangle and its margin."""
    down, across = shape[0] / one.shape[0], shape[1] / one.shape[1]
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    rows, columns = _PAINTED
    top, bottom = int((rows.start - _MARGIN) / down), int((rows.stop + _MARGIN) / down)
    left, right = int((columns.start - _MARGIN) / across), int((columns.stop + _MARGIN) / across)
    difference[top:bottom, left:right] = 0
    return float(difference.max().round(9))


def _compare_tracks(row: Row, before: Held, after: Held) -> None:
    """Compare everything beside the picture."""
    for check in (_sounds, _subtitles, _others):
        row.wrong += check(row, before, after)


def _sounds(row: Row, before: Held, after: Held) -> Iterator[str]:
    if "sound" in row.case.lost:
        return
    if len(before.sounds) != len(after.sounds):
        yield f"{len(after.sounds)} tracks of sound instead of {len(before.sounds)}"
        return
    precise = row.case.to not in _MATROSKA and not row.case.file.endswith((".mkv", ".webm", ".flv", ".wmv"))
    same = []
    for number, (one, other) in enumerate(zip(before.sounds, after.sounds, strict=True), 1):
        if one.digest != other.digest:
            yield f"sound {number}: packets differ ({len(other.times)} for {len(one.times)})"
        elif len(one.times) == len(other.times):
            off = max(abs(a - b) for a, b in zip(one.times, other.times, strict=True))
            if off > (Fraction(1, 40_000) if precise else _MILLISECOND):
                yield f"sound {number}: times off by {float(off * 1000):.2f} ms"
        elif not one.codec.startswith("pcm") or abs(one.times[0] - other.times[0]) > _MILLISECOND:
            yield f"sound {number}: {len(other.times)} packets instead of {len(one.times)}"
        yield from _labels(row.case, number, one, other)
        same.append(len(other.times))
    row.sounds = tuple(same)


def _labels(case: Case, number: int, one: Track, other: Track) -> Iterator[str]:
    """Compare what tracks of sound are called."""
    if one.codec != other.codec and "sound's codec" not in case.lost:
        yield f"sound {number}: {other.codec} instead of {one.codec}"
    if _language(one.language) != _language(other.language):
        yield f"sound {number}: language {other.language!r} instead of {one.language!r}"
    if one.title != other.title:
        yield f"sound {number}: title {other.title!r} instead of {one.title!r}"
    if one.disposition != other.disposition and Path(case.file).suffix in _DISPOSED:
        yield f"sound {number}: disposition {other.disposition} instead of {one.disposition}"


def _subtitles(row: Row, before: Held, after: Held) -> Iterator[str]:
    if len(before.subtitles) != len(after.subtitles):
        yield f"{len(after.subtitles)} tracks of subtitles instead of {len(before.subtitles)}"
        return
    strip: Callable[[str], str] = _without_styles if "styles" in row.case.lost else str
    for one, other in zip(before.subtitles, after.subtitles, strict=True):
        mine, yours = ([(*line[:2], strip(line[2])) for line in texts.lines] for texts in (one, other))
        if mine != yours:
            yield f"subtitles {yours} instead of {mine}"
        elif _language(one.language) != _language(other.language):
            yield f"subtitles: language {other.language!r} instead of {one.language!r}"
        else:
            row.kept.append(f"subtitles ({other.codec})")


def _others(row: Row, before: Held, after: Held) -> Iterator[str]:
    lost = row.case.lost
    if "chapters" not in lost and before.chapters != after.chapters:
        yield f"chapters {after.chapters} instead of {before.chapters}"
    elif before.chapters:
        row.kept.append(f"{len(before.chapters)} chapters")
    wanted = {name.lower() for name in (*row.case.clip.tags, "location")} - {"timecode"} - lost
    tags = {name: before.tags[name] for name in sorted(wanted) if name in before.tags}
    for name, value in tags.items():
        if after.tags.get(name) != value:
            yield f"tag {name} {after.tags.get(name)!r} instead of {value!r}"
    if tags:
        row.kept.append(f"tags ({', '.join(tags)})")
    if before.timecode and "timecode" not in lost and before.timecode != after.timecode:
        yield f"timecode {after.timecode!r} instead of {before.timecode!r}"
    elif before.timecode:
        row.kept.append("timecode")
    if bool(before.cover) != bool(after.cover) and "cover" not in lost:
        yield "no cover art"
    elif before.cover:
        row.kept.append("cover art")
    if before.fonts != after.fonts and "fonts" not in lost:
        yield f"attached files {after.fonts} instead of {before.fonts}"
    elif before.fonts:
        row.kept.append("attached font")


def _same(one: Shown, other: Shown) -> bool:
    """Whether two frames have the same samples, whatever their planes are called."""
    if _plain_form(one) == _plain_form(other):
        return all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))
    if not _fits(one, other) or (one.form.startswith("yuv") != other.form.startswith("yuv")):
        return False
    return _error(one.picture, other.picture) < 1e-9


def _plain_form(frame: Shown) -> str:
    return frame.form.replace("yuvj", "yuv")


def _fits(one: Shown, other: Shown) -> bool:
    return one.picture.shape == other.picture.shape


def _error(one: Signals | None, other: Signals | None) -> float:
    """Return the mean difference of two pictures, as a part of full scale."""
    if one is None or other is None:
        return 1.0
    return float(np.abs(one - other).mean())


def _language(code: str) -> str:
    return "" if code == "und" else {"deu": "ger", "fra": "fre"}.get(code, code)


def _without_styles(text: str) -> str:
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + text[end + 1 :]
    return text


def _short(numbers: Sequence[int]) -> str:
    return f"{len(numbers)}: {', '.join(map(str, numbers))}"

