"""Eyes and mouth of the new face: the target's gaze in the source's colour, and openings that shut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, vertex_normals
from facefusion.processors.face_swapper.mesh.colour import to_lab
from facefusion.processors.face_swapper.mesh.eyecolour import EyeColour, EyeMemory
from facefusion.processors.face_swapper.mesh.iris import deepened, recolour
from facefusion.processors.face_swapper.mesh.openings import close_openings, with_lids_shut, without_openings
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.symmetry import even_sockets
from facefusion.state import pack, unpack
from material import mesh_at, polygon_mask, read

SIZE = (600, 600)
FACE = mesh_at(300, 300, 400)
RADIUS = 15.0
SKIN, WHITE, PUPIL = (200, 150, 130), (225, 225, 225), (8, 8, 8)
BROWN, BLUE = (70, 45, 30), (95, 130, 165)


def irises(radius=RADIUS):
    middles = [FACE[list(rim), :2].mean(0) for rim in (LEFT_EYE, RIGHT_EYE)]
    return np.column_stack([middles, [radius, radius]]).astype(np.float32)


def with_lids_apart(share):
    """A face whose lids are apart by a share of the width of the eye."""
    mesh = FACE.copy()
    for rim in (LEFT_EYE, RIGHT_EYE):
        width, middle = np.ptp(FACE[list(rim), 0]), FACE[list(rim), 1].mean()
        for lower, upper in zip(rim[1:8], rim[:8:-1], strict=True):
            mesh[lower, 1], mesh[upper, 1] = middle + share * width / 2, middle - share * width / 2
    return mesh


def picture(colour, mesh=FACE, light=1.0):
    """A face of plain skin with eyes of a colour."""
    image = np.full((*SIZE, 3), SKIN, np.uint8)
    eyes = np.full((*SIZE, 3), WHITE, np.uint8)
    for x, y, radius in irises().tolist():
        cv2.circle(eyes, (round(x), round(y)), round(radius), colour, -1, cv2.LINE_AA)
        cv2.circle(eyes, (round(x), round(y)), round(0.35 * radius), PUPIL, -1, cv2.LINE_AA)
        cv2.circle(eyes, (round(x) + 6, round(y) - 6), 2, (255, 255, 255), -1, cv2.LINE_AA)
    for rim in (LEFT_EYE, RIGHT_EYE):
        inside = polygon_mask(mesh[list(rim), :2], SIZE)
        image[inside] = eyes[inside]
    return np.asarray(np.clip(image * light, 0, 255), np.uint8)


OPEN = with_lids_apart(0.45)


def look(image, mesh=OPEN, radius=RADIUS):
    return EyeColour.observe(image, mesh, irises(radius))


def ring(image):
    """The iris, between pupil and limbus and below its catch light, Lab."""
    x, y, radius = irises()[0]
    return to_lab(image)[round(y + 0.5 * radius) : round(y + 0.75 * radius), round(x) - 2 : round(x) + 3].mean((0, 1))


@pytest.mark.parametrize(("own", "other"), [(BROWN, BLUE), (BLUE, BROWN)])
def test_irises_take_the_colour_of_the_source(own, other):
    target, source = picture(own, OPEN), picture(other, OPEN)
    result = recolour(target, OPEN, irises(), look(target), look(source))
    before, after = (np.abs(ring(image) - ring(source)) for image in (target, result))
    assert before.max() > 25
    assert after.max() < 0.5 * before.max()


def test_pupil_white_catch_light_and_skin_stay_the_targets():
    target = picture(BROWN, OPEN)
    result = recolour(target, OPEN, irises(), look(target), look(picture(BLUE, OPEN)))
    change = np.abs(result.astype(int) - target).max(2)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    reach = np.min([np.hypot(x - cx, y - cy) / radius for cx, cy, radius in irises()], axis=0)
    assert change[reach < 0.2].max() < 12
    assert change[reach > 1.25].max() == 0
    cx, cy, _ = irises()[0]
    assert change[round(cy) - 6, round(cx) + 6] < 12


def test_the_colour_is_the_same_in_any_light():
    """The white of the eye is seen in the same light, and tells it."""
    bright, dim = look(picture(BLUE, OPEN)), look(picture(BLUE, OPEN, light=0.6))
    target = look(picture(BROWN, OPEN))
    assert bright.in_light_of(target) == pytest.approx(dim.in_light_of(target), abs=6)


@pytest.mark.parametrize("mesh", [with_lids_apart(0.02)], ids=["shut"])
def test_shut_eyes_tell_no_colour_and_get_none(mesh):
    target = picture(BROWN, mesh)
    assert look(target, mesh).trust == 0
    assert recolour(target, mesh, irises(), look(picture(BROWN, OPEN)), look(picture(BLUE, OPEN))) is target


def test_eyes_of_a_few_pixels_and_eyes_that_nobody_looked_at_stay_as_they_are():
    target, blue = picture(BROWN, OPEN), look(picture(BLUE, OPEN))
    assert recolour(target, OPEN, irises(radius=2.0), look(target), blue) is target
    assert recolour(target, OPEN, None, look(target), blue) is target
    assert EyeColour.observe(target, OPEN, None).trust == 0


def test_a_source_whose_eyes_are_not_seen_leaves_the_targets_colour():
    target = picture(BROWN, OPEN)
    assert recolour(target, OPEN, irises(), look(target), EyeColour.unknown()) is target


def test_the_colour_of_a_followed_face_settles_and_is_remembered():
    memory = EyeMemory()
    first = memory.settled(look(picture(BLUE, OPEN)))
    assert first.iris == pytest.approx(look(picture(BLUE, OPEN)).iris)
    for _ in range(30):
        memory.settled(look(picture(BLUE, OPEN)))
    known = memory.settled(look(picture(BROWN, OPEN)))
    assert np.abs(known.iris - first.iris).max() < 0.1 * np.abs(look(picture(BROWN, OPEN)).iris - first.iris).max()
    again = EyeMemory.of_state(unpack(pack(memory.state())))
    blink = EyeColour.unknown()
    assert again.settled(blink).iris == pytest.approx(memory.settled(blink).iris)


def test_a_blue_eyed_source_has_blue_eyes(analyser, assets):
    folder = assets / "pictures" / "synthetic"
    colours = []
    for name in ("sfhq_05_blonde_woman.jpg", "sfhq_26_south_asian_man_stubble.jpg"):
        image = read(folder / name)
        colours.append(SourceModel.build(image, analyser.find(image)[0]).eyes)
    blue, brown = colours
    assert min(blue.trust, brown.trust) > 0.9
    assert blue.iris[2] < blue.white[2], "bluer than the white"
    assert blue.in_light_of(blue)[0] > 2 * brown.in_light_of(blue)[0]


def test_lids_that_all_but_meet_meet_in_one_line_and_open_eyes_stay():
    shut = with_lids_shut(with_lids_apart(0.1))
    for rim in (LEFT_EYE, RIGHT_EYE):
        lower, upper = shut[list(rim[1:8])], shut[list(rim[:8:-1])]
        assert lower == pytest.approx(upper, abs=1e-3)
    assert np.array_equal(with_lids_shut(OPEN), OPEN)


def test_lids_that_are_screwed_up_stay_apart_where_an_eye_shines_between_them():
    narrow = with_lids_apart(0.15)
    shining, lashes = picture(BLUE, narrow), picture(BLUE, narrow)
    for rim in (LEFT_EYE, RIGHT_EYE):
        lashes[polygon_mask(narrow[list(rim), :2], SIZE)] = (60, 40, 35)
    assert with_lids_shut(narrow, lambda: shining) == pytest.approx(narrow, abs=0.05)
    assert np.array_equal(with_lids_shut(narrow, lambda: lashes), with_lids_shut(narrow))
    lid = with_lids_shut(narrow)[159, 1]
    assert lid > narrow[159, 1] + 1


def test_a_murky_eye_gets_a_dark_iris_and_a_clear_one_stays():
    clear, murky = picture(BLUE, OPEN), np.full((*SIZE, 3), SKIN, np.uint8)
    for rim in (LEFT_EYE, RIGHT_EYE):
        murky[polygon_mask(OPEN[list(rim), :2], SIZE)] = (90, 70, 60)
    assert deepened(clear, OPEN, irises(), look(clear)) is clear
    assert deepened(murky, OPEN, None, EyeColour.unknown()) is murky
    deeper = deepened(murky, OPEN, irises(), look(murky))
    assert look(deeper).white[0] - look(deeper).iris[0] > look(murky).white[0] - look(murky).iris[0] + 15
    outside = np.ones(SIZE, np.bool_)
    for rim in (LEFT_EYE, RIGHT_EYE):
        outside &= ~polygon_mask(OPEN[list(rim), :2], SIZE)
    assert np.abs(deeper.astype(int) - murky)[cv2.erode(outside.astype(np.uint8), np.ones((5, 5))) > 0].max() == 0


def test_what_lies_between_shut_lids_and_lips_is_the_new_face():
    for mesh, expected in ((with_lids_shut(with_lids_apart(0.1)), 1), (OPEN, 0)):
        share = np.zeros(SIZE, np.float32)
        close_openings(share, mesh)
        x, y = mesh[[145, 159], :2].mean(0).round().astype(int)
        assert share[y, x] == expected


def test_teeth_of_the_source_are_not_in_its_texture():
    teeth = np.zeros((*SIZE, 3), np.float32)
    mesh = FACE.copy()
    mesh[list(INNER_LIPS[1:10]), 1] += 30
    mouth = polygon_mask(mesh[list(INNER_LIPS), :2], SIZE)
    teeth[mouth, 0] = 80
    assert mouth.sum() > 1000
    assert np.abs(without_openings(teeth, mesh)).max() < 8


def test_a_blot_beside_one_eye_is_evened_out_and_a_mole_is_not():
    raster = MeshRaster.draw(FACE, vertex_normals(FACE), SIZE)
    texture, seen = np.zeros((*SIZE, 3), np.float32), np.ones(len(FACE), np.float32)
    x, y = FACE[133, :2].round().astype(int)
    cv2.circle(texture, (int(x), int(y)), 30, (-40.0, 0.0, 0.0), -1)
    even = even_sockets(texture, FACE, raster, seen)
    assert even[y, x, 0] > -32
    mole = np.zeros_like(texture)
    mole[y + 20 : y + 24, x + 10 : x + 14, 0] = -40
    assert even_sockets(mole, FACE, raster, seen) == pytest.approx(mole, abs=0.5)
