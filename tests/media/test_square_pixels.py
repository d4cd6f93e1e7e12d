"""Pictures made of a video have square pixels, as nobody asks them for another shape; videos keep theirs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import make_clip, picture, rewrite
from PIL import Image as Pillow

STORED, ASPECT, SQUARE = (72, 48), Fraction(16, 9), (128, 48)
PICTURES = (".png", ".jpg", ".webp", ".avif", ".tiff")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", size=STORED, pts=range(3), aspect=ASPECT, crf="1")


def shown(path: Path) -> tuple[tuple[int, int], float]:
    """The size of a picture, and by how much it differs from what was drawn, drawn as wide."""
    with Pillow.open(path) as opened:
        image = np.asarray(opened.convert("RGB"), int)
        return opened.size, float(np.abs(image - picture(0, *opened.size)).mean())


@pytest.mark.parametrize("ending", PICTURES)
def test_numbered_pictures_have_square_pixels(clip: Path, tmp_path: Path, ending: str) -> None:
    rewrite(clip, tmp_path / f"shot.%02d{ending}")

    for number in (1, 2, 3):
        size, error = shown(tmp_path / f"shot.{number:02d}{ending}")
        assert size == SQUARE
        assert number > 1 or error < 3


def test_so_have_all_pictures_of_a_job_while_its_video_keeps_their_shape(clip: Path, tmp_path: Path) -> None:
    further = [tmp_path / name for name in ("small.%02d.png", "moving.gif", "moving.apng")]
    texts = [f"'{further[0]}' size=50%", *(f"'{path}'" for path in further[1:])]
    beside = {"thumbnail": tmp_path / "thumb.png", "contact_sheet": tmp_path / "sheet.png"}

    rewrite(clip, tmp_path / "out.mp4", renditions=texts, **beside)

    assert [shown(path)[0] for path in further[1:]] == [SQUARE, SQUARE]
    assert shown(tmp_path / "small.01.png") == ((64, 24), pytest.approx(0, abs=3))
    assert shown(tmp_path / "thumb.png")[0] == SQUARE
    with Pillow.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width % (SQUARE[0] + 8) == 8
    with av.open(str(tmp_path / "out.mp4")) as written:
        stream = written.streams.video[0]
        assert (stream.width, stream.height, stream.sample_aspect_ratio) == (*STORED, ASPECT)


def test_a_size_that_is_asked_for_is_one_of_square_pixels(clip: Path, tmp_path: Path) -> None:
    rewrite(clip, tmp_path / "shot.%02d.png", output_video_size="24p")

    assert shown(tmp_path / "shot.01.png")[0] == (64, 24)
