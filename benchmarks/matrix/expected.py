"""What of a made file is to come out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import as_shown
from benchmarks.matrix.drawing import number_in
from benchmarks.matrix.held import Held, Shown

_MILLISECOND = Fraction(1, 1000)


def turned_up(found: Held, case: Case) -> Held:
    """Turn the frames of a made file as its display matrix says, and take those that are to come out."""
    turn = case.clip.pictures.turn
    shown = found.frames if turn == "0" else [_turned(frame, turn) for frame in found.frames]
    if case.numbers is not None and case.numbers != tuple(range(len(shown))):
        by_number = {number_in(frame.picture): frame for frame in shown}
        shown = [by_number[number] for number in case.numbers]
    if "crop" in case.options:
        shown = [_cropped(frame, case.options["crop"]) for frame in shown]
    found.frames = shown
    if turn.startswith(("90", "270")):
        found.aspect = 1 / found.aspect
    return found


def check_made(case: Case, before: Held) -> None:
    """Make sure that the made file shows what was drawn, when it was to be shown; else nothing can be proven by it.

    Raises:
        ValueError: it does not.
    """
    numbers = case.clip.numbers if case.numbers is None else case.numbers
    if "crop" not in case.options and [number_in(frame.picture) for frame in before.frames] != list(numbers):
        raise ValueError(f"{case.file} shows other frames than were drawn")
    if case.numbers is not None or case.file.endswith(".avi"):  # libav does not know the times of these
        return
    for frame, time in zip(before.frames, case.clip.times, strict=True):
        late = (frame.time - before.frames[0].time) - (time - case.clip.times[0])
        if abs(late) > _MILLISECOND:
            raise ValueError(f"{case.file} shows a frame at another time than was asked for")


def expected_times(case: Case, before: Held) -> list[Fraction]:
    """Return when frames are to be shown: as libav reads the file where nothing else is said."""
    return [frame.time for frame in before.frames] if case.times is None else list(case.times)


def _turned(frame: Shown, turn: str) -> Shown:
    alpha = None if frame.alpha is None else as_shown(frame.alpha, turn)
    planes = [as_shown(plane, turn) for plane in frame.planes]
    return replace(frame, picture=as_shown(frame.picture, turn), alpha=alpha, planes=planes)


def _cropped(frame: Shown, region: tuple[int, int, int, int]) -> Shown:
    x, y, width, height = region
    area = slice(y, y + height), slice(x, x + width)
    planes = []
    for plane in frame.planes:
        down, across = (whole // part for whole, part in zip(frame.picture.shape, plane.shape, strict=False))
        planes.append(plane[y // down : (y + height) // down, x // across : (x + width) // across])
    return replace(frame, picture=frame.picture[area], planes=planes)
