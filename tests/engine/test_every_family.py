"""Each family of networks works in a whole job on a real clip, with one entry in a folder of the user's own."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

import facefusion
from facefusion.inference.session import Session
from generated import face_classifier, face_detector, face_landmarker, face_masker, face_swapper, imaging
from generated.builder import Shelf
from generated.face_enhancer import restorer
from generated.face_recogniser import arcface
from generated.installed import install
from generated.lip_syncer import edtalk, mdx_net, wav2lip
from generated.live_portrait import feature_extractor, generator, motion_extractor, retargeter, stitcher
from material import CAPTAIN, read_clip

FRAMES = 3
SWAP = {"processors": ["face_swapper"], "source_paths": [CAPTAIN]}
INSWAPPER = SWAP | {"face_swapper_model": "own_inswapper"}
SYNC = {"processors": ["lip_syncer"]}
EDIT = {"processors": ["face_editor"], "face_editor_model": "own_live_portrait_editor", "face_editor_mouth_smile": 1.0}
RESTORE = {
    "processors": ["expression_restorer"],
    "expression_restorer_model": "own_live_portrait",
    "expression_restorer_driving": CAPTAIN,
}
VOICE = {"length": 512, "hop": 128, "bins": 200, "frames": 64}


def detects(family):
    """Beside a bundled detector: a network without training would see faces anywhere, this one sees none."""
    return {"face_detector_model": [f"own_{family}", "blazeface_full_range"]}


def swaps(family):
    return SWAP | {"face_swapper_model": f"own_{family}"}


def entry(task, model, options, *, settings=None, requires=()):
    return task, model, options, settings or {}, tuple(f"own_{name}" for name in requires)


SWAPPER, DETECTOR, LANDMARKER, ENHANCER = "face_swapper", "face_detector", "face_landmarker", "frame_enhancer"
CASES = {
    "age_regression": lambda: entry(
        "face_classifier",
        face_classifier.age(),
        SWAP | {"face_classifier_model": "own_age_regression", "face_selector_age_end": 100},
    ),
    "arcface": lambda: entry("face_recogniser", arcface(), INSWAPPER),
    "background_remover": lambda: entry(
        "background_remover",
        imaging.foreground(),
        {
            "processors": ["background_remover"],
            "background_remover_model": "own_background_remover",
            "background_remover_fill_color": [0, 255, 0, 255],
        },
        settings={"size": 64},
    ),
    "bisenet": lambda: entry(
        "face_parser",
        face_masker.parser(),
        INSWAPPER | {"face_mask_types": ["region"], "face_parser_model": "own_bisenet"},
    ),
    "blendswap": lambda: entry(SWAPPER, face_swapper.portrait_swapper(256, 112), swaps("blendswap")),
    "crossface": lambda: entry("face_embedding_converter", face_swapper.converter(), swaps("simswap")),
    "ddcolor": lambda: entry(
        "frame_colorizer",
        imaging.chroma(),
        {"processors": ["frame_colorizer"], "frame_colorizer_model": "own_ddcolor"},
    ),
    "deoldify": lambda: entry(
        "frame_colorizer",
        imaging.colour_picture(),
        {"processors": ["frame_colorizer"], "frame_colorizer_model": "own_deoldify"},
    ),
    "edtalk": lambda: entry("lip_syncer", edtalk(), SYNC | {"lip_syncer_model": "own_edtalk"}),
    "face_restorer": lambda: entry(
        "face_enhancer",
        restorer(512),
        {"processors": ["face_enhancer"], "face_enhancer_model": "own_face_restorer"},
    ),
    "face_translator": lambda: entry(
        "face_translator",
        imaging.translator(),
        {"processors": ["face_translator"], "face_translator_model": "own_face_translator"},
        settings={"size": 64},
    ),
    "fairface": lambda: entry(
        "face_classifier",
        face_classifier.fairface(),
        SWAP | {"face_classifier_model": "own_fairface", "face_selector_age_end": 100},
    ),
    "fan_landmarks": lambda: entry(
        LANDMARKER, face_landmarker.fan(), INSWAPPER | {"face_landmarker_model": "own_fan_landmarks"}
    ),
    "fran": lambda: entry(
        "age_modifier",
        imaging.reaging(),
        {"processors": ["age_modifier"], "age_modifier_model": "own_fran", "age_modifier_direction": 50},
        settings={"size": 128},
        requires=("fairface",),
    ),
    "ghost": lambda: entry(
        SWAPPER,
        face_swapper.embedding_swapper(256, signed=True),
        swaps("ghost"),
        requires=("arcface", "crossface"),
    ),
    "hififace": lambda: entry(
        SWAPPER,
        face_swapper.embedding_swapper(256, signed=True),
        swaps("hififace"),
        requires=("arcface", "crossface"),
    ),
    "hyperswap": lambda: entry(
        SWAPPER, face_swapper.embedding_swapper(256, signed=True), swaps("hyperswap"), requires=("arcface",)
    ),
    "inswapper": lambda: entry(
        SWAPPER, face_swapper.embedding_swapper(128, matrix=True), INSWAPPER, requires=("arcface",)
    ),
    "landmarks_from_five": lambda: entry(
        LANDMARKER, face_landmarker.from_five(), INSWAPPER | {"face_landmarker_model": "own_landmarks_from_five"}
    ),
    "live_portrait": lambda: entry(
        "expression_restorer",
        generator(),
        RESTORE,
        settings={
            "feature_extractor": "own_live_portrait_feature_extractor",
            "motion_extractor": "own_live_portrait_motion_extractor",
        },
        requires=("live_portrait_feature_extractor", "live_portrait_motion_extractor"),
    ),
    "live_portrait_editor": lambda: entry(
        "face_editor",
        stitcher(),
        EDIT,
        settings={
            "animator": "own_live_portrait",
            "eye_retargeter": "own_live_portrait_retargeter",
            "lip_retargeter": "own_lips_retargeter",
        },
        requires=("live_portrait", "live_portrait_retargeter", "lips_retargeter"),
    ),
    "live_portrait_feature_extractor": lambda: entry("portrait_features", feature_extractor(), RESTORE),
    "live_portrait_motion_extractor": lambda: entry("portrait_motion", motion_extractor(), RESTORE),
    "live_portrait_retargeter": lambda: entry(
        "portrait_retargeter", retargeter(2), EDIT | {"face_editor_eye_open_ratio": 0.5}, settings={"ratios": 2}
    ),
    "luma_super_resolution": lambda: entry(
        ENHANCER,
        imaging.super_resolution(channels=1),
        {"processors": [ENHANCER], "frame_enhancer_model": "own_luma_super_resolution"},
        settings={"scale": 2},
    ),
    "mdx_net": lambda: entry(
        "voice_extractor",
        mdx_net(200, 64, kept=27),
        SYNC | {"lip_syncer_model": "own_wav2lip", "voice_extractor_model": "own_mdx_net"},
        settings=VOICE,
    ),
    "peppa_landmarks": lambda: entry(
        LANDMARKER, face_landmarker.peppa(), INSWAPPER | {"face_landmarker_model": "own_peppa_landmarks"}
    ),
    "regressed_landmarks": lambda: entry(
        LANDMARKER,
        face_landmarker.regressed(68, 160),
        INSWAPPER | {"face_landmarker_model": "own_regressed_landmarks"},
        settings={"points": 68, "size": 160, "layout": "300w"},
    ),
    "retinaface": lambda: entry(DETECTOR, face_detector.anchor_distance(sees=False), SWAP | detects("retinaface")),
    "retinaface_priors": lambda: entry(
        DETECTOR, face_detector.prior_box(sees=False), SWAP | detects("retinaface_priors")
    ),
    "rgb_super_resolution": lambda: entry(
        ENHANCER,
        imaging.super_resolution(),
        {"processors": [ENHANCER], "frame_enhancer_model": "own_rgb_super_resolution"},
        settings={"scale": 2},
    ),
    "scrfd": lambda: entry(DETECTOR, face_detector.anchor_distance(sees=False), SWAP | detects("scrfd")),
    "simswap": lambda: entry(
        SWAPPER,
        face_swapper.embedding_swapper(256, imagenet=True),
        swaps("simswap"),
        requires=("arcface", "crossface"),
    ),
    "styleganex_age": lambda: entry(
        "age_modifier",
        imaging.reaging_with_background(),
        {"processors": ["age_modifier"], "age_modifier_model": "own_styleganex_age", "age_modifier_direction": 50},
        settings={"size": 64, "wide_size": 96, "output_size": 128},
    ),
    "uniface": lambda: entry(SWAPPER, face_swapper.portrait_swapper(256, 256, signed=True), swaps("uniface")),
    "wav2lip": lambda: entry("lip_syncer", wav2lip(), SYNC | {"lip_syncer_model": "own_wav2lip"}),
    "xseg": lambda: entry(
        "face_occluder",
        face_masker.occluder(),
        INSWAPPER | {"face_mask_types": ["occlusion"], "face_occluder_model": "own_xseg"},
    ),
    "yolo_face_v5": lambda: entry(
        DETECTOR, face_detector.yolo_v5(decoded=False, sees=False), SWAP | detects("yolo_face_v5")
    ),
    "yolo_face_v8": lambda: entry(DETECTOR, face_detector.yolo_v8(sees=False), SWAP | detects("yolo_face_v8")),
    "yunet": lambda: entry(DETECTOR, face_detector.yunet(sees=False), SWAP | detects("yunet")),
}
BUNDLED = {"blazeface"}
"""Runs in every job here, with its own weights."""
OF_THE_CONTENT_CHECK = {"content_classifier", "content_detector"}
"""Check what goes in and out of jobs, and edit nothing; they have tests of their own."""
FAMILIES = sorted(CASES)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of the user's with one network of each family, and an entry for each."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    for family in FAMILIES:
        task, model, _, settings, requires = CASES[family]()
        shelf.put(f"own_{family}", task, family, model, settings=settings, requires=requires)
    lips = retargeter(1)
    shelf.put("own_lips_retargeter", "portrait_retargeter", "live_portrait_retargeter", lips, settings={"ratios": 1})
    return install(shelf)


@pytest.fixture(scope="module")
def engine():
    """Keeps what is loaded for the next family."""
    with facefusion.Engine() as made:
        yield made


@pytest.fixture
def ran(monkeypatch):
    """Names of the models that were run."""
    names, run = set(), Session.run

    def recorded(self, inputs):
        names.add(self._name)
        return run(self, inputs)

    monkeypatch.setattr(Session, "run", recorded)
    return names


def test_there_is_a_case_for_every_family():
    installed = {point.name for point in entry_points(group="facefusion.families")}
    assert set(CASES) | BUNDLED | OF_THE_CONTENT_CHECK == installed


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_place")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_real_clip(family, models, ran, assets, engine):
    _, _, options, _, _ = CASES[family]()
    clip = assets / "video" / "male_with_espeak_audio_mux.mp4"
    result = engine.process_video(
        clip, "out.mkv", trim_end=f"{FRAMES}f", output_video_encoder="ffv1", **models | options
    )
    assert f"own_{family}" in ran
    before, after = read_clip(clip, FRAMES), read_clip(Path("out.mkv"))
    assert result.frames == len(after) == FRAMES
    larger = 2 if "resolution" in family else 1
    for old, new in zip(before, after, strict=True):
        assert new.shape == (old.shape[0] * larger, old.shape[1] * larger, 3)
        assert np.abs(old.astype(int) - new[::larger, ::larger]).max() > 8, "something was edited"
