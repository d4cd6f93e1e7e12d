"""Tone of skin: how far the new face takes the target's, or keeps the source's own, of both kinds of swappers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.faces.mesh import RIGHT_EYE
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.options import FaceSwapperOptions, Options
from facefusion.processors.base import FaceFrame, KeptFace, ProcessorContext, Role, SourceFace
from facefusion.processors.face_swapper import SPEC
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.processors.face_swapper.mesh.tone import ToneMemory, ToneShift, mixed
from facefusion.processors.face_swapper.processor import keep
from facefusion.state import pack, unpack
from generated import face_swapper
from generated.builder import Shelf
from generated.face_recogniser import arcface
from generated.jobs import job_sessions
from material import outline_mask, polygon_mask, read, read_clip, save

CHEEKS = (50, 101, 205, 280, 330, 425)
"""Vertices in the middle of both cheeks."""
STEPS = (1.0, 0.75, 0.5, 0.25, 0.0)
PALE, DARK = ("congress", "ann-wagner.jpg"), ("congress", "joe-neguse.jpg")
PAIRS = pytest.mark.parametrize(("one", "other"), [(PALE, DARK), (DARK, PALE)], ids=["pale on dark", "dark on pale"])
NETWORK = "hyperswap_1a_256"


@pytest.fixture(scope="module")
def people(analyser, assets):
    """Pictures and faces by their names."""
    pictures = {name: read(assets.joinpath(*name)) for name in (PALE, DARK)}
    return {name: (image, analyser.find(image)[0]) for name, image in pictures.items()}


@pytest.fixture(scope="module")
def models(people):
    return {name: SourceModel.build(*person) for name, person in people.items()}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """A network that tints the target's crop with a colour that depends on the source."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put("arcface_w600k_r50", "face_recogniser", "arcface", arcface())
    net = face_swapper.embedding_swapper(256, signed=True)
    shelf.put(NETWORK, "face_swapper", "hyperswap", net, requires=("arcface_w600k_r50",))
    return job_sessions(shelf)


def cheeks(image, face):
    """Their median colour, Lab as it is defined: L 0 to 100."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    reach = max(1, round(np.ptp(face.mesh[:, 0]) * 0.03))
    places = face.mesh[list(CHEEKS), :2].astype(int)
    patches = [lab[y - reach : y + reach, x - reach : x + reach].reshape(-1, 3) for x, y in places]
    return np.median(np.concatenate(patches), axis=0)


def swapped(model, person, match):
    image = person[0].copy()
    MeshSwapper(model, FaceSwapperOptions(skin_tone_match=match)).swap(image, person[1])
    return image


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


def network(sessions, source, match=None, **options):
    values = {"face_swapper_model": NETWORK, "face_mask_types": "box", "skin_tone_match": match} | options
    sources = source if isinstance(source, tuple) and isinstance(source[0], KeptFace) else (SourceFace(*source, 0.5),)
    return SPEC.create(ProcessorContext(Options.parse(values), sources, sessions))


def edited(processor, items):
    return [done.frame.image for done in processor.process(items)]


def apart(one, other):
    return float(np.linalg.norm(one - other))


def way(seen, target, source):
    """How far on the way from the target's tone to the source's colours lie: 0 at the target, 1 at the source."""
    whole = source - target
    return [float((each - target) @ whole / (whole @ whole)) for each in seen]


def lightness(image):
    """0 to 100."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return lab[:, :, 0]


def steepness(field):
    return np.hypot(*np.gradient(cv2.GaussianBlur(field, (0, 0), 1.5)))


class TestMesh:
    @PAIRS
    def test_cheeks_move_from_the_targets_tone_to_the_sources(self, people, models, one, other):
        source, target = cheeks(*people[one]), cheeks(*people[other])
        seen = [cheeks(swapped(models[one], people[other], match), people[other][1]) for match in STEPS]
        ways = way(seen, target, source)
        steps = np.diff(ways)
        assert ways[0] < 0.25
        assert ways[-1] > 0.7
        assert steps.min() > 0.5 * steps.mean()
        assert steps.max() < 1.5 * steps.mean()

    def test_the_targets_tone_is_the_usual_one_bit_for_bit(self, people, models):
        assert np.array_equal(*(swapped(models[PALE], people[DARK], match) for match in (None, 1.0)))

    @PAIRS
    def test_no_seam_shows_at_the_edge(self, people, models, one, other, monkeypatch):
        """What the source's tone adds begins with nothing at the outline, and rises over more than the mask's edge."""
        image, face = people[other]
        usual, plain = (lightness(swapped(models[one], people[other], match)) for match in (1, 0))
        share = "facefusion.processors.face_swapper.mesh.layer.tone_share"
        monkeypatch.setattr(share, lambda _, laid: np.ones_like(laid))
        hard = lightness(swapped(models[one], people[other], 0))
        rim = outline_mask(face, image.shape, 1.05) & ~outline_mask(face, image.shape, 0.9)
        assert (plain == usual)[~outline_mask(face, image.shape, 1.05)].all()
        assert steepness(plain - usual)[rim].mean() < 0.85 * steepness(hard - usual)[rim].mean()
        assert steepness(plain - usual)[rim].max() < 0.85 * steepness(hard - usual)[rim].max()

    def test_a_shadow_that_passes_darkens_the_face_all_the_same(self, people, models):
        image, face = people[DARK]
        swapper = MeshSwapper(models[PALE], FaceSwapperOptions(skin_tone_match=0))
        seen = []
        for light in [1.0] * 6 + [0.6] * 6:
            frame = cv2.convertScaleAbs(image, alpha=light)
            swapper.swap(frame, replace(face, track_id=1))
            seen.append(cheeks(frame, face)[0])
        assert seen[-1] < 0.9 * seen[5]
        assert np.ptp(seen[2:6]) < 0.5

    def test_a_video_is_as_steady_as_without(self, analyser, assets, models):
        clip = read_clip(assets / "video" / "head_motion_male.mp4", 16)
        tracker = FaceTracker(analyser)
        faces = [tracker.update(image, place / 25)[0] for place, image in enumerate(clip)]
        restless = []
        for match in (1, 0):
            swapper = MeshSwapper(models[DARK], FaceSwapperOptions(skin_tone_match=match))
            tones = []
            for image, face in zip(clip, faces, strict=True):
                swapper.swap(new := image.copy(), face)
                tones.append(cheeks(new, face))
            restless.append(np.abs(np.diff(tones, axis=0)).mean())
        assert restless[1] < restless[0] + 0.1

    def test_a_followed_face_goes_on_from_a_state_bit_for_bit(self, people, models):
        image, face = people[DARK][0], replace(people[DARK][1], track_id=1)
        first, second = (MeshSwapper(models[PALE], FaceSwapperOptions(skin_tone_match=0.2)) for _ in range(2))
        for brightness in range(4):
            first.swap(np.asarray(cv2.convertScaleAbs(image, beta=4 * brightness), np.uint8), face)
        second.restore(unpack(pack(first.state())))
        results = [image.copy(), image.copy()]
        for swapper, result in zip((first, second), results, strict=True):
            swapper.swap(result, face)
        assert np.array_equal(*results)


class TestNetworks:
    """The network here tints faces, as real ones miss the target's tone."""

    @PAIRS
    def test_cheeks_move_from_the_targets_tone_to_the_sources(self, people, sessions, one, other):
        image, face = people[other]
        source, target = cheeks(*people[one]), cheeks(image, face)
        item = FaceFrame(frame(image), (face,))
        made = cheeks(edited(network(sessions, people[one]), [item])[0], face)
        seen = [cheeks(edited(network(sessions, people[one], match), [item])[0], face) for match in STEPS]
        ways = way(seen, target, source)
        steps = np.diff(ways)
        assert abs(ways[0]) < 0.25
        assert ways[-1] > 0.65, "it is all of the skin that has the source's tone on the mean"
        assert steps.min() > 0.5 * steps.mean()
        assert steps.max() < 1.5 * steps.mean()
        assert apart(seen[0], target) < 0.4 * apart(made, target), "1 is nearer to the target than the network comes"

    def test_not_given_it_leaves_what_the_network_makes(self, people, sessions, monkeypatch):
        item = FaceFrame(frame(people[DARK][0]), (people[DARK][1],))
        monkeypatch.setattr(
            "facefusion.processors.face_swapper.toning.SkinToner.toned", lambda _, __, given: list(given)
        )
        [plain] = edited(network(sessions, people[PALE], 0.5), [item])
        monkeypatch.undo()
        processor = network(sessions, people[PALE])
        assert np.array_equal(edited(processor, [item])[0], plain)
        assert not np.array_equal(edited(network(sessions, people[PALE], 0.5), [item])[0], plain)

    def test_eyes_and_what_is_beside_the_face_stay(self, people, sessions):
        image, face = people[PALE]
        item = FaceFrame(frame(image), (face,))
        usual, own = (edited(network(sessions, people[DARK], match), [item])[0].astype(int) for match in (None, 0))
        changed = np.abs(own - usual).max(2)
        assert changed[~outline_mask(face, image.shape, 1.05)].max() < 3
        assert not changed[~outline_mask(face, image.shape, 1.15)].any()
        eyes = polygon_mask(face.mesh[list(RIGHT_EYE), :2], image.shape)
        assert changed[eyes].mean() < 0.4 * changed[outline_mask(face, image.shape, 0.5)].mean()

    def test_batches_change_nothing_and_a_state_goes_on(self, people, sessions):
        image, face = people[DARK][0], replace(people[DARK][1], track_id=3)
        items = [FaceFrame(frame(cv2.convertScaleAbs(image, beta=6 * n), n), (face,)) for n in range(4)]
        together = edited(network(sessions, people[PALE], 0.3), items)
        single = network(sessions, people[PALE], 0.3)
        alone = [edited(single, [item])[0] for item in items[:2]]
        other = network(sessions, people[PALE], 0.3)
        other.restore(unpack(pack(single.state())))
        alone += [edited(other, [item])[0] for item in items[2:]]
        assert all(np.array_equal(*pair) for pair in zip(together, alone, strict=True))

    def test_only_where_tones_are_remembered_must_frames_come_in_their_order(self, people, sessions):
        assert network(sessions, people[PALE]).is_concurrent
        assert not network(sessions, people[PALE], 0.3).is_concurrent
        assert "tones" not in network(sessions, people[PALE]).state()

    def test_a_light_that_changes_stays(self, people, sessions):
        image, face = people[DARK][0], replace(people[DARK][1], track_id=3)
        processor = network(sessions, people[PALE], 0)
        lights = [1.0] * 6 + [0.6] * 2
        frames = [
            FaceFrame(frame(cv2.convertScaleAbs(image, alpha=light), n), (face,)) for n, light in enumerate(lights)
        ]
        seen = [cheeks(each, face)[0] for each in edited(processor, frames)]
        assert seen[-1] < 0.9 * seen[5]
        assert np.ptp(seen[:6]) < 0.5

    def test_a_face_file_knows_its_tone(self, people, sessions):
        image, face = people[DARK]
        kept = KeptFace("pale", keep((SourceFace(*people[PALE], 0.5),)), np.zeros((1, 128), np.float32))
        item = FaceFrame(frame(image), (face,))
        usual, own = (edited(network(sessions, (kept,), match), [item])[0] for match in (1, 0))
        assert apart(cheeks(own, face), cheeks(*people[PALE])) < 0.35 * apart(
            cheeks(usual, face), cheeks(*people[PALE])
        )

    def test_each_role_has_its_own(self, people, sessions):
        image, face = people[DARK]
        roles = tuple(
            Role(
                (SourceFace(*people[PALE], 0.5),),
                Options.parse({"face_swapper_model": NETWORK, "face_mask_types": "box", "skin_tone_match": match}),
            )
            for match in (None, 0, 1)
        )
        processor = SPEC.create(ProcessorContext(Options(), (), sessions, roles))
        items = [FaceFrame(frame(image), (face.with_role(number),)) for number in range(3)]
        alone = [
            edited(network(sessions, people[PALE], match), [FaceFrame(frame(image), (face,))])[0]
            for match in (None, 0, 1)
        ]
        assert all(np.array_equal(*pair) for pair in zip(edited(processor, items), alone, strict=True))


def test_a_map_takes_tones_for_each_person(tmp_path, assets, people):
    """The same person twice: one with the target's tone, one with the source's."""
    image, face = people[DARK]
    save(tmp_path / "both.png", np.concatenate([image, image], 1))
    source = assets.joinpath(*PALE)
    run(
        Options.parse(
            {
                "map": [f"{source}=0", f"{source}=1 skin-tone-match=0"],
                "face_selector_order": "left-right",
                "target_path": tmp_path / "both.png",
                "output_path": tmp_path / "out.png",
            }
        )
    )
    both = np.split(read(tmp_path / "out.png"), 2, axis=1)
    usual, own = (apart(cheeks(each, face), cheeks(*people[PALE])) for each in both)
    assert own < 0.4 * usual


class TestShift:
    DARK, PALE = np.array([94.0, 144.0, 148.0]), np.array([180.0, 138.0, 143.0])

    @pytest.mark.parametrize(("present", "wanted"), [(DARK, PALE), (PALE, DARK)])
    def test_the_present_tone_becomes_the_one_wanted(self, present, wanted):
        skin = np.broadcast_to(present.astype(np.float32), (9, 9, 3)).copy()
        shift = ToneShift.between(present, wanted)
        assert np.abs(shift.on(skin, np.float32(1)) - wanted).max() < 0.01
        assert np.abs(shift.on(skin, np.zeros((9, 9), np.float32)) - present).max() < 0.01

    def test_what_is_lighter_stays_lighter_and_below_white(self):
        skin = np.repeat(np.arange(20, 250, dtype=np.float32)[None, :, None], 3, axis=2)
        skin[:, :, 1:] = 140
        shifted = ToneShift.between(self.DARK, self.PALE).on(skin, np.float32(1))[0, :, 0]
        assert (np.diff(shifted) > 0).all()
        assert shifted.max() < 255

    def test_tones_between(self):
        assert np.allclose(mixed(self.PALE, self.DARK, 0), self.PALE)
        assert np.allclose(mixed(self.PALE, self.DARK, 1), self.DARK)
        assert np.allclose(mixed(self.PALE, self.DARK, 0.5), (self.PALE + self.DARK) / 2)

    def test_a_tone_settles(self):
        memory, random = ToneMemory(), np.random.default_rng(5)
        tones = [memory.settled(self.PALE + random.normal(0, 4, 3)).copy() for _ in range(60)]
        assert np.abs(tones[-1] - self.PALE).max() < 2
        assert np.array_equal(tones[-1], memory.settled(self.DARK))
