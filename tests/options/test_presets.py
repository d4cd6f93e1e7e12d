"""Presets: many options by one word, and whatever is said beside it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.errors import OptionsError, OutputTypeError
from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.probe import probe
from facefusion.options import Options
from facefusion.options.leaves import leaf_table
from facefusion.options.presets import PRESETS
from facefusion.options.sources import load_options
from material import LIMITS


def flat(options):
    values = {}
    for name, leaf in leaf_table(Options).items():
        group = options
        for part in leaf.path:
            group = getattr(group, part)
        values[name] = getattr(group, leaf.name)
    return values


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_says_and_nothing_else(name):
    plain, preset = flat(Options.parse({})), flat(Options.parse({"preset": name}))
    changed = {key: value for key, value in preset.items() if plain[key] != value and key != "preset"}
    assert changed == dict(PRESETS[name])


def test_balanced_is_what_holds_without_a_preset():
    assert Options.parse({"preset": "balanced"}) == Options.parse({})


def test_what_is_said_beside_it_counts_however_it_is_spelt():
    options = Options.parse({"preset": "premium", "output-video-preset": "medium", "detect_every": "auto"})
    assert options.output.output_video_preset == "medium"
    assert options.faces.detect_every == "auto"
    assert options.output.output_video_quality == 14


def test_it_counts_from_the_environment_and_from_a_file_too(tmp_path):
    (tmp_path / "settings.toml").write_text('preset = "premium"\noutput_video_quality = 20\n')
    options = load_options({}, environment={}, config_path=tmp_path / "settings.toml")
    assert (options.output.output_video_preset, options.output.output_video_quality) == ("slow", 20)
    options = load_options({"preset": "fast"}, environment={"FACEFUSION_OUTPUT_VIDEO_PRESET": "medium"})
    assert options.output.output_video_preset == "medium"


def test_one_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(OptionsError, match="'fast', 'balanced', 'premium' or 'lite'"):
        Options.parse({"preset": "quick"})


def test_a_bitrate_takes_the_place_of_the_quality_of_a_preset():
    options = Options.parse({"preset": "premium", "output_video_bitrate": "2M"})
    assert VideoWish.of(options.output).quality is None
    assert options.output.output_video_preset == "slow"


def test_changing_the_preset_changes_what_it_says_and_what_the_one_before_said():
    begun = load_options({"face_detector_score": 0.6, "output_video_quality": 20}, environment={})
    premium = begun.changed({"preset": "premium"})
    assert (premium.faces.detect_every, premium.faces.face_detector_tiles) == (1, 2)
    assert (premium.output.output_video_preset, premium.output.output_video_quality) == ("slow", 20)
    assert premium.faces.face_detector_score == 0.6
    fast = premium.changed({"preset": "fast", "output_video_preset": "medium"})
    assert fast == begun.changed({"preset": "fast", "output_video_preset": "medium"})
    assert (fast.faces.detect_every, fast.faces.frame_sampling) == ("auto", "auto")
    assert fast.output.output_video_preset == "medium"


@pytest.mark.parametrize(
    ("name", "encoder"), [("out.mov", "prores"), ("out.mkv", "ffv1"), ("out.gif", "auto"), ("%03d.png", "auto")]
)
def test_the_quality_of_a_preset_is_for_what_has_one(moving_portrait, name, encoder):
    def wish(**values):
        return VideoWish.of(load_options({"output_video_encoder": encoder, **values}, environment={}).output)

    info = probe(moving_portrait, LIMITS)
    assert choose_encoding(Path(name), info, wish(preset="premium"))
    with pytest.raises(OutputTypeError, match="quality"):
        choose_encoding(Path(name), info, wish(preset="premium", output_video_quality=14))
