"""Single frames in any order: each is the very frame that reading from the beginning gives."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_clips import LIMITS, make_clip
from test_seeking import COUNTED, FRAMES, GOP, SOUGHT, VARIABLE, Kind, clip, encode

from facefusion.errors import OptionsError
from facefusion.media.finder import FrameFinder
from facefusion.media.frame import Frame
from facefusion.media.open import open_reader
from facefusion.media.select import EVERYTHING, Selection
from facefusion.options.moments import Moment
from material import save

_KINDS = [(name, kind, ending) for name, (kind, endings) in SOUGHT.items() for ending in endings]
_KINDS += [(name, kind, ending) for name, (kind, ending) in COUNTED.items()]


def told(frame: Frame) -> tuple[object, ...]:
    return frame.index, frame.pts, frame.duration, frame.copies, frame.image.tobytes()


def in_order(path: Path, selection: Selection = EVERYTHING, limits=LIMITS) -> list[tuple[object, ...]]:
    with open_reader(path, limits=limits, selection=selection) as reader:
        return [told(frame) for frame in reader]


def check(path: Path, selection: Selection = EVERYTHING, *, memory: int = 1 << 20, limits=LIMITS) -> None:
    """Ask for all frames, mixed, some of them twice."""
    wanted = in_order(path, selection, limits)
    numbers = [*range(len(wanted)), *range(0, len(wanted), 3)]
    random.Random(7).shuffle(numbers)
    finder = FrameFinder(path, limits, selection, memory=memory)
    assert len(finder) == len(wanted)
    for number in [*numbers, len(wanted) - 1, 0, 1]:
        assert told(finder.frame(number)) == wanted[number], number
    finder.close()


@pytest.mark.parametrize(("name", "kind", "ending"), _KINDS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_frame_in_any_order(tmp_path, name: str, kind: Kind, ending: str):
    check(clip(tmp_path / f"clip{ending}", kind))


@pytest.mark.parametrize("memory", [0, 64 << 20])
def test_however_many_frames_are_kept(tmp_path, memory):
    check(clip(tmp_path / "clip.mp4", SOUGHT["open groups"][0]), memory=memory)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(start=Moment(frame=11)),
        Selection(start=Moment(seconds=Fraction(1, 2)), end=Moment(frame=33)),
        Selection(rate=Fraction(10)),
        Selection(start=Moment(seconds=Fraction(1, 3)), rate=Fraction(60)),
        Selection(deinterlace=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_frames_are_counted_in_what_is_given_out(tmp_path, selection, ending):
    kind = SOUGHT["closed groups"][0]
    check(encode(tmp_path / f"clip{ending}", kind, pts=VARIABLE, time_base=Fraction(1, 1000)), selection)


def test_sequences_and_animations(tmp_path):
    from PIL import Image

    images = [np.full((20, 30, 3), 10 * number, np.uint8) for number in range(9)]
    (tmp_path / "shots").mkdir()
    for number, image in enumerate(images):
        save(tmp_path / "shots" / f"shot.{number:04}.png", image)
    check(tmp_path / "shots")
    check(tmp_path / "shots", Selection(start=Moment(frame=3), rate=Fraction(10)))
    pictures = [Image.fromarray(image) for image in images]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=70)
    check(tmp_path / "a.gif")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="isolation needs Linux")
def test_a_strangers_file_is_gone_through_apart(tmp_path):
    limits = LIMITS.model_copy(update={"isolate": True})
    check(clip(tmp_path / "clip.mp4", SOUGHT["closed groups"][0]), limits=limits)


def test_a_moment_is_the_frame_that_is_shown_then(tmp_path):
    path = encode(tmp_path / "clip.mp4", SOUGHT["closed groups"][0], pts=VARIABLE, time_base=Fraction(1, 1000))
    finder = FrameFinder(path, LIMITS)
    assert [finder.index_at(at) for at in (0, 0.039, 0.04, 0.05, 0.0730, 0.0731)] == [0, 0, 1, 1, 2, 2]
    assert finder.index_at(VARIABLE[-1] / 1000 + 0.5) == FRAMES - 1
    for moment in (-0.1, VARIABLE[-1] / 1000 + 2):
        with pytest.raises(OptionsError, match="has no frame at"):
            finder.index_at(moment)
    for number in (-1, FRAMES):
        with pytest.raises(OptionsError, match=f"Choose from 0 to {FRAMES - 1}"):
            finder.frame(number)
    finder.close()


def test_a_step_back_decodes_nothing_again(tmp_path, monkeypatch):
    finder = FrameFinder(clip(tmp_path / "clip.mp4", SOUGHT["closed groups"][0]), LIMITS)
    finder.frame(GOP * 3 - 1)
    monkeypatch.setattr("facefusion.media.reader.VideoReader.go", None)
    assert [finder.frame(GOP * 3 - step).index for step in range(1, GOP)] == [*range(GOP * 3 - 1, GOP * 2, -1)]
    finder.close()


def test_a_clip_with_sound(tmp_path):
    check(make_clip(tmp_path / "clip.mp4"))
