"""Lip syncers: what their networks are given, and what becomes of what they give."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from facefusion.errors import ModelUnfitError, OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.lip_syncer import SPEC
from facefusion.processors.lip_syncer.processor import lip_masker
from facefusion.processors.lip_syncer.voice.mel import RATE
from facefusion.processors.lip_syncer.wav2lip import cut, face_box, lay
from generated.builder import Shelf
from generated.lip_syncer import edtalk, loudness, wav2lip
from material import face_of, mesh_at, outline_mask
from reference import lip_syncer as reference

TASK = "lip_syncer"
LEVELS = np.random.default_rng(3).uniform(-4, 4, (5, 80, 16)).astype(np.float32)


@dataclass
class Told:
    """Half a second of silence, then noise."""

    begin: Fraction = Fraction(0)

    def folder(self):
        return None

    def samples(self):
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (48000, 2)).astype(np.float32)
        noise[:24000] = 0
        yield noise


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture
def picture():
    """Coloured noise, so that every pixel tells where it is from."""
    small = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    return np.ascontiguousarray(small.repeat(8, 0).repeat(8, 1))


def faces_in(*places):
    return [face_of(mesh_at(x, y, 150, roll=roll)) for x, y, roll in places]


def crops_of(picture, count):
    places = [(180 + 40 * n, 200 + 10 * n, 5 * n) for n in range(count)]
    return [FaceCrop.cut(picture, face, "ffhq_512", 512) for face in faces_in(*places)]


def loaded(shelf, family, network):
    shelf.put("small", TASK, family, network)
    return shelf.sessions().load("small", TASK)


def test_wav2lip_is_given_what_the_reference_gives_it(shelf, picture):
    [crop] = crops_of(picture, 1)
    [edited] = loaded(shelf, "wav2lip", wav2lip()).sync([crop], LEVELS[:1], 0.5)
    box = face_box(crop)
    target = reference.wav2lip_target(crop.image, box, 96)
    upper, whole = target[:3], target[3:]
    drawn = whole * 0.5 + (whole - upper) * 0.1 + 0.4 * loudness(LEVELS[0])
    expected = np.rint(np.clip(drawn, 0, 1) * 255)[::-1].transpose(1, 2, 0)
    left, top, right, bottom = box
    back = cut(edited[top:bottom, left:right], (0, 0, right - left, bottom - top), 96)
    ours = edited[top:bottom, left:right].mean((0, 1))
    assert np.abs(back.astype(float) - expected).mean() < 3  # enlarged and shrunk again
    np.testing.assert_allclose(ours, expected.mean((0, 1)), atol=1)
    outside = np.ones((512, 512), bool)
    outside[top:bottom, left:right] = False
    np.testing.assert_array_equal(edited[outside], crop.image[outside])


def test_the_face_in_the_box_is_the_mean_of_what_it_covers(picture):
    [crop] = crops_of(picture, 1)
    box = face_box(crop)
    target = reference.wav2lip_target(crop.image, box, 96)
    mine = cut(crop.image, box, 96).transpose(2, 0, 1)[::-1] / 255
    assert np.abs(mine - target[3:]).max() <= 1 / 255 + 1e-6
    assert not target[:3, 48:].any()


def test_the_box_holds_brows_jaw_and_chin_and_may_reach_out(picture):
    [crop] = crops_of(picture, 1)
    left, top, right, bottom = face_box(crop)
    mesh = crop.inside(crop.face.mesh)
    assert left <= mesh[127, 0] and right >= mesh[356, 0]
    assert top <= mesh[105, 1] and bottom >= mesh[152, 1]
    outer = cut(crop.image, (-50, -50, 600, 600), 96)
    assert outer.shape == (96, 96, 3)
    laid = lay(crop.image, (-50, 400, 200, 600), np.zeros((96, 96, 3), np.uint8))
    assert not laid[400:, :200].any()
    np.testing.assert_array_equal(laid[:400], crop.image[:400])
    np.testing.assert_array_equal(lay(crop.image, (600, 600, 700, 700), np.zeros((96, 96, 3), np.uint8)), crop.image)


def test_the_weight_of_wav2lip_scales_the_speech(shelf, picture):
    crops = crops_of(picture, 1)
    syncer = loaded(shelf, "wav2lip", wav2lip())
    loud = np.full((1, 80, 16), 2.0, np.float32)
    means = [syncer.sync(crops, loud, weight)[0].mean() for weight in (0.0, 0.5, 1.0)]
    assert means[0] < means[1] < means[2]


def test_edtalk_is_given_what_the_reference_gives_it(shelf, picture):
    [crop] = crops_of(picture, 1)
    syncer = loaded(shelf, "edtalk", edtalk())
    for weight in (0.0, 0.8):
        [edited] = syncer.sync([crop], LEVELS[:1], weight)
        small = np.rint(reference.shrunk(crop.image, 256, 256).transpose(1, 2, 0))
        drawn = np.rint(np.clip(small / 255 * 0.5 + 0.5 * loudness(LEVELS[0]) * weight, 0, 1) * 255)
        assert edited.shape == (512, 512, 3)
        back = reference.shrunk(edited, 256, 256).transpose(1, 2, 0)
        assert np.abs(back - drawn).mean() < 2
        np.testing.assert_allclose(edited.mean((0, 1)), drawn.mean((0, 1)), atol=1)


@pytest.mark.parametrize("batch", ["batch", 1])
@pytest.mark.parametrize(("family", "network"), [("wav2lip", wav2lip), ("edtalk", edtalk)])
def test_a_batch_is_what_its_faces_are_one_by_one(shelf, picture, family, network, batch):
    syncer = loaded(shelf, family, network(batch=batch))
    crops = crops_of(picture, 5)
    together = syncer.sync(crops, LEVELS, 0.5)
    for crop, level, edited in zip(crops, LEVELS, together, strict=True):
        [alone] = syncer.sync([crop], [level], 0.5)
        np.testing.assert_array_equal(edited, alone)


def test_tensors_are_found_by_other_names_too(shelf, picture):
    names = ("mel_spectrogram", "video_frames", "predicted_frames")
    [crop] = crops_of(picture, 1)
    assert loaded(shelf, "wav2lip", wav2lip(names=names)).sync([crop], LEVELS[:1], 0.5)[0].shape == (512, 512, 3)


def test_a_network_of_another_family_is_refused(shelf):
    shelf.put("small", TASK, "wav2lip", edtalk())
    with pytest.raises(ModelUnfitError, match="small"):
        shelf.sessions().load("small", TASK)


@pytest.mark.parametrize("reach", ["lower-face", "box"])
def test_masks_are_soft_and_leave_out_what_is_not_drawn(shelf, picture, reach):
    [crop] = crops_of(picture, 1)
    [mask] = lip_masker(context(shelf, None), reach).masks([crop], [crop.image])
    mesh = crop.inside(crop.face.mesh)
    assert mask.shape == (512, 512) and mask.dtype == np.float32
    assert 0 <= mask.min() < 0.01 and 0.99 < mask.max() <= 1
    assert ((mask > 0.1) & (mask < 0.9)).any()
    x, y = mesh[14].astype(int)
    assert mask[y, x] > 0.95  # the lips
    x, y = mesh[159].astype(int)
    assert (mask[y, x] > 0.5) == (reach == "box")  # an eye


def context(shelf, speech, **options):
    values = {"lip_syncer_model": "small", "processors": ["lip_syncer"]} | options
    return ProcessorContext(Options.parse(values), (), shelf.sessions(), speech=speech)


def frames_of(picture, faces, *indexes):
    return [FaceFrame(Frame(n, n * 40, 40, Fraction(1, 1000), picture), tuple(faces)) for n in indexes]


def test_each_frame_hears_its_own_time_whatever_its_number(shelf, picture):
    shelf.put("small", TASK, "wav2lip", wav2lip())
    processor = SPEC.create(context(shelf, Told()))
    [face] = faces_in((300, 240, 0))
    quiet, loud = processor.process(frames_of(picture, [face], 5, 15))
    x, y = face.mesh[14, :2].astype(int)
    here = (slice(y - 5, y + 5), slice(x - 5, x + 5))
    assert loud.frame.image[here].mean() > quiet.frame.image[here].mean() + 30
    late = frames_of(picture, [face], 5)[0]
    late = FaceFrame(Frame(0, 15, 1, Fraction(40, 1000), picture), late.faces)
    np.testing.assert_array_equal(processor.process([late])[0].frame.image, loud.frame.image)


def test_a_batch_of_frames_and_faces_is_what_they_are_one_by_one(shelf, picture):
    shelf.put("small", TASK, "wav2lip", wav2lip())
    processor = SPEC.create(context(shelf, Told()))
    items = frames_of(picture, faces_in((180, 240, 5), (460, 240, -8)), 0, 13, 20)
    together = processor.process(items)
    for item, edited in zip(items, together, strict=True):
        np.testing.assert_array_equal(processor.process([item])[0].frame.image, edited.frame.image)
    assert processor.state() == {}


def test_pixels_away_from_the_face_stay_as_they_are(shelf, picture):
    shelf.put("small", TASK, "wav2lip", wav2lip())
    [face] = faces_in((300, 240, 0))
    before = picture.copy()
    [edited] = SPEC.create(context(shelf, Told())).process(frames_of(picture, [face], 15))
    np.testing.assert_array_equal(picture, before)
    changed = (edited.frame.image != picture).any(2)
    assert changed.any()
    assert not changed[~outline_mask(face, picture.shape, 1.1)].any()
    assert not changed[: int(face.mesh[2, 1]) - 12].any()  # nothing above the base of the nose


def test_frames_without_faces_pass(shelf, picture):
    shelf.put("small", TASK, "wav2lip", wav2lip())
    items = frames_of(picture, [], 0)
    assert SPEC.create(context(shelf, Told())).process(items)[0].frame is items[0].frame


def test_without_speech_there_is_nothing_to_follow(shelf):
    shelf.put("small", TASK, "wav2lip", wav2lip())
    with pytest.raises(OptionsError, match="no speech"):
        SPEC.create(context(shelf, None))


def test_noise_that_is_loud_reaches_every_band():
    from facefusion.processors.lip_syncer.voice.voice import Voice

    voice = Voice.record(Told())
    assert len(voice.samples) == RATE
    assert loudness(voice.mel(Fraction(7, 10))) > 0.3
    assert loudness(voice.mel(Fraction(1, 5))) == 0


def test_the_public_lip_syncers_are_in_the_catalogue():
    cards = Catalogue.known().of_task(TASK)
    assert {card.name for card in cards} == {"wav2lip_96", "wav2lip_gan_96", "edtalk_256"}
    assert {card.name for card in cards if card.commercial} == {"edtalk_256"}
