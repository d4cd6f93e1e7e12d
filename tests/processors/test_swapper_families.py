"""Swappers with weights: each family against its reference, and in whole jobs."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

import facefusion
from facefusion.engine.facefile.file import read_face
from facefusion.engine.run import run
from facefusion.errors import CatalogueError, ModelMissingError, ModelUnfitError, OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.families import Families
from facefusion.inference.kept import Kept
from facefusion.inference.opening import open_sessions
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, Role, SourceFace
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_swapper import SPEC
from facefusion.processors.face_swapper.base import Portrait
from facefusion.processors.face_swapper.boost import put_together, taken_apart
from facefusion.processors.face_swapper.passes import lean_of
from facefusion.processors.face_swapper.sources import portraits
from generated import face_masker, face_swapper
from generated.builder import Shelf
from generated.face_recogniser import arcface
from generated.jobs import job_sessions
from material import ASTRONAUT, CAPTAIN, outline_mask, polygon_mask, read, read_clip, save
from reference import face_swapper as reference

ARCFACE = "arcface_w600k_r50"
EMBEDDING = {
    "inswapper": ("inswapper_128", 128, {"matrix": True}),
    "simswap": ("simswap_256", 256, {"imagenet": True}),
    "ghost": ("ghost_1_256", 256, {"signed": True}),
    "hififace": ("hififace_unofficial_256", 256, {"signed": True}),
    "hyperswap": ("hyperswap_1a_256", 256, {"signed": True}),
}
PORTRAIT = {"blendswap": ("blendswap_256", 256, 112, {}), "uniface": ("uniface_256", 256, 256, {"signed": True})}
FAMILIES = [*EMBEDDING, *PORTRAIT]
CONVERTED = ("simswap", "ghost", "hififace")


def model_of(family):
    return (EMBEDDING | PORTRAIT)[family][0]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Generated weights under the names and with the entries of the public models."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put(ARCFACE, "face_recogniser", "arcface", arcface())
    for seed, family in enumerate(CONVERTED):
        name = f"crossface_{family}"
        shelf.put(name, "face_embedding_converter", "crossface", face_swapper.converter(seed=20 + seed))
    for family, (name, size, options) in EMBEDDING.items():
        requires = (ARCFACE, f"crossface_{family}") if family in CONVERTED else (ARCFACE,)
        net = face_swapper.embedding_swapper(size, **options)
        shelf.put(name, "face_swapper", family, net, requires=requires)
    for family, (name, size, source_size, options) in PORTRAIT.items():
        shelf.put(name, "face_swapper", family, face_swapper.portrait_swapper(size, source_size, **options))
    fixed = face_swapper.embedding_swapper(128, matrix=True, batch=1)
    shelf.put("fixed", "face_swapper", "inswapper", fixed, requires=(ARCFACE,))
    shelf.put("xseg_1", "face_occluder", "xseg", face_masker.occluder())
    return shelf


@pytest.fixture(scope="module")
def source(captain, captain_face):
    """The picture and the face of the source."""
    return captain, captain_face


@pytest.fixture(scope="module")
def target(astronaut, astronaut_face):
    """Those of the target."""
    return astronaut, astronaut_face


@pytest.fixture(scope="module")
def people(source, target):
    """Both."""
    return source, target


@pytest.fixture(scope="module")
def sessions(shelf):
    return job_sessions(shelf)


def network(shelf, name):
    """What runs a file as it is."""
    session = onnxruntime.InferenceSession((shelf.folder / f"{name}.onnx").read_bytes())
    return lambda **inputs: session.run(None, inputs)[0]


def crop_of(image, face, adapter, factor=1):
    return FaceCrop.cut(image, face, adapter.template, adapter.size * factor)


def job_for(image, face, adapter):
    return CropJob(crop_of(image, face, adapter), FaceFrame(frame(image), (face,)))


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


def portrait_of(image, face, merit=1.0):
    return Portrait(image, face.landmarks5, merit)


def vector(shelf, image, face):
    """ArcFace's vector of a face, by the reference."""
    crop = FaceCrop.cut(image, face, "arcface_112_v2", 112).image
    return network(shelf, ARCFACE)(input=reference.arcface_input(crop))[0].astype(np.float64)


def projected(shelf, family, raw):
    matrix = converted = None
    if family == "inswapper":
        held = onnx.load(str(shelf.folder / "inswapper_128.onnx")).graph.initializer
        matrix = next(onnx.numpy_helper.to_array(each) for each in held if each.name == "emap")
    if family in CONVERTED:
        converted = network(shelf, f"crossface_{family}")(input=raw[None].astype(np.float32))[0]
    return reference.projected(family, raw, matrix, converted)[None].astype(np.float32)


def wanted(shelf, family, source, crop):
    """What a family should make of a crop, by the reference alone; the source is a picture and a face."""
    if family in EMBEDDING:
        given = projected(shelf, family, vector(shelf, *source))
    else:
        template = {"blendswap": "arcface_112_v2", "uniface": "ffhq_512"}[family]
        size = PORTRAIT[family][2]
        given = (FaceCrop.cut(*source, template, size).image / 255.0).astype(np.float32).transpose(2, 0, 1)[None]
    output = network(shelf, model_of(family))(target=reference.prepare(family, crop), source=given)
    return reference.finish(family, output)


@pytest.mark.parametrize("family", FAMILIES)
class TestConformance:
    """What holds for every family."""

    def test_pixels_and_vectors_are_the_references(self, shelf, sessions, family, source, target):
        adapter = sessions.load(model_of(family), "face_swapper")
        job = job_for(*target, adapter)
        known = adapter.observe([portrait_of(*source)])
        [made] = adapter.swap(job.crop.image[None], adapter.sources([known], [job], [0.0]))
        assert np.abs(made - wanted(shelf, family, source, job.crop.image)).max() < 1

    def test_a_batch_gives_what_each_crop_gives_alone(self, sessions, family, source, target):
        adapter = sessions.load(model_of(family), "face_swapper")
        people = [source, target]
        known = [adapter.observe([portrait_of(*person)]) for person in people]
        jobs = [job_for(*person, adapter) for person in reversed(people)]
        crops = np.stack([job.crop.image for job in jobs])
        together = adapter.swap(crops, adapter.sources(known, jobs, [0.0, 0.2]))
        for place, lean in enumerate((0.0, 0.2)):
            given = adapter.sources([known[place]], [jobs[place]], [lean])
            alone = adapter.swap(crops[place : place + 1], given)[0]
            assert np.abs(together[place] - alone).max() < 1

    def test_the_source_decides(self, sessions, family, source, target):
        adapter = sessions.load(model_of(family), "face_swapper")
        job = job_for(*target, adapter)
        known = [adapter.observe([portrait_of(*each)]) for each in ((source), (target[0], target[1]))]
        one, other = (adapter.swap(job.crop.image[None], adapter.sources([k], [job], [0.0])) for k in known)
        assert np.abs(one - other).mean() > 0.5

    def test_a_clip_is_swapped_and_nothing_beside_the_faces(self, jobs, family, assets, analyser):
        clip = assets / "video" / "head_turning_female.mp4"
        before = read_clip(clip, 3)
        result = jobs(clip, face_swapper_model=model_of(family))
        after = read_clip(Path("out.mkv"))
        assert (result.frames, result.faces) == (3, 3)
        for old, new in zip(before, after, strict=True):
            [face] = analyser.find(old)
            difference = np.abs(old.astype(int) - new).max(2)
            assert difference[outline_mask(face, old.shape, 0.7)].mean() > 8
            assert not difference[~around(face, old.shape)].any()
            assert psnr(old, new) > 25

    def test_pixel_boost_keeps_more_of_the_pixels(self, jobs, sessions, family, assets):
        clip, size = assets / "video" / "head_turning_female.mp4", sessions.load(model_of(family), "face_swapper").size
        jobs(clip, face_swapper_model=model_of(family))
        plain = read_clip(Path("out.mkv"))
        jobs(clip, face_swapper_model=model_of(family), face_swapper_pixel_boost=2 * size, overwrite=True)
        boosted = read_clip(Path("out.mkv"))
        # The generated network tints each pixel by itself, so that the picture is the same but for its sharpness.
        assert all(0.0 < np.abs(a.astype(int) - b).mean() < 2 for a, b in zip(plain, boosted, strict=True))


@pytest.fixture
def jobs(sessions, quiet_place, monkeypatch):
    """Run a job over the first three frames of a clip, with generated networks; `out.mkv`, lossless."""
    monkeypatch.setattr("facefusion.engine.warm.parts.open_sessions", lambda *given, **named: sessions)

    def start(target, **values):
        basics = {"source_paths": CAPTAIN, "trim_end": "3f", "output_video_encoder": "ffv1"}
        return facefusion.process_video(target, "out.mkv", **basics | values)

    return start


def test_what_is_known_of_a_source_serves_the_next_job(jobs, sessions, assets, monkeypatch):
    clip, files = assets / "video" / "head_turning_female.mp4", []
    swapper, observed = sessions.load(model_of("inswapper"), "face_swapper"), []
    observe = swapper.observe
    monkeypatch.setattr(swapper, "observe", lambda portraits: observed.append(1) or observe(portraits))
    jobs(clip, face_swapper_model=model_of("inswapper"))
    files.append(Path("out.mkv").read_bytes())
    monkeypatch.setattr(sessions, "kept", Kept(1 << 28))
    for _ in range(2):
        jobs(clip, face_swapper_model=model_of("inswapper"))
        files.append(Path("out.mkv").read_bytes())
    assert len(set(files)) == 1
    assert len(observed) == 2, "once without what is kept, and once with"


def around(face, shape):
    """The face's outline and a few pixels, for landmarks of a moving face are smoothed."""
    outline = cv2.convexHull(np.ascontiguousarray(face.mesh[:, :2]))[:, 0]
    return cv2.dilate(polygon_mask(outline, shape).astype(np.uint8), np.ones((13, 13), np.uint8)).astype(bool)


def psnr(one, other):
    return 10 * np.log10(255**2 / np.square(one.astype(float) - other).mean())


@pytest.mark.parametrize("family", ["inswapper", "ghost", "hyperswap"])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_weight_mixes_the_targets_identity_in_or_takes_it_out(shelf, sessions, family, weight, people):
    source, target = people
    adapter = sessions.load(model_of(family), "face_swapper")
    job = job_for(*target, adapter)
    known = adapter.observe([portrait_of(*source)])
    made = adapter.sources([known], [job], [lean_of(weight)])
    raw = reference.mixed(vector(shelf, *source), vector(shelf, *target), reference.lean(weight))
    assert np.allclose(made, projected(shelf, family, raw), atol=1e-3 * np.abs(made).max())


def test_the_usual_weight_changes_nothing(sessions, source, target):
    adapter = sessions.load("hyperswap_1a_256", "face_swapper")
    known = adapter.observe([portrait_of(*source)])
    job = job_for(*target, adapter)
    assert lean_of(0.5) == 0
    assert np.allclose(np.linalg.norm(adapter.sources([known], [job], [0.0]), axis=1), 1)


def test_of_several_pictures_each_counts_alike(shelf, sessions, source, target):
    adapter = sessions.load("ghost_1_256", "face_swapper")
    people = [source, target]
    raw = [vector(shelf, *person) for person in people]
    lengths = [np.linalg.norm(each) for each in raw]
    mean = sum(each / length for each, length in zip(raw, lengths, strict=True)) / 2
    known = adapter.observe([portrait_of(*person) for person in people])
    assert np.allclose(known, mean / np.linalg.norm(mean) * np.mean(lengths), atol=1e-4 * lengths[0])
    assert np.allclose(adapter.observe([portrait_of(*people[0])]), raw[0], atol=1e-4 * lengths[0])


def test_of_several_pictures_a_swapper_that_takes_one_takes_the_best(sessions, source, target):
    adapter = sessions.load("uniface_256", "face_swapper")
    best, worst = portrait_of(*source, 0.9), portrait_of(*target, 0.2)
    assert (adapter.observe([worst, best]) == adapter.observe([best])).all()


def test_pixel_boost_takes_every_nth_pixel_and_puts_it_back():
    crops = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3)).astype(np.uint8)
    parts = taken_apart(crops, 3)
    assert all((a == b).all() for a, b in zip(parts[:9], reference.strided(crops[0], 3), strict=True))
    assert (reference.interleaved(list(parts[9:]), 3) == crops[1]).all()
    assert (put_together(parts, 3) == crops).all()
    assert (taken_apart(crops, 1) == crops).all()


def test_all_pictures_of_all_faces_of_a_batch_go_through_the_network_at_once(sessions, source, target, monkeypatch):
    adapter, sizes = sessions.load("inswapper_128", "face_swapper"), []
    plain = type(adapter._model.session).run

    def watched(self, inputs):
        if self is adapter._model.session:
            sizes.append(len(inputs["target"]))
        return plain(self, inputs)

    monkeypatch.setattr(type(adapter._model.session), "run", watched)
    options = Options.parse({"face_swapper_model": "inswapper_128", "face_swapper_pixel_boost": "256x256"})
    context = ProcessorContext(options, (SourceFace(*source, 0.5),), sessions)
    batch = [FaceFrame(frame(target[0], index), (target[1],)) for index in range(3)]
    SPEC.create(context).process(batch)
    assert sizes == [12]


@pytest.mark.parametrize("boost", ["200", "300x300"])
def test_a_boost_that_is_no_multiple_is_refused(sessions, source, boost):
    options = Options.parse({"face_swapper_model": "inswapper_128", "face_swapper_pixel_boost": boost})
    context = ProcessorContext(options, (SourceFace(*source, 0.5),), sessions)
    with pytest.raises(OptionsError, match=r"no multiple of 128.*Choose 128, 256 or 512"):
        SPEC.create(context)


def test_a_file_of_a_fixed_batch_gives_the_same(sessions, source, target):
    free, fixed = (sessions.load(name, "face_swapper") for name in ("inswapper_128", "fixed"))
    job = job_for(*target, free)
    known = [free.observe([portrait_of(*source)])] * 2
    sources = free.sources(known, [job] * 2, [0.0] * 2)
    crops = np.stack([job.crop.image] * 2)
    assert np.abs(free.swap(crops, sources) - fixed.swap(crops, sources)).max() < 1


def test_half_precision_within_the_file_changes_nothing_outside(tmp_path, shelf):
    net = face_swapper.embedding_swapper(128, matrix=True)
    for held in net.graph.initializer:
        if held.name == "emap":
            held.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(held).astype(np.float16), "emap"))
    own = Shelf(tmp_path)
    own.put(ARCFACE, "face_recogniser", "arcface", arcface())
    own.put("inswapper_128_fp16", "face_swapper", "inswapper", net, requires=(ARCFACE,))
    matrix = own.sessions().load("inswapper_128_fp16", "face_swapper")._model.session.constants["matrix"]
    assert (matrix.shape, matrix.dtype) == ((512, 512), np.float32)


def test_a_file_without_its_matrix_is_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put(ARCFACE, "face_recogniser", "arcface", arcface())
    shelf.put("cut_down", "face_swapper", "inswapper", face_swapper.embedding_swapper(128), requires=(ARCFACE,))
    with pytest.raises(ModelUnfitError, match=r"Model cut_down holds no tensor matrix \[512,512\]"):
        shelf.sessions().load("cut_down", "face_swapper")


def test_an_entry_that_does_not_require_what_it_needs_is_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("alone", "face_swapper", "ghost", face_swapper.embedding_swapper(256))
    with pytest.raises(CatalogueError, match="Model alone: requires: there is no face_recogniser"):
        shelf.sessions().load("alone", "face_swapper")


def test_missing_weights_are_named_with_what_to_do(source, tmp_path):
    options = Options.parse({"face_swapper_model": "simswap_unofficial_512", "models_dir": tmp_path})
    context = ProcessorContext(options, (SourceFace(*source, 0.5),), open_sessions(options))
    with pytest.raises(
        ModelMissingError, match=r"simswap_unofficial_512.*models pull simswap_unofficial_512 --models-dir "
    ):
        SPEC.create(context)


def test_a_users_own_model_takes_one_entry(quiet_place):
    """Put into the folder of weights by hand, with those that it requires."""
    for name, model in {
        "mine": face_swapper.embedding_swapper(96),
        "my_recogniser": arcface(),
        "my_converter": face_swapper.converter(),
    }.items():
        Path(f"{name}.onnx").write_bytes(model.SerializeToString())

    def entry(name, facts):
        digest = hashlib.sha256(Path(f"{name}.onnx").read_bytes()).hexdigest()
        fields = f'name = "{name}"\nfile = "{name}.onnx"\nsha256 = "{digest}"\n{facts}\n'
        Path(f"{name}.toml").write_text(fields + 'licence = "CC0-1.0"\ncommercial = true\n')

    entry("my_recogniser", 'task = "face_recogniser"\nfamily = "arcface"')
    entry("my_converter", 'task = "face_embedding_converter"\nfamily = "crossface"')
    entry(
        "mine",
        """
        task = "face_swapper"
        family = "simswap"
        requires = ["my_recogniser", "my_converter"]
        settings = { size = 96, template = "ffhq_512", mean = [0, 0, 0], std = [1, 1, 1] }
        """,
    )
    values = {"face_swapper_model": "mine", "face_swapper_pixel_boost": "192x192", "models_dir": "."}
    facefusion.process_image(ASTRONAUT, "out.png", source_paths=CAPTAIN, **values)
    assert (read(Path("out.png")) != read(ASTRONAUT)).any(2).sum() > 2000


def test_every_public_swapper_has_an_entry_that_its_family_takes():
    families = Families()
    cards = Catalogue.known().of_task("face_swapper")
    assert {card.family for card in cards} == set(FAMILIES)
    for card in cards:
        settings = families[card.family].read_settings(card)
        assert card.input_size == (settings.size, settings.size)
        assert card.crop.startswith(settings.template)
        assert not card.sha256


class TestRoles:
    """Several people, each with models and options of their own."""

    def test_each_role_has_its_source_model_blend_and_masks(self, sessions, source, target):
        def role(model, **options):
            values = {"face_swapper_model": model, "face_mask_types": "box"} | options
            return Role((SourceFace(*source, 0.5),), Options.parse(values))

        roles = (role("hyperswap_1a_256"), role("mesh"), role("hyperswap_1a_256", blend_ratio=0), role("uniface_256"))
        processor = SPEC.create(ProcessorContext(Options(), (), sessions, roles))
        done = [
            processor.process([FaceFrame(frame(target[0]), (target[1].with_role(number),))])[0].frame.image
            for number in range(4)
        ]
        assert (done[2] == target[0]).all()
        assert not any((done[0] == done[other]).all() for other in (1, 2, 3))
        assert not (done[1] == done[3]).all()
        inside = outline_mask(target[1], target[0].shape, 0.7)
        assert all((image != target[0])[inside].mean() > 0.5 for image in (done[0], done[1], done[3]))

    @pytest.mark.usefixtures("jobs")
    def test_a_map_takes_models_for_each_person(self, source, target):
        high = np.pad(source[0], [(0, max(0, 512 - source[0].shape[0])), (0, 0), (0, 0)])[:512]
        both = np.concatenate([high, target[0]], 1)
        save(Path("both.png"), both)
        entries = [f"{CAPTAIN}={ASTRONAUT} face_swapper_model=inswapper_128 face_swapper_weight=0.2"]
        options = {"map": entries, "target_path": "both.png", "output_path": "out.png"}
        result = run(Options.parse(options))
        assert result.faces == 1
        assert (read(Path("out.png")) != both).any(2)[:, source[0].shape[1] :].sum() > 2000
        assert (read(Path("out.png")) == both)[:, : source[0].shape[1]].all()


class TestFaceFiles:
    """A face file holds no picture; what can be made of it serves as far as an identity is wanted."""

    @pytest.fixture
    def kept(self, sessions, quiet_place, monkeypatch):
        monkeypatch.setattr("facefusion.engine.warm.parts.open_sessions", lambda *given, **named: sessions)
        facefusion.build_face(CAPTAIN, "captain.face")
        return "captain.face"

    def test_a_swapper_that_takes_an_identity_takes_it(self, kept):
        facefusion.process_image(ASTRONAUT, "kept.png", source_paths=kept, face_swapper_model="inswapper_128")
        assert (read(Path("kept.png")) != read(ASTRONAUT)).any(2).sum() > 2000

    def test_a_swapper_that_takes_a_picture_says_that_it_needs_one(self, kept):
        with pytest.raises(OptionsError, match=r"of captain holds no picture, .* blendswap_256 needs one"):
            facefusion.process_image(ASTRONAUT, "kept.png", source_paths=kept, face_swapper_model="blendswap_256")

    def test_a_real_recogniser_knows_the_person_of_a_face_file(self, assets, tmp_path, captain, captain_face):
        weights = assets / "models" / "identity" / "mobilefacenet_128_dynbatch.onnx"
        if not weights.is_file():
            pytest.skip("the recogniser is not in the shared test material")
        shutil.copy(weights, tmp_path / "mobilefacenet_128.onnx")
        sessions = SessionFactory(("cpu",), catalogue=Catalogue.known(), store=ModelStore(tmp_path))
        recogniser = sessions.load("mobilefacenet_128", "face_recogniser")
        facefusion.build_face(CAPTAIN, tmp_path / "captain.face")
        [portrait] = portraits([read_face(tmp_path / "captain.face").as_source()])
        [kept] = recogniser.embed(portrait.image, [portrait.landmarks5])
        [seen] = recogniser.embed(captain, [captain_face.landmarks5])
        assert kept @ seen / np.linalg.norm(kept) / np.linalg.norm(seen) > 0.5


@pytest.mark.parametrize("model", ["mesh", "hyperswap_1a_256"])
def test_what_is_in_front_stays_in_front(sessions, model, source, target):
    image = target[0].copy()
    x, y = target[1].landmarks5[2].astype(int)
    stripe = np.s_[y - 6 : y + 6, x - 60 : x + 60]
    image[stripe] = (20, 30, 250)

    def swapped(*masks):
        values = {"face_swapper_model": model, "face_mask_types": masks, "shape": 0}
        context = ProcessorContext(Options.parse(values), (SourceFace(*source, 0.5),), sessions)
        return SPEC.create(context).process([FaceFrame(frame(image), (target[1],))])[0].frame.image

    covered = np.abs(swapped("mesh", "occlusion").astype(int) - image)
    assert covered[stripe].max() <= 1
    assert covered[y + 20 : y + 30, x - 10 : x + 10].mean() > 1


def test_an_area_bounds_the_mesh_swapper(sessions, source, target):
    values = {"face_mask_types": "area", "face_mask_areas": "lower-face", "shape": 0}
    context = ProcessorContext(Options.parse(values), (SourceFace(*source, 0.5),), sessions)
    [done] = SPEC.create(context).process([FaceFrame(frame(target[0]), (target[1],))])
    difference = np.abs(done.frame.image.astype(int) - target[0]).max(2)
    eyes, nose = target[1].landmarks5[:2, 1].mean(), target[1].landmarks5[2, 1]
    assert difference[: int(eyes)].max() <= 1
    assert difference[int(nose) :].max() > 20


def test_faces_fade_with_their_share(sessions, source, target):
    options = Options.parse({"face_swapper_model": "hyperswap_1a_256"})
    context = ProcessorContext(options, (SourceFace(*source, 0.5),), sessions)
    processor = SPEC.create(context)

    def at(share):
        item = FaceFrame(frame(target[0]), (replace(target[1], share=share),))
        return processor.process([item])[0].frame.image.astype(int)

    assert (at(0.0) == target[0]).all()
    assert np.abs(at(0.5) - (target[0] + at(1.0)) / 2).max() <= 1
    assert processor.state() == {"swappers": []}
