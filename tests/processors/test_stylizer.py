"""The stylizer: looks at any size, where the scope has them, and without boiling."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.stylizer import SPEC
from facefusion.processors.stylizer.canvas import LINES, canvas_size
from facefusion.processors.stylizer.steady import Steadied
from facefusion.testing import check_processor
from material import face_of, mesh_at, outline_mask

LOOKS = ("cartoon", "oil", "sketch")
FACE = face_of(mesh_at(110, 70, 60))


@pytest.fixture
def picture(astronaut):
    return np.ascontiguousarray(astronaut[:150, 100:320])


def processor(look="cartoon", **values):
    given = {f"stylizer_{name}": value for name, value in {"look": look, **values}.items()}
    return SPEC.create(ProcessorContext(Options.parse(given), (), SessionFactory(("cpu",))))


def frames(images, faces=()):
    return [FaceFrame(Frame(n, n, 1, Fraction(1, 25), image), tuple(faces)) for n, image in enumerate(images)]


def styled(images, look, faces=(), **values):
    return [item.frame.image for item in processor(look, **values).process(frames(images, faces))]


def apart(one, other):
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.mark.parametrize("look", LOOKS)
def test_it_keeps_the_rules_of_processors(picture, look):
    moved = [np.ascontiguousarray(picture[step : step + 100, 2 * step : 2 * step + 120]) for step in range(4)]
    check_processor(lambda: processor(look), frames(moved, [FACE]))


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_changes_the_picture_and_keeps_what_it_shows(picture, look):
    [result] = styled([picture], look)
    assert result.shape == picture.shape and apart(result, picture) > 2
    coarse = [
        cv2.resize(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), (22, 15), interpolation=cv2.INTER_AREA)
        for each in (result, picture)
    ]
    assert np.corrcoef(coarse[0].ravel(), coarse[1].ravel())[0, 1] > 0.85


def test_a_cartoon_has_fewer_lightnesses_and_dark_lines(picture):
    [result] = styled([picture], "cartoon")
    dark = [(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) < 25).mean() for each in (picture, result)]
    assert dark[1] > dark[0]
    steps = [
        cv2.calcHist([cv2.cvtColor(each, cv2.COLOR_RGB2GRAY)], [0], None, [256], [0, 256]) for each in (picture, result)
    ]
    assert np.sort(steps[1].ravel())[-32:].sum() > np.sort(steps[0].ravel())[-32:].sum()


def test_a_sketch_is_grey_and_darker_where_the_picture_is():
    ramp = np.repeat(np.linspace(0, 255, 240, dtype=np.uint8)[None, :, None], 120, 0).repeat(3, 2)
    [result] = styled([ramp], "sketch")
    assert (np.ptp(result, axis=2) == 0).all()
    columns = result[:, :, 0].reshape(120, 6, 40).mean((0, 2))
    assert (np.diff(columns) > 3).all()


def test_paint_is_even_between_edges_and_keeps_them(picture):
    noisy = picture.copy()
    noisy[:, :110], noisy[:, 110:] = 70, 180
    noisy = np.clip(noisy + np.random.default_rng(4).normal(0, 9, noisy.shape), 0, 255).astype(np.uint8)
    [result] = styled([noisy], "oil")
    assert result[20:130, 20:90].std() < noisy[20:130, 20:90].std() / 2
    assert result[20:130, 116:122].mean() - result[20:130, 98:104].mean() > 95


def test_paint_has_no_seam_beside_an_edge(picture):
    """Nothing is lighter than the light side of an edge, or darker than the dark one, but by the marks of bristles."""
    edge = np.full((120, 200, 3), 60, np.uint8)
    edge[:, 100:] = 190
    [result] = styled([edge], "oil")
    assert result.min() >= 57 and result.max() <= 193


@pytest.mark.parametrize("look", LOOKS)
def test_strokes_are_measured_by_the_frame(picture, look):
    """A frame of more lines looks the same, and sharper; hatching is as dense, and lies elsewhere."""
    scale, most = (8, 5) if look == "sketch" else (1, 4)
    size = (picture.shape[1] // scale, picture.shape[0] // scale)
    drawn = [
        styled([cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)], look)[0]
        for factor in (8, 12)
    ]
    assert apart(*(cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in drawn)) < most


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (31, 47)])
@pytest.mark.parametrize("look", LOOKS)
def test_frames_of_any_shape_are_drawn(look, shape):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    first, second = styled([image, image], look)
    assert first.shape == second.shape == image.shape


def test_the_canvas_is_no_larger_than_is_of_use():
    assert canvas_size((2160, 3840, 3)) == (LINES, 960)
    assert canvas_size((100, 50, 3)) == (100, 50)


def test_wider_strokes_are_wider(picture):
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    [fine], [wide] = (styled([large], "oil", stroke=stroke) for stroke in (1, 3))
    assert cv2.Laplacian(wide, cv2.CV_32F).std() < cv2.Laplacian(fine, cv2.CV_32F).std()
    inks = [styled([large], "cartoon", stroke=stroke)[0].max(2) < 20 for stroke in (1, 3)]
    cores = [cv2.erode(ink.astype(np.uint8), np.ones((5, 5))).sum() / ink.sum() for ink in inks]
    assert cores[1] > cores[0]


def test_strength_is_the_share_of_the_look(picture):
    [whole], [half] = styled([picture], "cartoon"), styled([picture], "cartoon", strength=50)
    assert np.abs(half.astype(float) - (whole.astype(float) + picture) / 2).max() <= 1


def test_a_frame_without_any_of_the_look_stays_the_same_object(picture):
    [item] = frames([picture])
    assert processor(strength=0).process([item])[0].frame is item.frame
    assert processor(scope="faces").process([item])[0].frame is item.frame


def test_faces_or_all_but_faces_show_it(picture):
    face = replace(FACE, share=1.0)
    within, beyond = outline_mask(face, picture.shape, 0.9), ~outline_mask(face, picture.shape, 2.0)
    [faces] = styled([picture], "cartoon", [face], scope="faces")
    [background] = styled([picture], "cartoon", [face], scope="background")
    [whole] = styled([picture], "cartoon")
    assert (
        np.array_equal(faces[beyond], picture[beyond]) and np.abs(faces[within].astype(int) - whole[within]).mean() < 3
    )
    assert np.array_equal(background[beyond], whole[beyond])
    assert np.abs(background[within].astype(int) - picture[within]).mean() < 3


def test_a_face_that_comes_shows_it_by_its_share(picture):
    [whole], [half] = (styled([picture], "sketch", [replace(FACE, share=share)], scope="faces") for share in (1.0, 0.5))
    middle = outline_mask(FACE, picture.shape, 0.7)
    assert np.abs(half[middle] - (whole[middle].astype(float) + picture[middle]) / 2).max() <= 2


def test_faces_are_looked_for_only_where_the_scope_asks_for_them():
    scopes = {
        scope: SPEC.is_given_faces(Options.parse({"stylizer_scope": scope}))
        for scope in ("frame", "faces", "background")
    }
    assert scopes == {"frame": False, "faces": True, "background": True}


@pytest.mark.parametrize("look", LOOKS)
def test_noise_does_not_boil(picture, look):
    """What stands still is drawn anew from noise in each frame: steadied, it changes much less than frame by frame."""
    noise = np.random.default_rng(2)
    still = [np.clip(picture + noise.normal(0, 3, picture.shape), 0, 255).astype(np.uint8) for _ in range(6)]
    together = styled(still, look)
    alone = [styled([image], look)[0] for image in still]
    boiling = [np.mean([apart(*pair) for pair in zip(each[3:], each[2:], strict=False)]) for each in (together, alone)]
    assert boiling[0] < 0.7 * boiling[1]


def test_what_changes_is_not_dragged_along(picture):
    """A cut shows nothing of the scene before, and a light that goes on is there at once."""
    other = np.ascontiguousarray(np.rot90(picture, 2))
    assert np.array_equal(styled([picture, other], "oil")[1], styled([other], "oil")[0])
    steadied, lit = Steadied(), picture.copy()
    lit[40:90, 60:140] = 255 - lit[40:90, 60:140] // 2
    steadied.update(picture)
    assert apart(steadied.update(lit)[45:85, 65:135], lit[45:85, 65:135]) < 3


def test_motion_is_followed(picture):
    """Noise goes down on what moves, too."""
    noise = np.random.default_rng(3)
    large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    clean = [np.ascontiguousarray(large[:240, step * 2 : step * 2 + 320]) for step in range(7)]
    noisy = [np.clip(image + noise.normal(0, 4, image.shape), 0, 255).astype(np.uint8) for image in clean]
    steadied = Steadied()
    result = [steadied.update(image) for image in noisy][-1]
    inner = np.s_[20:-20, 20:-20]
    assert apart(result[inner], clean[-1][inner]) < 0.75 * apart(noisy[-1][inner], clean[-1][inner])


@pytest.mark.parametrize(
    ("values", "message"),
    [({"look": "lut"}, "No table of colours"), ({"look": "oil", "lut": "x.cube"}, "no use for the table")],
)
def test_a_table_is_named_where_it_is_of_use(values, message):
    with pytest.raises(OptionsError, match=message):
        processor(**values)
