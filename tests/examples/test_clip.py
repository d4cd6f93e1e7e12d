"""A clip on disk holds the frames, the times, the sound and the truth of its scene."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from talking_portrait import Event, Scene, frame_ticks, truth_path, write_clip
from talking_portrait.__main__ import main

SECONDS = 1.2


@pytest.fixture(scope="module")
def scene(play: Callable[..., Scene]) -> Scene:
    return play(Event("speech", 0, SECONDS), Event("turn", 0, SECONDS, 25), Event("hand", 0, SECONDS), height=360)


def read(path: Path) -> tuple[list[Any], np.ndarray]:
    """Frames as libav has them, and all sound."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    with av.open(str(path)) as container:
        sound = [frame.to_ndarray()[0] for frame in container.decode(audio=0)] if container.streams.audio else []
    return frames, np.concatenate(sound) if sound else np.zeros(0)


def test_picture_sound_and_truth(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    reports: list[tuple[int, int]] = []
    assert write_clip(path, scene, seconds=SECONDS, progress=lambda *at: reports.append(at)) == truth_path(path)
    frames, sound = read(path)
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(30)])
    assert reports == [(i + 1, 30) for i in range(30)]
    assert len(sound) / 48_000 == pytest.approx(SECONDS, abs=0.05)
    assert np.abs(sound).max() > 0.05
    known = np.load(truth_path(path))
    assert known["time"] == pytest.approx([i / 25 for i in range(30)])
    assert known["landmarks"].shape == (30, 1, 468, 2)
    assert known["visible"].shape == (30, 1, 468)
    assert known["hand_box"].shape == (30, 1, 4)
    assert (known["hand_box"][0] == -1).all()
    _, truth = scene.render(0.6)
    assert np.array_equal(known["landmarks"][15, 0], truth.face.landmarks)
    assert known["yaw"][15, 0] == pytest.approx(25, abs=0.1)


def test_colours_are_written_with_the_matrix_of_their_tag(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(path, scene, seconds=0.2, sound=False)
    frames, _ = read(path)
    assert (frames[0].colorspace, frames[0].color_range) == (1, 1)
    rgb = frames[0].reformat(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709").to_ndarray()
    # colours are stored at half the resolution, so fine detail is not compared
    written, wanted = (cv2.blur(image.astype(np.float32), (16, 16)) for image in (rgb, scene.render(0.0)[0]))
    assert np.abs(written - wanted).mean() < 1.6


def test_without_sound_there_is_no_stream_of_it(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    write_clip(path, scene, seconds=0.2, sound=False)
    with av.open(str(path)) as container:
        assert not container.streams.audio


def test_frames_may_come_at_irregular_times(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "irregular.mp4"
    write_clip(path, scene, seconds=0.5, fps=Fraction(30000, 1001), variable=True, seed=4)
    frames, _ = read(path)
    wanted = frame_ticks(0.5, Fraction(30000, 1001), variable=True, seed=4)
    assert [round(frame.time * 90_000) for frame in frames] == wanted
    assert len(set(np.diff(wanted))) > 5


def test_the_command_makes_a_clip(
    portraits: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "clip.mp4"
    arguments = [str(portraits["hopper"]), "-o", str(path), "--seconds", "0.2", "--size", "320x180", "--fps", "10"]
    assert main(arguments) == 0
    frames, _ = read(path)
    assert [(frame.width, frame.height) for frame in frames] == [(320, 180)] * 2
    assert str(truth_path(path)) in capsys.readouterr().out


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nobody.jpg")]) == 1
    assert "nobody.jpg" in capsys.readouterr().err
