"""The face enhancer: its family against the reference, and in whole jobs."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

import facefusion
from facefusion.errors import ModelMissingError
from facefusion.faces.crops import FaceCrop
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.catalogue.catalogue import read_cards
from facefusion.inference.families import Families
from facefusion.inference.opening import open_sessions
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.face_enhancer import SPEC
from facefusion.processors.registry import installed_processors
from generated import face_enhancer, face_masker
from generated.builder import Shelf
from generated.jobs import job_sessions
from material import outline_mask, polygon_mask, read_clip
from reference import face_enhancer as reference

MODELS = {
    "gfpgan_1.4": (512, "ffhq_512", None),
    "codeformer": (512, "ffhq_512", [1]),
    "restoreformer_plus_plus": (512, "ffhq_512", None),
    "gpen_bfr_256": (256, "arcface_128", None),
    "gpen_bfr_1024": (1024, "ffhq_512", None),
}
SETTINGS = {"gpen_bfr_256": {"size": 256, "template": "arcface_128"}, "gpen_bfr_1024": {"size": 1024}}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Generated weights under the names of the public models."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    for name, (size, _, weight) in MODELS.items():
        net = face_enhancer.restorer(size, weight=weight)
        shelf.put(name, "face_enhancer", "face_restorer", net, settings=SETTINGS.get(name))
    shelf.put("scalar", "face_enhancer", "face_restorer", face_enhancer.restorer(512, weight=[]))
    shelf.put("fixed", "face_enhancer", "face_restorer", face_enhancer.restorer(512, weight=[1], batch=1))
    shelf.put("xseg_1", "face_occluder", "xseg", face_masker.occluder())
    return shelf


@pytest.fixture(scope="module")
def sessions(shelf):
    return job_sessions(shelf)


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


def enhanced(sessions, image, face, **values):
    processor = SPEC.create(ProcessorContext(Options.parse(values), (), sessions))
    return processor.process([FaceFrame(frame(image), (face,))])[0].frame.image


@pytest.mark.parametrize("model", MODELS)
class TestConformance:
    """What holds for every model."""

    def test_pixels_are_the_references(self, shelf, sessions, model, astronaut, astronaut_face):
        size, template, weight = MODELS[model]
        adapter = sessions.load(model, "face_enhancer")
        assert (adapter.size, adapter.template) == (size, template)
        crop = FaceCrop.cut(astronaut, astronaut_face, template, size).image
        session = onnxruntime.InferenceSession((shelf.folder / f"{model}.onnx").read_bytes())
        told = {"weight": np.array([0.3])} if weight else {}
        [output] = session.run(None, {"input": reference.prepare(crop)} | told)
        [made] = adapter.restore([crop], 0.3)
        assert made.dtype == np.uint8
        assert np.abs(made.astype(int) - reference.finish(output)).max() <= 1

    def test_a_batch_gives_what_each_crop_gives_alone(self, sessions, model, astronaut, astronaut_face):
        adapter = sessions.load(model, "face_enhancer")
        crop = FaceCrop.cut(astronaut, astronaut_face, adapter.template, adapter.size).image
        crops = [crop, crop[::-1].copy()]
        together, alone = adapter.restore(crops, 0.5), [adapter.restore([each], 0.5)[0] for each in crops]
        assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(together, alone, strict=True))

    def test_a_clip_is_enhanced_and_nothing_beside_the_faces(self, jobs, model, assets, analyser):
        clip = assets / "video" / "head_turning_female.mp4"
        before, result = read_clip(clip, 2), jobs(clip, face_enhancer_model=model)
        assert (result.frames, result.faces) == (2, 2)
        for old, new in zip(before, read_clip(Path("out.mkv")), strict=True):
            [face] = analyser.find(old)
            difference = np.abs(old.astype(int) - new).max(2)
            assert difference[outline_mask(face, old.shape, 0.7)].mean() > 3
            assert not difference[~reach(face, old.shape, MODELS[model][1])].any()
            assert 10 * np.log10(255**2 / np.square(old.astype(float) - new).mean()) > 25


@pytest.fixture
def jobs(sessions, quiet_place, monkeypatch):
    """Run a job over the first two frames of a clip, with generated networks; `out.mkv`, lossless."""
    monkeypatch.setattr("facefusion.engine.warm.parts.open_sessions", lambda *given, **named: sessions)

    def start(target, **values):
        basics = {"processors": "face_enhancer", "trim_end": "2f", "output_video_encoder": "ffv1"}
        return facefusion.process_video(target, "out.mkv", **basics | values)

    return start


def reach(face, shape, template):
    """Where the crop of a face lies, and a few pixels, for landmarks of a moving face are smoothed."""
    crop = FaceCrop.cut(np.zeros((*shape[:2], 3), np.uint8), face, template, 64)
    corners = np.array([[0, 0], [64, 0], [64, 64], [0, 64]], np.float32)
    inverse = cv2.invertAffineTransform(crop.affine)
    covered = polygon_mask(corners @ inverse[:, :2].T + inverse[:, 2], shape)
    return cv2.dilate(covered.astype(np.uint8), np.ones((11, 11), np.uint8)).astype(bool)


def test_blend_is_the_share_of_the_restored_face(sessions, astronaut, astronaut_face):
    def at(blend):
        return enhanced(sessions, astronaut, astronaut_face, face_enhancer_blend=blend).astype(int)

    assert (at(0) == astronaut).all()
    assert np.abs(at(50) - (astronaut + at(100)) / 2).max() <= 1


@pytest.mark.parametrize("model", ["codeformer", "scalar", "fixed"])
def test_a_model_that_can_be_told_is_told(sessions, model, astronaut, astronaut_face):
    low, high = (
        enhanced(sessions, astronaut, astronaut_face, face_enhancer_model=model, face_enhancer_weight=weight)
        for weight in (0, 1)
    )
    inside = outline_mask(astronaut_face, astronaut.shape, 0.7)
    assert (high[inside].astype(int) - low[inside]).mean() > 20


def test_a_model_that_cannot_be_told_does_as_it_does(sessions, astronaut, astronaut_face):
    one, other = (enhanced(sessions, astronaut, astronaut_face, face_enhancer_weight=weight) for weight in (0, 1))
    assert (one == other).all()


def test_what_is_in_front_stays_as_it_is(sessions, astronaut, astronaut_face):
    image = astronaut.copy()
    x, y = astronaut_face.landmarks5[2].astype(int)
    stripe = np.s_[y - 8 : y + 8, x - 50 : x + 50]
    image[stripe] = (20, 60, 250)
    result = enhanced(sessions, image, astronaut_face, face_mask_types=["mesh", "occlusion"])
    assert np.abs(result[stripe].astype(int) - image[stripe]).max() <= 3
    assert (result != image).any(2).sum() > 2000
    # The crop as a whole is restored: the mask of the swapper's outline is none of its business.
    assert (enhanced(sessions, image, astronaut_face, face_mask_types="mesh") != image)[stripe].any()


def test_after_a_swap_the_new_face_is_enhanced(sessions, jobs, assets):
    clip = assets / "video" / "head_turning_female.mp4"
    source = assets / "pictures" / "synthetic" / "sfhq_04_redhead_woman.jpg"
    jobs(clip, processors="face_swapper", source_paths=source)
    swapped = read_clip(Path("out.mkv"))
    jobs(clip, processors=["face_swapper", "face_enhancer"], source_paths=source, overwrite=True)
    assert all((a != b).any() for a, b in zip(swapped, read_clip(Path("out.mkv")), strict=True))


def test_without_weights_the_first_thing_said_is_how_to_get_them(tmp_path):
    options = Options.parse({"models_dir": tmp_path, "face_enhancer_model": "gfpgan_1.4"})
    with pytest.raises(ModelMissingError, match=r"gfpgan_1\.4.*models pull gfpgan_1\.4"):
        SPEC.create(ProcessorContext(options, (), open_sessions(options)))


def test_a_users_own_model_takes_one_entry(shelf, astronaut, astronaut_face):
    content = face_enhancer.restorer(96).SerializeToString()
    (shelf.folder / "mine.onnx").write_bytes(content)
    entry = f"""
        name = "my_enhancer"
        task = "face_enhancer"
        family = "face_restorer"
        file = "mine.onnx"
        sha256 = "{hashlib.sha256(content).hexdigest()}"
        licence = "LicenseRef-Mine"
        commercial = true
        settings = {{ size = 96, template = "arcface_128" }}
    """
    sessions = job_sessions(shelf, *read_cards(entry, "mine.toml"))
    result = enhanced(sessions, astronaut, astronaut_face, face_enhancer_model="my_enhancer")
    assert (result != astronaut).any(2).sum() > 2000


def test_every_public_enhancer_has_an_entry_that_its_family_takes():
    families = Families()
    cards = Catalogue.known().of_task("face_enhancer")
    assert len(cards) == 9
    for card in cards:
        settings = families[card.family].read_settings(card)
        assert card.input_size == (settings.size, settings.size)
        assert card.crop.startswith(settings.template)


def test_it_is_listed():
    assert installed_processors()["face_enhancer"] is SPEC
    assert not SPEC.needs_source
