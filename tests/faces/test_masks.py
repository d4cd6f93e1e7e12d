"""Masks: what every kind has in common, and what each lets through."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest

from facefusion.errors import ModelUnfitError, OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.area import AREAS, area_mask
from facefusion.faces.masks.box import box_mask
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.masks.soften import soft_step
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.catalogue.catalogue import read_cards
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.options import FaceMaskOptions, Options
from generated import face_masker
from generated.builder import Shelf
from material import read
from reference import face_masker as reference

KINDS = ["mesh", "ellipse", "box", "area", "occlusion", "region"]
UNET = """
name = "unet_celebamask19"
task = "face_parser"
family = "bisenet"
file = "unet_celebamask19_467k.onnx"
sha256 = "a30f4439c999e4305b18695bb5376def8e83a49d1e814ff96fd4cec57616d05d"
licence = "LicenseRef-Unknown"
commercial = false

[settings]
size = 256
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]

[settings.numbers]
skin = 3
left-eyebrow = 2
right-eyebrow = 11
left-eye = 17
right-eye = 5
glasses = 9
nose = 6
mouth = 14
upper-lip = 1
lower-lip = 10
"""
"""A parser of other classes than BiSeNet's, as a user would enter it."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put("xseg_1", "face_occluder", "xseg", face_masker.occluder())
    shelf.put("xseg_2", "face_occluder", "xseg", face_masker.occluder(hides="green"))
    shelf.put("bisenet_resnet_34", "face_parser", "bisenet", face_masker.parser())
    shelf.put("fixed", "face_parser", "bisenet", face_masker.parser(batch=1))
    return shelf


@pytest.fixture(scope="module")
def sessions(shelf):
    return shelf.sessions()


@pytest.fixture(scope="module")
def crop(astronaut, astronaut_face):
    return FaceCrop.cut(astronaut, astronaut_face, "ffhq_512", 256)


@pytest.fixture(scope="module")
def other(captain, captain_face):
    return FaceCrop.cut(captain, captain_face, "ffhq_512", 128)


def masker(sessions, *kinds, **options):
    return FaceMasker.create(FaceMaskOptions(face_mask_types=kinds, **options), sessions)


@pytest.mark.parametrize("kind", KINDS)
class TestConformance:
    """What holds for every kind of mask."""

    def test_a_mask_is_a_share_at_each_pixel_of_the_crop(self, sessions, crop, other, kind):
        masks = masker(sessions, kind).masks([crop, other], [crop.image, other.image])
        for each, mask in zip([crop, other], masks, strict=True):
            assert (mask.shape, mask.dtype) == ((each.size, each.size), np.float32)
            assert mask.min() >= 0
            assert mask.max() <= 1
            assert mask.any()

    def test_several_crops_give_what_each_gives_alone(self, sessions, crop, other, kind):
        made = masker(sessions, kind)
        together = made.masks([crop, other, crop], [crop.image, other.image, crop.image])
        alone = [made.masks([each], [each.image])[0] for each in (crop, other, crop)]
        assert all(np.abs(a - b).max() < 1 / 255 for a, b in zip(together, alone, strict=True))

    def test_no_crops_give_no_masks(self, sessions, kind):
        assert masker(sessions, kind).masks([], []) == []

    def test_beside_another_kind_the_least_counts(self, sessions, crop, kind):
        [own] = masker(sessions, kind).masks([crop], [crop.image])
        [box] = masker(sessions, "box").masks([crop], [crop.image])
        [both] = masker(sessions, kind, "box").masks([crop], [crop.image])
        assert (both == np.minimum(own, box)).all()

    def test_an_edit_of_another_size_is_no_matter(self, sessions, crop, kind):
        larger = np.repeat(np.repeat(crop.image, 2, 0), 2, 1).astype(np.float32)
        [mask] = masker(sessions, kind).masks([crop], [larger])
        [plain] = masker(sessions, kind).masks([crop], [crop.image])
        assert mask.shape == plain.shape
        assert np.abs(mask - plain).mean() < 0.03


@pytest.mark.parametrize(("size", "blur"), [(128, 0.3), (256, 0.3), (256, 0.0), (255, 1.0)])
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (30, 0, 5, 40)])
def test_the_box_is_the_references(size, blur, padding):
    assert np.abs(box_mask(size, blur, padding) - reference.box(size, blur, padding)).max() < 1 / 255


def test_the_soft_edge_is_the_references():
    mask = np.zeros((256, 256), np.float32)
    cv2.circle(mask, (120, 130), 70, 1.0, -1)
    assert np.abs(soft_step(mask) - reference.soft_step(mask)).max() < 1 / 255


@pytest.mark.parametrize(
    ("given", "sides"),
    [("5", (5, 5, 5, 5)), ([1, 2], (1, 2, 1, 2)), ("1,2,3", (1, 2, 3, 2)), ("1,2,3,4", (1, 2, 3, 4))],
)
def test_padding_is_written_as_in_style_sheets(given, sides):
    assert Options.parse({"face_mask_padding": given}).face_masks.face_mask_padding == sides


@pytest.mark.parametrize("given", ["101", "-1", "1,2,3,4,5", []])
def test_impossible_padding_is_refused(given):
    with pytest.raises(OptionsError, match="face-mask-padding"):
        Options.parse({"face_mask_padding": given})


def inside(mask, crop, vertices):
    """The mask's mean within vertices of the face."""
    area = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(area, cv2.convexHull(np.rint(crop.inside(crop.face.mesh[list(vertices)])).astype(np.int32)), 1)
    return float(mask[area > 0].mean())


def test_areas_are_where_their_names_say(crop):
    points = crop.inside(crop.face.mesh)
    upper, lower, mouth = (area_mask(points, 256, [area]) for area in AREAS)
    assert inside(upper, crop, LEFT_EYE) > 0.9
    assert inside(upper, crop, INNER_LIPS) < 0.05
    assert inside(lower, crop, OUTER_LIPS) > 0.9
    assert inside(lower, crop, LEFT_EYE) < 0.01
    assert inside(mouth, crop, INNER_LIPS) > 0.6
    assert mouth.sum() < lower.sum() / 3


def test_upper_and_lower_face_meet_without_a_gap(crop):
    points = crop.inside(crop.face.mesh)
    both = area_mask(points, 256, ["upper-face", "lower-face"]) > 0.5
    filled = np.zeros((256, 256), np.uint8)
    contours, _ = cv2.findContours(both.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(contours) == 1
    cv2.fillPoly(filled, contours, 1)
    assert (filled.astype(bool) == both).all()


def test_the_mesh_is_bounded_by_the_face_and_softer_with_more_blur(crop, sessions):
    hard, soft = (masker(sessions, "mesh", face_mask_blur=blur).masks([crop], [crop.image])[0] for blur in (0, 1))
    assert inside(hard, crop, LEFT_EYE) == 1
    assert hard[:8].max() == 0
    assert soft.sum() < hard.sum()
    assert (soft <= hard + 1e-6).all()


def test_occlusion_is_the_references(crop, shelf, sessions):
    network = onnxruntime.InferenceSession((shelf.folder / "xseg_1.onnx").read_bytes())
    [found] = network.run(None, {"input": reference.xseg_input(crop.image)})
    wanted = reference.soft_step(np.clip(found[0, :, :, 0], 0, 1))
    [mask] = masker(sessions, "occlusion").masks([crop], [crop.image])
    assert np.abs(mask - wanted).max() < 1 / 255


def test_what_is_in_front_is_looked_for_before_the_edit(astronaut, astronaut_face, sessions):
    image = astronaut.copy()
    x, y = astronaut_face.landmarks5[2].astype(int)
    image[y : y + 40, x - 30 : x + 30] = (20, 30, 250)
    crop = FaceCrop.cut(image, astronaut_face, "ffhq_512", 256)
    plain = np.full_like(crop.image, 180)
    [mask] = masker(sessions, "occlusion").masks([crop], [plain])
    column, row = crop.inside(np.array([[x, y + 20]], np.float32))[0].astype(int)
    assert mask[row, column] == 0
    assert mask[row - 60, column] > 0.9


def test_many_occluders_hide_what_one_of_them_hides(crop, sessions):
    names = ("xseg_1", "xseg_2")
    green_and_blue = np.full_like(crop.image, 150)
    green_and_blue[40:90] = (20, 250, 20)
    green_and_blue[150:200] = (20, 20, 250)
    painted = FaceCrop(green_and_blue, crop.affine, crop.face)
    one, two = (masker(sessions, "occlusion", face_occluder_model=n).masks([painted], [crop.image])[0] for n in names)
    [many] = masker(sessions, "occlusion", face_occluder_model="many").masks([painted], [crop.image])
    assert (many[60].max(), many[175].max()) == (0, 0)
    assert many[120].min() > 0.95
    assert min(one[60].min(), two[175].min()) > 0.95


def test_regions_are_the_references_and_of_the_edited_crop(crop, shelf, sessions):
    edited = np.asarray(cv2.resize(crop.image, (512, 512)), np.uint8)
    network = onnxruntime.InferenceSession((shelf.folder / "bisenet_resnet_34.onnx").read_bytes())
    [logits] = network.run(None, {"input": reference.bisenet_input(edited)})
    large = FaceCrop(np.zeros_like(edited), crop.affine, crop.face)
    wanted = reference.soft_step(np.isin(logits[0].argmax(0), [1, 12]).astype(np.float32))
    [mask] = masker(sessions, "region", face_mask_regions=("skin", "upper-lip")).masks([large], [edited])
    assert np.abs(mask - wanted).max() < 1 / 255


def test_a_file_of_a_fixed_batch_gives_the_same(crop, other, sessions):
    crops = [crop, other]
    edited = [each.image for each in crops]
    free = masker(sessions, "region").masks(crops, edited)
    fixed = masker(sessions, "region", face_parser_model="fixed").masks(crops, edited)
    assert all(np.abs(a - b).max() < 1 / 255 for a, b in zip(free, fixed, strict=True))


def test_a_file_of_another_kind_is_refused_by_name(tmp_path, crop):
    shelf = Shelf(tmp_path)
    shelf.put("wrong", "face_occluder", "xseg", face_masker.parser())
    with pytest.raises(ModelUnfitError, match=r"Model wrong: input .* Its family wants input \[batch,256,256,3\]"):
        masker(shelf.sessions(), "occlusion", face_occluder_model="wrong")


@pytest.fixture(scope="module")
def unet(assets):
    """A real parser, entered as a user would."""
    folder = assets / "models" / "parse"
    if not (folder / "unet_celebamask19_467k.onnx").is_file():
        pytest.skip("the face parser is not in the shared test material")
    return SessionFactory(("cpu",), catalogue=Catalogue(read_cards(UNET, "unet.toml")), store=ModelStore(folder))


@pytest.mark.parametrize("name", ["sfhq_04_redhead_woman.jpg", "sfhq_07_man_stubble.jpg"])
def test_a_real_parser_finds_the_parts_of_a_real_face(unet, assets, analyser, name):
    image = read(assets / "pictures" / "synthetic" / name)
    [face] = analyser.find(image)
    crop = FaceCrop.cut(image, face, "ffhq_512", 512)

    def of(*regions):
        made = masker(unet, "region", face_parser_model="unet_celebamask19", face_mask_regions=regions)
        return made.masks([crop], [crop.image])[0]

    lips, skin, eyes = of("upper-lip", "lower-lip", "mouth"), of("skin"), of("left-eye", "right-eye")
    assert inside(lips, crop, OUTER_LIPS) > 0.5
    assert inside(lips, crop, LEFT_EYE) < 0.01
    assert inside(skin, crop, (50, 101, 118, 205)) > 0.8
    assert inside(eyes, crop, LEFT_EYE) > inside(eyes, crop, OUTER_LIPS)
    assert skin[:20].mean() < 0.2
