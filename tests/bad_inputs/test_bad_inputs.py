"""What a bad input gets: its own error and exit status, one line, nothing half-written, and what was there stays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion import errors
from facefusion.engine.run import run
from facefusion.options import load_options
from material import ASTRONAUT, CAPTAIN, read

PICTURE = {"source": CAPTAIN, "target": ASTRONAUT, "output": "out.png"}
VIDEO = PICTURE | {"target": "bad/film.mp4", "output": "out.mp4"}

CASES = {
    "no face in the source": (PICTURE | {"source": "bad/grey.png"}, errors.NoFaceError, r"found in bad/grey\.png"),
    "no face in the target": (PICTURE | {"target": "bad/grey.png"}, errors.NoFaceError, r"found in bad/grey\.png"),
    "several faces in the source": (
        PICTURE | {"source": "bad/two.png"},
        errors.SeveralFacesError,
        r"2 faces .*--source-face-position 0 to 1",
    ),
    "a source position that is not there": (
        PICTURE | {"source_face_position": 1},
        errors.NoFaceError,
        "none at position 1",
    ),
    "too small": (
        PICTURE | {"source": "bad/small.png"},
        errors.FaceTooSmallError,
        r"is 3\d pixels wide, the least is 48",
    ),
    "too blurred": (
        PICTURE | {"source": "bad/blurred.png"},
        errors.FaceBlurredError,
        r"sharpness 0\.\d\d, the least is 0\.40",
    ),
    "too far turned": (
        PICTURE | {"source_face_max_yaw": 0.5},
        errors.FaceTurnedError,
        r"is turned \d+° from the camera, the most is 0°",
    ),
    "a target too small": (
        PICTURE | {"face_min_size": 500},
        errors.FaceTooSmallError,
        r"is 9\d pixels wide, the least is 500",
    ),
    "a target too far turned": (PICTURE | {"face_max_yaw": 0.1}, errors.FaceTurnedError, r"turned \d+° or more"),
    "a source that is not there": (
        PICTURE | {"source": "nobody.jpg"},
        errors.InputMissingError,
        r"no file nobody\.jpg",
    ),
    "a target that is not there": (
        PICTURE | {"target": "nobody.jpg"},
        errors.InputMissingError,
        r"no file nobody\.jpg",
    ),
    "a folder as target": (PICTURE | {"target": "bad"}, errors.InputMissingError, "no numbered pictures"),
    "a truncated video as source": (PICTURE | {"source": "bad/cut.mp4"}, errors.InputDamagedError, r"cut\.mp4"),
    "a damaged face file": (PICTURE | {"source": "bad/damaged.face"}, errors.InputDamagedError, r"damaged\.face"),
    "an empty video": (VIDEO | {"target": "bad/empty.mp4"}, errors.InputDamagedError, "empty"),
    "an empty picture": (PICTURE | {"source": "bad/empty.jpg"}, errors.InputDamagedError, "empty"),
    "a truncated video": (VIDEO | {"target": "bad/cut.mp4"}, errors.InputDamagedError, r"cut\.mp4"),
    "a truncated JPEG": (PICTURE | {"source": "bad/cut.jpg"}, errors.InputDamagedError, r"cut\.jpg"),
    "a truncated PNG": (PICTURE | {"target": "bad/cut.png"}, errors.InputDamagedError, r"cut\.png"),
    "text named as a video": (VIDEO | {"target": "bad/text.mp4"}, errors.InputTypeError, r"text\.mp4"),
    "text named as a picture": (PICTURE | {"source": "bad/text.png"}, errors.InputTypeError, r"text\.png"),
    "a playlist named as a video": (VIDEO | {"target": "bad/playlist.mp4"}, errors.InputTypeError, "playlist"),
    "a playlist of addresses": (VIDEO | {"target": "bad/remote.mp4"}, errors.InputTypeError, "playlist"),
    "a concat script": (VIDEO | {"target": "bad/concat.mp4"}, errors.InputTypeError, "concat"),
    "a manifest": (VIDEO | {"target": "bad/manifest.mp4"}, errors.InputTypeError, r"manifest"),
    "100 megapixels": (
        PICTURE | {"target": "bad/huge.png"},
        errors.InputLimitError,
        r"10000.?[x×].?10000.*--max-pixels",
    ),
    "100 megapixels as source": (PICTURE | {"source": "bad/huge.png"}, errors.InputLimitError, "--max-pixels"),
    "a film beyond the limit": (VIDEO | {"max_pixels": 5000}, errors.InputLimitError, "192"),
    "an output folder that is not there": (
        PICTURE | {"output": "no/such/out.png"},
        errors.OutputUnwritableError,
        "no folder no/such",
    ),
    "a folder as output": (PICTURE | {"output": "bad"}, errors.OutputTypeError, "bad"),
    "a picture wanted as a video": (PICTURE | {"output": "out.mp4"}, errors.OutputTypeError, "asks for a video"),
    "a video wanted as a picture": (VIDEO | {"output": "out.png"}, errors.OutputTypeError, "asks for a picture"),
    "an output form that is not written": (PICTURE | {"output": "out.gif"}, errors.OutputTypeError, r"\.gif"),
    "an unknown processor": (PICTURE | {"processors": "face_ager"}, errors.ProcessorUnknownError, "face_swapper"),
    "an unknown swapper model": (PICTURE | {"face_swapper_model": "inswapper"}, errors.ModelUnknownError, "mesh"),
    "a provider that is not there": (PICTURE | {"execution_providers": "directml"}, errors.ProviderError, "cpu, auto"),
    "an impossible value": (PICTURE | {"blend_ratio": 7}, errors.OptionsError, "blend-ratio"),
    "too little memory": (VIDEO | {"max_memory": 1e-6}, errors.OptionsError, "max-memory"),
    "a part that begins after the end": (VIDEO | {"trim_start": "9"}, errors.OptionsError, "trim-start"),
    "a part that ends before it begins": (
        VIDEO | {"trim_start": "10f", "trim_end": "4f"},
        errors.OptionsError,
        "trim-end: nothing is left before 4f",
    ),
    "a crop that reaches out of a video": (VIDEO | {"crop": "100,0,100,50"}, errors.OptionsError, "crop.*192x192"),
    "a crop that reaches out of a picture": (PICTURE | {"crop": "500,0,100,50"}, errors.OptionsError, "crop.*512x512"),
    "a region outside what is kept": (
        VIDEO | {"crop": "0,0,96,96", "fill_region": "90,90,10,10"},
        errors.OptionsError,
        "fill-region.*96x96",
    ),
    "more frames than allowed": (VIDEO | {"max_frames": 11}, errors.InputLimitError, "--max-frames"),
    "a longer video than allowed": (VIDEO | {"max_duration": 0.4}, errors.InputLimitError, "--max-duration"),
    "a quality and a bit rate": (
        VIDEO | {"output_video_quality": 20, "output_video_bitrate": "5M"},
        errors.OptionsError,
        "Both a quality and a bitrate",
    ),
    "two passes without a bit rate": (
        VIDEO | {"output_video_passes": 2},
        errors.OptionsError,
        "--output-video-bitrate",
    ),
    "an encoder that the output cannot hold": (
        VIDEO | {"output_video_encoder": "prores"},
        errors.OutputTypeError,
        r"\.mov",
    ),
    "a rendition without a name": (VIDEO | {"renditions": "size=720p"}, errors.OptionsError, "size=720p"),
    "a rendition of an unknown kind": (VIDEO | {"renditions": "small.mp4 colour=red"}, errors.OptionsError, "'colour'"),
    "a rendition of an impossible size": (VIDEO | {"renditions": "small.mp4 size=big"}, errors.OptionsError, "720p"),
    "a rendition over the output": (VIDEO | {"renditions": "./out.mp4 size=50%"}, errors.OptionsError, "Two outputs"),
    "a rendition over an input": (
        VIDEO | {"renditions": "bad/film.mp4 size=50%"},
        errors.OutputIsInputError,
        r"film\.mp4",
    ),
    "a thumbnail over the contact sheet": (
        VIDEO | {"thumbnail": "a.png", "contact_sheet": "a.png"},
        errors.OptionsError,
        r"Two outputs .* a\.png",
    ),
    "a thumbnail in a folder that is not there": (
        VIDEO | {"thumbnail": "no/such/a.png"},
        errors.OutputUnwritableError,
        "no folder no/such",
    ),
    "a thumbnail that is a video": (VIDEO | {"thumbnail": "a.mp4"}, errors.OutputTypeError, r"are pictures, .*a\.mp4"),
    "a thumbnail of a picture": (PICTURE | {"thumbnail": "a.png"}, errors.OptionsError, "thumbnail is for videos"),
    "a rendition of a picture": (PICTURE | {"renditions": "a.png"}, errors.OptionsError, "renditions is for videos"),
    "a trimmed picture": (PICTURE | {"trim_start": "0"}, errors.OptionsError, "trim-start is for videos"),
    "pictures without numbers as target": (VIDEO | {"target": "bad/%04d.png"}, errors.InputMissingError, "%04d"),
}
# Those that are found out while a file is decoded or a face is looked for, so that the command line is shown to cope.
SLOW_ON_THE_COMMAND_LINE = [
    "no face in the target",
    "several faces in the source",
    "too blurred",
    "a truncated video",
    "a playlist of addresses",
    "100 megapixels",
    "an unknown processor",
]


def listing() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path.cwd().iterdir() if path.is_file()}


@pytest.mark.parametrize("case", CASES)
def test_each_has_its_own_error_and_leaves_nothing(files, case):
    values, error, told = CASES[case]
    with pytest.raises(error, match=told) as caught:
        run(load_options(values))
    assert type(caught.value) is error
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.hint or error is errors.InputDamagedError
    left = listing()
    if issubclass(error, errors.FaceError):
        problem = Path(values["output"]).with_suffix(".problem.jpg")
        assert caught.value.picture == problem
        assert message.endswith(f"See {problem}")
        assert set(left) == {problem.name}
        assert read(problem).size > 0
    else:
        assert left == {}


@pytest.mark.parametrize(
    "case", [name for name, (values, *_) in CASES.items() if values["output"] in ("out.png", "out.mp4")]
)
def test_a_previous_output_stays(files, case):
    values, error, _ = CASES[case]
    output = Path(values["output"])
    output.write_bytes(b"previous")
    with pytest.raises(error):
        run(load_options(values))
    left = listing()
    assert left.pop(output.name) == b"previous"
    assert set(left) <= {f"{output.stem}.problem.jpg"}


def test_no_two_causes_share_an_exit_status():
    def below(error):
        return [error, *(deeper for child in error.__subclasses__() for deeper in below(child))]

    own = [error.exit_code for error in below(errors.FaceFusionError) if "exit_code" in vars(error)]
    assert len(own) == len(set(own))
    assert all(1 <= code <= 130 for code in own)


def command_line(*words, **settings):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "facefusion", *map(str, words)],
        capture_output=True, text=True, check=False, timeout=60, **settings,
    )  # fmt: skip


@pytest.mark.parametrize("case", SLOW_ON_THE_COMMAND_LINE)
def test_the_command_line_says_it_in_one_line_with_its_exit_status(files, case):
    values, error, told = CASES[case]
    words = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]
    done = command_line(*words)
    assert (done.returncode, done.stdout) == (error.exit_code, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("facefusion: error: ")
    assert re.search(told, line)
    assert "Traceback" not in done.stderr
    assert set(listing()) == ({"out.problem.jpg"} if issubclass(error, errors.FaceError) else set())


def test_an_unknown_flag_is_one_line_too(files):
    done = command_line("--blend-ration", "1")
    assert done.returncode == 2
    assert "blend-ration" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_stack_trace_is_there_for_those_who_ask(files):
    done = command_line("-s", "nobody.jpg", "-t", ASTRONAUT, "-o", "out.png", "--traceback")
    assert done.returncode == 10
    assert "Traceback (most recent call last)" in done.stderr


def test_the_limit_of_pixels_is_an_option(files):
    values = PICTURE | {"source": ASTRONAUT, "target": CAPTAIN}
    with pytest.raises(errors.InputLimitError):
        run(load_options(values | {"max_pixels": 512 * 600 - 1}))
    assert run(load_options(values | {"max_pixels": 512 * 600})).faces == 1


def test_a_playlist_is_never_followed(files, monkeypatch):
    import socket

    def forbidden(*args, **kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    for name in ("playlist", "remote", "concat", "manifest"):
        for role in ({"target": f"bad/{name}.mp4"}, {"source": f"bad/{name}.mp4"}):
            with pytest.raises(errors.InputTypeError):
                run(load_options(VIDEO | role))
