"""The swapper: what changes, what may not, and how near the result is to whom."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.errors import ModelUnknownError, ProcessorUnknownError
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import FaceMaskOptions, FaceSwapperOptions, Options
from facefusion.processors.base import FaceFrame, ProcessorContext, SourceFace
from facefusion.processors.face_swapper import SPEC
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.processors.face_swapper.processor import MODELS, FaceSwapper
from facefusion.processors.registry import installed_processors, resolve_processors
from material import face_of, mesh_at, outline_mask, polygon_mask, read


def swap(source, target, faces, **options):
    """The target with its faces replaced by that of the source, a picture and a face."""
    masks = {name: options.pop(name) for name in list(options) if name in FaceMaskOptions.model_fields}
    swapper = MeshSwapper(SourceModel.build(*source), FaceSwapperOptions(**options), FaceMaskOptions(**masks))
    image = target.copy()
    for face in faces:
        swapper.swap(image, face)
    return image


def changed(before, after):
    return (before != after).any(2)


def around(face, shape):
    """The face's silhouette and what rounding may add: 2 % of its width and a pixel."""
    reach = round(0.02 * face.width) + 1
    hull = cv2.convexHull(np.ascontiguousarray(face.mesh[:, :2]))[:, 0]
    silhouette = polygon_mask(hull, shape).astype(np.uint8)
    return cv2.dilate(silhouette, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)).astype(bool)


@pytest.fixture(scope="module")
def swapped(captain, captain_face, astronaut, astronaut_face):
    return swap((captain, captain_face), astronaut, [astronaut_face])


def test_the_face_changes_and_nothing_outside_it(astronaut, astronaut_face, swapped):
    difference = changed(astronaut, swapped)
    assert difference[outline_mask(astronaut_face, astronaut.shape, 0.6)].mean() > 0.6
    assert not difference[~around(astronaut_face, astronaut.shape)].any()


def test_the_edge_is_soft(astronaut, astronaut_face, swapped):
    rim = outline_mask(astronaut_face, astronaut.shape, 1.02) & ~outline_mask(astronaut_face, astronaut.shape, 0.97)
    difference = np.abs(astronaut.astype(int) - swapped).max(2)
    assert difference[rim].mean() < 6


def inner_difference(before, after, face, rim, share):
    """Mean change within the rim of an eye or of the mouth, drawn in to a share of its size."""
    points = face.mesh[list(rim), :2]
    inner = polygon_mask(points.mean(0) + share * (points - points.mean(0)), before.shape)
    return np.abs(before.astype(int) - after).max(2)[inner].mean()


def test_the_teeth_stay_the_targets(captain, captain_face, astronaut, astronaut_face):
    result = swap((captain, captain_face), astronaut, [astronaut_face], shape=0)
    assert inner_difference(astronaut, result, astronaut_face, INNER_LIPS, 0.4) < 10


def test_eyes_and_teeth_of_a_large_face_stay_the_targets(analyser, captain, captain_face, assets):
    target = read(assets / "pictures" / "synthetic" / "sfhq_02_smiling_man_stubble.jpg")
    [face] = analyser.find(target)
    result = swap((captain, captain_face), target, [face], shape=0)
    assert inner_difference(target, result, face, INNER_LIPS, 0.7) < 3
    for rim in (LEFT_EYE, RIGHT_EYE):
        assert inner_difference(target, result, face, rim, 0.3) < 10


@pytest.mark.slow
def test_the_result_is_nearer_to_the_source_than_to_the_target(analyser, assets):
    names = ("sfhq_03_eld*", "sfhq_07*", "sfhq_19*", "sfhq_23*", "sfhq_25*", "sfhq_29*.jpg")
    people = []
    for name in names:
        image = read(next((assets / "pictures" / "synthetic").glob(name)))
        [face] = analyser.embed(image, analyser.find(image))
        people.append((image, face))
    nearer = []
    for (source, source_face), (target, target_face) in zip(people, people[1:] + people[:1], strict=True):
        result = swap((source, source_face), target, [target_face])
        [face] = analyser.embed(result, analyser.find(result))
        to_source = identity_distance(face.embedding, source_face.embedding)
        nearer.append(to_source < identity_distance(face.embedding, target_face.embedding))
    assert sum(nearer) >= 5, nearer


def test_pose_and_expression_stay_the_targets(analyser, astronaut_face, swapped):
    [face] = analyser.find(swapped)
    assert np.linalg.norm(face.mesh - astronaut_face.mesh, axis=1).mean() < 0.04 * astronaut_face.width


def test_a_face_put_in_its_own_place_hardly_changes(captain, captain_face):
    result = swap((captain, captain_face), captain, [captain_face])
    inside = outline_mask(captain_face, captain.shape)
    assert np.abs(result.astype(int) - captain)[inside].mean() < 8


def test_swapping_twice_gives_the_same(captain, captain_face, astronaut, astronaut_face, swapped):
    assert (swap((captain, captain_face), astronaut, [astronaut_face]) == swapped).all()


def test_blend_ratio(captain, captain_face, astronaut, astronaut_face, swapped):
    source = (captain, captain_face)
    assert (swap(source, astronaut, [astronaut_face], blend_ratio=0) == astronaut).all()
    half = swap(source, astronaut, [astronaut_face], blend_ratio=0.5).astype(int)
    low, high = np.minimum(astronaut, swapped).astype(int), np.maximum(astronaut, swapped).astype(int)
    assert (half >= low - 1).all()
    assert (half <= high + 1).all()
    assert np.abs(half - (astronaut.astype(int) + swapped) / 2).max() <= 2


@pytest.mark.parametrize("kind", ["ellipse", "box"])
def test_masks_bound_the_new_face(captain, captain_face, astronaut, astronaut_face, kind):
    def where(*kinds):
        options = {"face_mask_types": kinds, "face_mask_blur": 0}
        return changed(astronaut, swap((captain, captain_face), astronaut, [astronaut_face], **options))

    bounded, free = where(kind), where("mesh")
    assert (bounded & ~free).sum() < 30
    assert bounded.sum() > 0.5 * free.sum()


def test_more_blur_makes_a_wider_edge_and_several_masks_intersect(captain, captain_face, astronaut, astronaut_face):
    def of(**options):
        result = swap((captain, captain_face), astronaut, [astronaut_face], **options)
        return np.abs(result.astype(int) - astronaut).sum()

    assert of(face_mask_types=["ellipse"], face_mask_blur=1) < of(face_mask_types=["ellipse"], face_mask_blur=0)
    both = of(face_mask_types=["ellipse", "box"], face_mask_blur=0.5)
    assert both <= min(of(face_mask_types=[kind], face_mask_blur=0.5) for kind in ("ellipse", "box"))


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_cut_by_the_frame_is_swapped_up_to_the_edge(captain, captain_face, astronaut, astronaut_face, side):
    x, y = astronaut_face.landmarks5.mean(0).astype(int)
    window = {"left": np.s_[:, x:], "right": np.s_[:, :x], "top": np.s_[y:], "bottom": np.s_[:y]}[side]
    target = np.ascontiguousarray(astronaut[window])
    shift = np.array([x if side == "left" else 0, y if side == "top" else 0, 0], np.float32)
    face = face_of(astronaut_face.mesh - shift)
    result = swap((captain, captain_face), target, [face])
    difference = changed(target, result)
    assert difference.sum() > 500
    assert not difference[~around(face, target.shape)].any()


@pytest.mark.parametrize("width", [6, 12, 20, 40, 900])
def test_faces_of_any_size(captain, captain_face, astronaut, astronaut_face, width):
    scale = width / astronaut_face.width
    target = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face = face_of(((astronaut_face.mesh + 0.5) * scale - 0.5).astype(np.float32))
    result = swap((captain, captain_face), target, [face])
    assert not changed(target, result)[~around(face, target.shape)].any()
    if width >= 20:
        assert changed(target, result).any()


@pytest.mark.parametrize(
    "mesh",
    [
        mesh_at(-300, -300, 100),
        mesh_at(2000, 50, 100),
        mesh_at(256, 256, 100, yaw=90),
        mesh_at(256, 256, 100, yaw=180),
        mesh_at(256, 256, 3000),
        np.full((468, 3), 100, np.float32),
    ],
    ids=["far left", "far right", "profile", "from behind", "larger than the picture", "a point"],
)
def test_impossible_faces_do_no_harm(captain, captain_face, astronaut, mesh):
    result = swap((captain, captain_face), astronaut, [face_of(mesh)])
    assert result.shape == astronaut.shape


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_do_no_harm(captain, captain_face, value):
    flat = np.full((300, 300, 3), value, np.uint8)
    face = face_of(mesh_at(150, 150, 150))
    assert swap((captain, captain_face), flat, [face]).shape == flat.shape
    grey = swap((flat, face), captain, [captain_face])
    assert np.isfinite(grey).all()


def test_all_faces_of_a_picture_are_replaced(analyser, captain, captain_face, assets):
    target = read(assets / "pictures" / "derived" / "group_12_faces.jpg")
    faces = analyser.find(target)
    result = swap((captain, captain_face), target, faces)
    for face in faces:
        assert changed(target, result)[outline_mask(face, target.shape, 0.5)].mean() > 0.5
    outside = ~np.logical_or.reduce([around(face, target.shape) for face in faces])
    assert not changed(target, result)[outside].any()


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


class TestProcessor:
    """The conformance suite of processors, run over the face swapper."""

    @pytest.fixture
    def processor(self, captain, captain_face):
        source = SourceFace(captain, captain_face, 0.5)
        return SPEC.create(ProcessorContext(Options(), (source,), SessionFactory(("cpu",))))

    def test_it_returns_the_batch_in_order_and_leaves_what_it_was_given(self, processor, astronaut, astronaut_face):
        images = [astronaut.copy(), np.zeros_like(astronaut), astronaut[:, ::-1].copy()]
        batch = [FaceFrame(frame(image, index), (astronaut_face,)) for index, image in enumerate(images)]
        for image in images:
            image.flags.writeable = False
        result = processor.process(batch)
        assert [item.frame.index for item in result] == [0, 1, 2]
        assert [item.faces for item in result] == [item.faces for item in batch]
        assert all(item.frame.image.shape == astronaut.shape for item in result)
        assert all(before.frame.image is image for before, image in zip(batch, images, strict=True))

    def test_a_frame_without_faces_passes_as_it_is(self, processor, astronaut):
        item = FaceFrame(frame(astronaut), ())
        [result] = processor.process([item])
        assert result.frame.image is astronaut

    def test_no_frames_give_no_frames(self, processor):
        assert processor.process([]) == []

    def test_a_batch_gives_what_its_frames_give_alone(self, captain, captain_face, astronaut, astronaut_face):
        def fresh():
            source = SourceFace(captain, captain_face, 0.5)
            return SPEC.create(ProcessorContext(Options(), (source,), SessionFactory(("cpu",))))

        batch = [FaceFrame(frame(astronaut, index), (astronaut_face,)) for index in range(3)]
        together, processor = fresh().process(batch), fresh()
        alone = [processor.process([item])[0] for item in batch]
        assert all((a.frame.image == b.frame.image).all() for a, b in zip(together, alone, strict=True))


def test_an_unknown_swapper_model_is_answered_with_those_there_are(captain, captain_face):
    options = Options.parse({"face_swapper_model": "inswapper"})
    context = ProcessorContext(options, (SourceFace(captain, captain_face, 0.5),), SessionFactory(("cpu",)))
    with pytest.raises(ModelUnknownError, match=r"no face swapper model 'inswapper'\. There is: mesh, blendswap"):
        FaceSwapper.create(context)
    assert set(MODELS) == {"mesh"}


def test_processors_are_found_by_their_entry_points():
    assert installed_processors()["face_swapper"] is SPEC
    assert resolve_processors(["face_swapper", "face_swapper"]) == [SPEC, SPEC]
    assert resolve_processors([]) == []
    with pytest.raises(ProcessorUnknownError, match=r"There is no processor 'age'\. Installed: .*face_swapper"):
        resolve_processors(["face_swapper", "age"])
