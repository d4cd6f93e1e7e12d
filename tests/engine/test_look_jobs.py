"""Whole jobs that give frames a look or faces make-up."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.errors import InputDamagedError, NoFaceError, OptionsError, OutputIsInputError
from facefusion.options import Options
from material import ASTRONAUT, CAPTAIN, read, read_clip, save

WARM = "LUT_1D_SIZE 2\n0.1 0 0\n1 0.9 0.7\n"

pytestmark = pytest.mark.usefixtures("kept_warm")


@pytest.fixture
def options(moving_portrait, quiet_place):
    def make(**values):
        basics = {"target_path": moving_portrait, "output_path": "out.mkv", "output_video_encoder": "ffv1"}
        return Options.parse(basics | values)

    return make


def test_a_look_needs_neither_face_nor_source(options, quiet_place, moving_portrait):
    run(options(processors=["stylizer"], stylizer_look="sketch", trim_end="3f"))
    before, after = read_clip(moving_portrait, 3), read_clip(quiet_place / "out.mkv")
    assert len(after) == 3 and all(np.ptp(image.astype(int), axis=2).max() < 12 for image in after)
    assert all(np.abs(a.astype(int) - b).mean() > 20 for a, b in zip(after, before, strict=True))


def test_only_faces_or_all_but_faces_are_drawn(options, quiet_place):
    values = {"target_path": ASTRONAUT, "output_path": "out.png", "output_video_encoder": "auto", "overwrite": True}
    before, changed = read(ASTRONAUT), {}
    for scope in ("faces", "background"):
        assert run(options(processors=["stylizer"], stylizer_scope=scope, **values)).faces == 1
        change = np.abs(read(quiet_place / "out.png").astype(int) - before).max(2)
        changed[scope] = change[100:140, 200:240].mean(), change[300:450].mean()
    assert changed["faces"][0] > 5 and changed["faces"][1] < 1
    assert changed["background"][0] < 1 and changed["background"][1] > 5
    blank = save(quiet_place / "blank.png", np.full((90, 160, 3), 128, np.uint8))
    with pytest.raises(NoFaceError):
        run(options(processors=["stylizer"], stylizer_scope="faces", **values | {"target_path": blank}))


def test_a_table_colours_a_picture(options, quiet_place):
    (quiet_place / "warm.cube").write_text(WARM)
    values = {"processors": ["stylizer"], "stylizer_look": "lut", "stylizer_lut": "warm.cube"}
    run(options(target_path=ASTRONAUT, output_path="out.png", output_video_encoder="auto", **values))
    wanted = np.array([0.1, 0, 0]) * 255 + read(ASTRONAUT) * np.array([0.9, 0.9, 0.7])
    assert np.abs(read(quiet_place / "out.png")[60:] - wanted[60:]).mean() < 1


def test_a_table_is_an_input_like_any_other(options, quiet_place):
    (quiet_place / "out.png").write_text(WARM)
    values = {"processors": ["stylizer"], "stylizer_look": "lut", "stylizer_lut": "out.png", "overwrite": True}
    with pytest.raises(OutputIsInputError):
        run(options(target_path=ASTRONAUT, output_path="out.png", output_video_encoder="auto", **values))
    (quiet_place / "bad.cube").write_text("LUT_1D_SIZE 2\n0 0 nan\n1 1 1\n")
    with pytest.raises(InputDamagedError, match="line 2 holds other than 3 finite numbers"):
        run(options(processors=["stylizer"], stylizer_look="lut", stylizer_lut="bad.cube"))


def test_a_face_is_made_up_after_a_reference(options, quiet_place):
    values = {
        "target_path": ASTRONAUT,
        "output_path": "out.png",
        "output_video_encoder": "auto",
        "makeup_wrinkles": 100,
    }
    done = run(options(processors=["makeup"], makeup_reference=CAPTAIN, **values))
    change = np.abs(read(quiet_place / "out.png").astype(int) - read(ASTRONAUT)).max(2)
    assert done.faces == 1 and change[80:180, 170:280].mean() > 1 and change[300:450, 330:].mean() < 1


def test_without_a_reference_the_source_lends_its_make_up(options):
    with pytest.raises(OptionsError, match="No face is given whose make-up is taken"):
        run(options(processors=["makeup"]))
