"""Compares what lies beside the picture: sound, subtitles, chapters, tags, timecode, cover art and fonts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

from benchmarks.matrix.case import Case
from benchmarks.matrix.held import Held, Track
from benchmarks.matrix.row import Row

_MILLISECOND = Fraction(1, 1000)
_TICK = Fraction(1, 40_000)  # of the coarsest clock of sound
_MATROSKA = (".mkv", ".webm")
_DISPOSED = (".mkv", ".webm", ".mp4", ".mov", ".m4v")


def compare_tracks(case: Case, row: Row, before: Held, after: Held) -> None:
    """Compare everything beside the picture."""
    for check in (_sounds, _subtitles, _others):
        row.wrong += check(case, row, before, after)


def _sounds(case: Case, row: Row, before: Held, after: Held) -> Iterator[str]:
    if "sound" in case.lost:
        return
    if len(before.sounds) != len(after.sounds):
        yield f"{len(after.sounds)} tracks of sound instead of {len(before.sounds)}"
        return
    is_cut = bool(case.options.keys() & {"trim_start", "trim_end"})
    for number, (one, other) in enumerate(zip(before.sounds, after.sounds, strict=True), 1):
        differences = _cut(case, one, other) if is_cut else _copied(case, one, other)
        yield from (f"sound {number}: {text}" for text in (*differences, *_labels(case, one, other)))
    row.sounds = tuple(len(track.times) for track in after.sounds)


def _copied(case: Case, one: Track, other: Track) -> Iterator[str]:
    """Compare a track of sound that is to be the same."""
    is_coarse = case.to in _MATROSKA or case.file.endswith((*_MATROSKA, ".flv", ".wmv"))
    if one.digest != other.digest:
        yield f"packets differ ({len(other.times)} for {len(one.times)})"
    elif len(one.times) == len(other.times):
        off = max(abs(a - b) for a, b in zip(one.times, other.times, strict=True))
        if off > (_MILLISECOND if is_coarse else _TICK):
            yield f"times off by {float(off * 1000):.2f} ms"
    elif not one.codec.startswith("pcm") or abs(one.times[0] - other.times[0]) > _MILLISECOND:
        yield f"{len(other.times)} packets instead of {len(one.times)}"


def _cut(case: Case, one: Track, other: Track) -> Iterator[str]:
    """Compare a track of sound that was cut: packets that follow each other, moved as much as the pictures were."""
    frames = case.numbers or ()
    moved = frames[0] * case.clip.pictures.clock
    first = one.digests.index(other.digests[0]) if other.digests and other.digests[0] in one.digests else 0
    last = first + len(other.digests)
    if one.digests[first:last] != other.digests or not other.digests:
        yield "other packets than those of the cut"
        return
    pairs = zip(one.times[first:last], other.times, strict=True)
    if max(abs(was - moved - is_now) for was, is_now in pairs) > _MILLISECOND:
        yield "moved against the pictures"
    end = (frames[-1] + 1) * case.clip.pictures.clock - moved
    step = one.times[-1] - one.times[-2]
    if other.times[0] > step or other.times[-1] < end - 2 * step or other.times[-1] > end:
        yield f"runs from {float(other.times[0]):.3f} s to {float(other.times[-1]):.3f} s"


def _labels(case: Case, one: Track, other: Track) -> Iterator[str]:
    """Compare what tracks of sound are called."""
    if one.codec != other.codec and "sound's codec" not in case.lost:
        yield f"{other.codec} instead of {one.codec}"
    if _language(one.language) != _language(other.language):
        yield f"language {other.language!r} instead of {one.language!r}"
    if one.title != other.title:
        yield f"title {other.title!r} instead of {one.title!r}"
    if one.disposition != other.disposition and Path(case.file).suffix in _DISPOSED:
        yield f"disposition {other.disposition} instead of {one.disposition}"


def _subtitles(case: Case, row: Row, before: Held, after: Held) -> Iterator[str]:
    if len(before.subtitles) != len(after.subtitles):
        yield f"{len(after.subtitles)} tracks of subtitles instead of {len(before.subtitles)}"
        return
    strip: Callable[[str], str] = _without_styles if "styles" in case.lost else str
    for one, other in zip(before.subtitles, after.subtitles, strict=True):
        mine, yours = ([(*line[:2], strip(line[2])) for line in texts.lines] for texts in (one, other))
        if mine != yours:
            yield f"subtitles {yours} instead of {mine}"
        elif _language(one.language) != _language(other.language):
            yield f"subtitles: language {other.language!r} instead of {one.language!r}"
        else:
            row.kept.append(f"subtitles ({other.codec})")


def _others(case: Case, row: Row, before: Held, after: Held) -> Iterator[str]:
    if before.chapters != after.chapters:
        yield f"chapters {after.chapters} instead of {before.chapters}"
    elif before.chapters:
        row.kept.append(f"{len(before.chapters)} chapters")
    wanted = {name.lower() for name in (*case.clip.tags, "location")} - {"timecode"}
    tags = {name: before.tags[name] for name in sorted(wanted) if name in before.tags}
    for name, value in tags.items():
        if after.tags.get(name) != value:
            yield f"tag {name} {after.tags.get(name)!r} instead of {value!r}"
    if tags:
        row.kept.append(f"tags ({', '.join(tags)})")
    if before.timecode and before.timecode != after.timecode:
        yield f"timecode {after.timecode!r} instead of {before.timecode!r}"
    elif before.timecode:
        row.kept.append("timecode")
    if bool(before.cover) != bool(after.cover):
        yield "no cover art"
    elif before.cover:
        row.kept.append("cover art")
    if before.fonts != after.fonts:
        yield f"attached files {after.fonts} instead of {before.fonts}"
    elif before.fonts:
        row.kept.append("attached font")


def _language(code: str) -> str:
    return "" if code == "und" else {"deu": "ger", "fra": "fre"}.get(code, code)


def _without_styles(text: str) -> str:
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + text[end + 1 :]
    return text
