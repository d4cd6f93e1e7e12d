"""The frame enhancer: tiles without seams, both families, real weights."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from facefusion.errors import ModelUnfitError, ModelUnknownError
from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.frame_enhancer import SPEC
from facefusion.processors.frame_enhancer.tiles import Tiling, enlarged, spans
from generated.builder import Shelf
from generated.imaging import super_resolution
from material import face_of, mesh_at, read
from reference import imaging as reference

RGB, LUMA, TASK = "rgb_super_resolution", "luma_super_resolution", "frame_enhancer"
SMALL = {"tile": 64, "pad": 6, "overlap": 8}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def put(shelf, family=RGB, *, name="net", tiling=SMALL, **network):
    scale = network.get("scale", 2)
    network.setdefault("channels", 3 if family == RGB else 1)
    shelf.put(name, TASK, family, super_resolution(**network), settings={"scale": scale, **tiling})
    return shelf.sessions().load(name, TASK)


def whole(shelf, image):
    """The reference: the whole picture through the network at once."""
    [output] = reference.run(shelf.folder / "net.onnx", input=reference.planes(image))
    return reference.picture(output[0])


def inner(image, border):
    return image[border:-border, border:-border].astype(float)


@pytest.mark.parametrize("shape", [(150, 201), (64, 64), (52, 300), (40, 30), (201, 133)])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_tiles_make_the_same_picture_as_the_whole_frame_at_once(shelf, astronaut, shape, scale):
    net, image = put(shelf, scale=scale), astronaut[: shape[0], 100 : 100 + shape[1]]
    [result] = enlarged([image], net)
    assert result.shape == (shape[0] * scale, shape[1] * scale, 3)
    assert np.abs(inner(result, 4 * scale) - inner(whole(shelf, image), 4 * scale)).max() <= 1
    # At the border the network sees the picture go on as its mirror image, not in black.
    mirrored = np.pad(image, ((8, 8), (8, 8), (0, 0)), mode="reflect")
    assert np.abs(result - inner(whole(shelf, mirrored), 8 * scale)).max() <= 1


def test_where_tiles_meet_nothing_is_to_be_seen(shelf):
    """Of a network that makes every other tile brighter by 40, no step is larger than a few."""

    class Moody:
        scale, tiling, calls = 1, Tiling(64, 4, 16), 0

        def enlarge(self, tiles):
            signs = [1 if (self.calls + number) % 2 else -1 for number in range(len(tiles))]
            self.calls += len(tiles)
            return tiles.astype(np.float32) + 20 * np.array(signs, np.float32)[:, None, None, None]

    [result] = enlarged([np.full((150, 190, 3), 128, np.uint8)], Moody())
    steps = [np.abs(np.diff(result.astype(int), axis=axis)).max() for axis in (0, 1)]
    assert result.max() - result.min() == 40
    assert max(steps) <= 4  # 40 over at least 16 pixels, rounded twice


@pytest.mark.parametrize("length", [1, 20, 56, 57, 100, 101, 500, 3840])
def test_tiles_cover_every_pixel_and_overlap_enough(length):
    tiling = Tiling(64, 4, 8)
    found = spans(length, tiling)
    assert found[0].start == 0 and found[-1].start + found[-1].size == length
    for before, after in pairwise(found):
        assert after.overlap == before.start + before.size - after.start >= tiling.overlap - 1
    assert all(span.size == min(tiling.core, length) for span in found)


def test_luma_families_leave_colour_as_it_is_enlarged(shelf, astronaut):
    net, image = put(shelf, LUMA), astronaut[:120, 100:260]
    [result] = enlarged([image], net)
    luma = reference.luma(image).astype(np.float32)[None, None]
    [output] = reference.run(shelf.folder / "net.onnx", input=luma)
    differences = cv2.resize(reference.colour_differences(image), (320, 240), interpolation=cv2.INTER_CUBIC)
    expected = reference.from_luma(output[0, 0], differences)
    assert np.abs(inner(result, 8) - inner(expected, 8)).max() <= 1


def test_shares_below_one_mix_in_the_frame_itself(shelf, astronaut):
    net, image = put(shelf), astronaut[:100, 100:220]
    [full], [half], [none] = (enlarged([image], net, blend) for blend in (1.0, 0.5, 0.0))
    plain = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert np.abs(inner(none, 8) - inner(plain, 8)).max() <= 1
    assert np.abs(inner(half, 8) - (inner(full, 8) + inner(none, 8)) / 2).max() <= 1.5


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize("side", [None, 48])
def test_several_frames_at_once_come_out_as_each_alone(shelf, astronaut, batch, side):
    net = put(shelf, batch=batch, side=side)
    images = [astronaut[top : top + 90, 100:230] for top in (0, 40, 80)]
    together, alone = enlarged(images, net), [enlarged([image], net)[0] for image in images]
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))


def test_a_file_that_fixes_its_input_decides_on_the_tiles(shelf):
    assert put(shelf, side=48).tiling == Tiling(48, 6, 8)


def test_the_rows_of_a_large_frame_are_worked_on_one_after_the_other():
    """What goes through the network at once does not grow with the frame."""
    most = []

    class Counting:
        scale, tiling = 2, Tiling(256, 16, 8)

        def enlarge(self, tiles):
            most.append(tiles.size)
            return np.zeros((len(tiles), 512, 512, 3), np.float32)

    enlarged([np.zeros((2160, 3840, 3), np.uint8)], Counting())
    assert max(most) <= 4 * 256 * 256 * 3


def test_a_wrong_entry_is_refused_by_what_the_network_makes(shelf, astronaut):
    shelf.put("net", TASK, RGB, super_resolution(2), settings={"scale": 4, **SMALL})
    with pytest.raises(ModelUnfitError, match="makes 128x128 of 64x64, but its entry says that it enlarges 4 times"):
        enlarged([astronaut[:80, :80]], shelf.sessions().load("net", TASK))
    with pytest.raises(ModelUnfitError, match="of 16 pixels nothing is left after pad 8 and overlap 8"):
        put(shelf, name="other", tiling={"tile": 16, "pad": 8, "overlap": 8})


def test_the_size_of_the_output_is_known_from_the_entry_alone(shelf):
    put(shelf, scale=4)
    options = Options.parse({"frame_enhancer_model": "net"})
    after = SPEC.format(FrameFormat(100, 60), options, Catalogue(shelf.cards))
    assert after == FrameFormat(400, 240)
    with pytest.raises(ModelUnknownError, match="face_mesh"):
        SPEC.format(after, Options.parse({"frame_enhancer_model": "face_mesh"}), Catalogue.known())
    assert SPEC.format(FrameFormat(10, 10), Options(), Catalogue.known()).width == 20


def test_faces_are_brought_to_the_new_size(shelf, astronaut):
    put(shelf)
    context = ProcessorContext(Options.parse({"frame_enhancer_model": "net"}), (), shelf.sessions())
    face = face_of(mesh_at(100, 90, 60), irises=np.array([[90, 80, 3], [110, 80, 3]], np.float32))
    [after] = SPEC.create(context).process([FaceFrame(Frame(0, 0, 0, Fraction(1), astronaut[:200, :240]), (face,))])
    assert after.frame.image.shape == after.before.image.shape == (400, 480, 3)
    assert np.allclose(after.faces[0].mesh[:, :2], face.mesh[:, :2] * 2 + 0.5, atol=1e-4)
    assert after.faces[0].width == pytest.approx(2 * face.width)
    assert np.allclose(after.faces[0].irises, [[180.5, 160.5, 6], [220.5, 160.5, 6]])


@pytest.fixture
def real(assets, shelf):
    """Load real weights."""

    def load(name, family, **settings):
        weights = onnx.load(assets / "models" / "superres" / f"{name}.onnx")
        shelf.put(name, TASK, family, weights, settings=settings)
        return shelf.sessions().load(name, TASK)

    return load


def psnr(one, other):
    return 10 * np.log10(255**2 / np.mean((inner(one, 8) - inner(other, 8)) ** 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "family", "shrinking", "least"),
    [
        ("espcn_x2", LUMA, cv2.INTER_CUBIC, 0.3),
        ("fsrcnn_x2", LUMA, cv2.INTER_CUBIC, 0.3),
        ("subpixel_cnn_x3", LUMA, cv2.INTER_AREA, -0.6),
        ("realesr_animevideov3_x4", RGB, cv2.INTER_CUBIC, -2.5),
    ],
)
def test_real_weights_against_smooth_enlarging(assets, real, name, family, *, shrinking, least):
    """Gain over bicubic in decibel: the two smallest networks win, the one for drawings and the oldest one do not."""
    image, scale = read(next(Path(assets / "pictures" / "synthetic").glob("*04*")))[:840, :840], int(name[-1])
    small = cv2.resize(image, None, fx=1 / scale, fy=1 / scale, interpolation=shrinking)
    [result] = enlarged([small], real(name, family, scale=scale))
    plain = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert psnr(result, image) - psnr(plain, image) >= least


@pytest.mark.slow
def test_a_network_may_brighten_instead(assets, real):
    dark = read(next(Path(assets / "pictures" / "derived").glob("*dark*")))
    [result] = enlarged([dark], real("sci_medium_lowlight", RGB, scale=1))
    assert result.shape == dark.shape
    assert result.mean() > 3 * dark.mean()
