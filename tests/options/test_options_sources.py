"""Where values come from, and which source wins."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from facefusion.errors import InputMissingError, OptionsError
from facefusion.options import current_options, find_config, load_options, set_options


@pytest.fixture(autouse=True)
def _quiet(quiet_place: Path) -> None:
    """Every test starts where nothing is configured."""


def test_defaults_when_nobody_says_anything():
    options = load_options({}, environment={})
    assert options.processors == ("face_swapper",)
    assert options.output.keep_audio is True


def test_call_over_environment_over_file():
    Path("facefusion.toml").write_text("blend_ratio = 0.1\nface_mask_blur = 0.1\noutput_image_quality = 1\n")
    environment = {"FACEFUSION_BLEND_RATIO": "0.2", "FACEFUSION_FACE_MASK_BLUR": "0.2"}
    options = load_options({"blend_ratio": 0.3}, environment=environment)
    assert options.face_swapper.blend_ratio == 0.3
    assert options.face_masks.face_mask_blur == 0.2
    assert options.output.output_image_quality == 1


def test_another_spelling_in_a_later_source_still_replaces():
    Path("facefusion.toml").write_text('source = "file.jpg"\n')
    options = load_options({}, environment={"FACEFUSION_SOURCE_PATHS": "a.jpg,b.jpg"})
    assert options.source_paths == (Path("a.jpg"), Path("b.jpg"))


def test_environment_knows_every_spelling():
    options = load_options({}, environment={"FACEFUSION_TARGET": "b.mp4", "FACEFUSION_KEEP_AUDIO": "no"})
    assert options.target_path == Path("b.mp4")
    assert options.output.keep_audio is False


def test_an_empty_variable_says_nothing():
    assert load_options({}, environment={"FACEFUSION_BLEND_RATIO": ""}) == load_options({}, environment={})


@pytest.mark.parametrize("name", ["FACEFUSION_PROCESSORS", "FACEFUSION_FRAME_PROCESSORS"])
def test_an_empty_list_of_processors_in_the_environment_means_none(name):
    assert load_options({}, environment={name: ""}).processors == ()
    for needed in ("FACE_MASK_TYPES", "EXECUTION_PROVIDERS", "SOURCE", "RENDITIONS"):
        assert load_options({}, environment={f"FACEFUSION_{needed}": ""}) == load_options({}, environment={})


@pytest.mark.parametrize(
    ("variable", "hint"),
    [("FACEFUSION_BLEND_RATO", "Did you mean FACEFUSION_BLEND_RATIO"), ("FACEFUSION_XYZZY", "Take it away")],
)
@pytest.mark.parametrize("value", ["", "1"])
def test_a_variable_that_is_no_option_is_refused(variable, hint, value):
    with pytest.raises(OptionsError, match=f"^There is no option for the variable {variable}. {hint}"):
        load_options({}, environment={variable: value})


def test_variables_that_are_not_meant_as_options_are_let_be():
    Path("c.toml").write_text("blend_ratio = 0.5")
    of_a_service = ("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR", "NAME")
    others = {f"FACEFUSION_{name}": "tcp://10.0.0.1:80" for name in of_a_service}
    others |= {"FACEFUSION_TEST_ASSETS": "assets", "FACEFUSION_MODEL_ARCHIVES": "", "FACE_SIZE": "1", "PATH": "/bin"}
    assert load_options({}, environment=others) == load_options({}, environment={})
    assert load_options({}, environment={"FACEFUSION_CONFIG": "c.toml"}).face_swapper.blend_ratio == 0.5


def test_what_the_call_asks_for_is_told_from_what_stands_there_for_all_jobs():
    Path("facefusion.toml").write_text("output_video_size = '50%'\noutput_video_quality = 16\n")
    environment = {"FACEFUSION_OUTPUT_VIDEO_FPS": "30", "FACEFUSION_OUTPUT_VIDEO_QUALITY": "17"}
    options = load_options({"output_video_quality": 17, "output_video_passes": 1}, environment=environment)
    assert (options.output.output_video_size, options.output.output_video_fps) == ("50%", "30")
    assert options.output.asks_for("output_video_quality")
    for name in ("output_video_size", "output_video_fps", "output_video_passes", "output_video_bitrate"):
        assert not options.output.asks_for(name)
    assert options == load_options({}, environment=environment)


def test_tables_of_the_file_only_group():
    Path("facefusion.toml").write_text("[face_swapper]\nblend_ratio = 0.5\n[output]\nkeep_audio = false\n")
    options = load_options({}, environment={})
    assert (options.face_swapper.blend_ratio, options.output.keep_audio) == (0.5, False)


def test_places_where_a_file_is_looked_for(monkeypatch):
    assert find_config(environment={}) is None
    home = Path(os.environ["XDG_CONFIG_HOME"], "facefusion", "config.toml")
    home.parent.mkdir(parents=True)
    home.touch()
    found = find_config(environment={})
    assert found is not None
    assert found.samefile(home)
    Path("facefusion.toml").touch()
    assert find_config(environment={}) == Path("facefusion.toml")
    assert find_config(environment={"FACEFUSION_CONFIG": "env.toml"}) == Path("env.toml")
    assert find_config(Path("named.toml"), {"FACEFUSION_CONFIG": "env.toml"}) == Path("named.toml")


def test_a_file_that_was_named_must_be_there():
    with pytest.raises(InputMissingError, match=r"no\.toml cannot be read \(No such file or directory\)"):
        load_options({}, environment={}, config_path=Path("no.toml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("blend_ratio = ", "is not valid TOML"),
        ("blend_rato = 1", "In the configuration file facefusion.toml: There is no option 'blend_rato'"),
        ("[face_swapper]\nblend_ratio = 7", "In the configuration file facefusion.toml: Option blend-ratio"),
        ("source = 'a'\nsource_paths = 'b'", "Option source_paths is given twice"),
    ],
)
def test_a_mistake_in_the_file_says_so(content, message):
    Path("facefusion.toml").write_text(content)
    with pytest.raises(OptionsError, match=message):
        load_options({}, environment={})


def test_a_mistake_in_the_environment_says_so():
    with pytest.raises(OptionsError, match="In the environment: Option blend-ratio"):
        load_options({}, environment={"FACEFUSION_BLEND_RATIO": "much"})


def test_what_set_options_keeps_belongs_to_its_context():
    seen: list[dict[str, object]] = []

    def elsewhere() -> None:
        seen.append(dict(current_options()))
        set_options({"blend_ratio": 0.5})
        seen.append(dict(current_options()))

    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [{}, {"blend_ratio": 0.5}]
    assert current_options() == {}


def test_set_options_refuses_what_is_impossible():
    with pytest.raises(OptionsError, match="no option 'colour'"):
        set_options({"colour": "red"})
