"""The documented calls, as written."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import numpy as np
import pytest

from facefusion import core, process_image, process_video, set_options
from facefusion.errors import (
    CancelledError,
    InputTypeError,
    ModelMissingError,
    OptionsError,
    OutputExistsError,
    ProcessorUnknownError,
    ProviderError,
)
from material import ASTRONAUT, CAPTAIN, read, read_clip, save

pytestmark = pytest.mark.usefixtures("quiet_place", "kept_warm")


@pytest.fixture
def clip(moving_portrait):
    return str(moving_portrait)


def in_a_context_of_its_own(call):
    return copy_context().run(call)


def test_options_set_before_a_call_without_arguments(clip):
    def job():
        set_options(
            {
                "source_paths": [str(CAPTAIN)],
                "target_path": clip,
                "output_path": "result.mp4",
                "frame_processors": ["face_swapper"],
                "execution_providers": ["cpu"],
            }
        )
        return process_video()

    result = in_a_context_of_its_own(job)
    assert (result.frames, result.faces) == (20, 20)
    assert Path("result.mp4").is_file()


def test_a_mapping_of_all_options(clip):
    result = core.process_video(
        {
            "source_paths": [str(CAPTAIN)],
            "target_path": clip,
            "output_path": "result.mp4",
            "processors": ["face_swapper"],
            "execution_providers": ["auto"],
            "video_chunk_size": 100,
        }
    )
    assert result.faces == 20


def test_paths_and_a_step_of_ones_own(clip):
    seen = []

    def fn(frame):
        seen.append(frame.shape)
        return 255 - frame

    result = process_video(clip, "output.mp4", pre_processor=fn)
    assert seen == [(192, 192, 3)] * 20
    assert result.faces == 0, "with a hook alone, only the hook runs"
    before, after = read_clip(Path(clip))[5], read_clip(Path("output.mp4"))[5]
    assert np.abs((255 - before.astype(int)) - after).mean() < 6


def test_a_hook_beside_a_source_runs_before_the_swap(clip):
    result = process_video(clip, "output.mp4", source_paths=CAPTAIN, pre_processor=lambda frame: frame)
    assert result.faces == 20


def test_one_face_of_a_picture():
    from facefusion.face_analyser import get_one_face

    face = get_one_face(read(ASTRONAUT))
    assert face["score"] == face.score > 0.9
    assert get_one_face(str(ASTRONAUT)).box == pytest.approx(face.box)
    assert get_one_face(ASTRONAUT, position=1) is None
    assert get_one_face(np.zeros((50, 50, 3), np.uint8)) is None


def test_a_picture(astronaut):
    result = process_image(ASTRONAUT, "out.png", source_paths=CAPTAIN)
    assert (result.kind, result.frames, result.faces) == ("picture", 1, 1)
    assert (read(Path("out.png")) != astronaut).any()


@pytest.mark.parametrize("paths", [CAPTAIN, str(CAPTAIN), [CAPTAIN], (str(CAPTAIN),)], ids=lambda p: type(p).__name__)
def test_paths_may_be_one_or_many_texts_or_paths(paths):
    assert process_image(ASTRONAUT, "out.png", source_paths=paths).faces == 1


def test_the_call_wins_over_set_options_and_that_over_the_environment(monkeypatch):
    monkeypatch.setenv("FACEFUSION_BLEND_RATIO", "0")
    original = read(ASTRONAUT)

    def job(**given):
        def call():
            if "set" in given:
                set_options({"blend_ratio": given["set"]})
            options = {"blend_ratio": given["call"]} if "call" in given else {}
            process_image(ASTRONAUT, "out.png", source_paths=CAPTAIN, **options)
            return bool((read(Path("out.png")) != original).any())

        return in_a_context_of_its_own(call)

    assert job() is False
    assert job(set=1) is True
    assert job(set=1, call=0) is False


def test_a_mapping_and_paths_in_the_call_win_over_set_options():
    def job():
        set_options({"source": CAPTAIN, "target": "nobody.png", "output": "set.png", "blend_ratio": 0.5})
        process_image({"target_path": ASTRONAUT, "output_path": "mapping.png", "blend_ratio": 0})
        process_image(ASTRONAUT, "positional.png")

    in_a_context_of_its_own(job)
    assert (read(Path("mapping.png")) == read(ASTRONAUT)).all()
    assert (read(Path("positional.png")) != read(ASTRONAUT)).any()
    assert not Path("set.png").exists()


def test_set_options_belongs_to_its_thread():
    def job(order):
        barrier.wait()
        set_options({"source_paths": CAPTAIN, "target_path": ASTRONAUT, "output_path": f"{order}.png",
                     "blend_ratio": order})  # fmt: skip
        barrier.wait()
        return process_image().output_path.name

    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(job, (0, 1))) == ["0.png", "1.png"]
    assert (read(Path("0.png")) == read(ASTRONAUT)).all()
    assert (read(Path("1.png")) != read(ASTRONAUT)).any()
    with pytest.raises(OptionsError, match="No target is given"):
        process_image()


def test_set_options_replaces_what_was_set_and_keeps_no_hold_on_what_it_is_given():
    def job():
        values = {"blend_ratio": 0.5, "target_path": "a.png"}
        set_options(values)
        values["blend_ratio"] = 0.1
        from facefusion.options import current_options

        first = current_options()
        set_options({"target_path": "b.png"})
        return first, current_options()

    first, second = in_a_context_of_its_own(job)
    assert first == {"blend_ratio": 0.5, "target_path": "a.png"}
    assert second == {"target_path": "b.png"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"blend_ration": 1}, "no option 'blend_ration'. Did you mean 'blend_ratio'"),
        ({"blend_ratio": 2}, "blend-ratio: input should be less than or equal to 1, got 2"),
        ({"video_chunk_size": 0}, "video-chunk-size: input should be greater than or equal to 1"),
        ({"max_memory": -1}, "max-memory"),
        ({"face_mask_types": ["star"]}, "face-mask-types"),
        ({"source": "a.jpg", "source_paths": "b.jpg"}, "given twice"),
    ],
)
def test_an_impossible_option_is_an_error_at_once(values, told):
    for call in (set_options, process_image, process_video):
        with pytest.raises(OptionsError, match=told) as caught:
            call(values)
        assert caught.value.exit_code == 2


def test_each_call_wants_its_own_kind_of_target(clip):
    with pytest.raises(InputTypeError, match=r"is not a picture\. Call process_video for it"):
        process_image(clip, "out.png", source_paths=CAPTAIN)
    with pytest.raises(InputTypeError, match=r"is not a video\. Call process_image for it"):
        process_video(ASTRONAUT, "out.mp4", source_paths=CAPTAIN)


def test_what_is_not_installed_is_said(clip):
    with pytest.raises(ProcessorUnknownError, match=r"no processor 'face_painter'\. Installed: .*face_swapper"):
        process_video(clip, "o.mp4", source_paths=CAPTAIN, processors=["face_swapper", "face_painter"])
    with pytest.raises(ModelMissingError, match=r"gfpgan_1\.4"):
        named = {"processors": ["face_swapper", "face_enhancer"], "face_enhancer_model": "gfpgan_1.4"}
        process_video(clip, "o.mp4", source_paths=CAPTAIN, **named)
    with pytest.raises(ProviderError, match=r"'tensorrt' is not available here\. Use one of: cpu, .*onnxruntime-gpu"):
        process_video(clip, "o.mp4", source_paths=CAPTAIN, execution_providers=["tensorrt"])


def test_cancel_and_progress_go_through(clip):
    cancel = threading.Event()
    with pytest.raises(CancelledError):
        process_video(clip, "o.mp4", source_paths=CAPTAIN, progress=lambda report: cancel.set(), cancel=cancel)
    assert list(Path.cwd().iterdir()) == []


def test_an_output_may_be_kept_from_being_replaced():
    save(Path("out.png"), read(ASTRONAUT)[:8, :8])
    with pytest.raises(OutputExistsError, match="exists already"):
        process_image(ASTRONAUT, "out.png", source_paths=CAPTAIN, overwrite=False)
    assert read(Path("out.png")).shape == (8, 8, 3)
    process_image(ASTRONAUT, "out.png", source_paths=CAPTAIN)
    assert read(Path("out.png")).shape == (512, 512, 3)


def test_without_processors_a_video_is_written_anew_and_no_face_is_touched(clip):
    result = process_video(clip, "o.mkv", processors=(), output_video_encoder="ffv1")
    assert (result.frames, result.faces) == (20, 0)
    assert all((a == b).all() for a, b in zip(read_clip(Path(clip)), read_clip(Path("o.mkv")), strict=True))


def test_a_swap_wants_a_source(clip):
    with pytest.raises(OptionsError, match=r"No source picture is given\. Name one with --source"):
        process_video(clip, "o.mp4")


def test_relative_paths_spaces_and_other_scripts(moving_portrait):
    folder = Path("ein Ördner, 人 😀")
    folder.mkdir()
    target = folder / "-clip: 50% é.mp4"
    target.write_bytes(moving_portrait.read_bytes())
    source = save(folder / "source, a.png", read(CAPTAIN))
    result = process_video(str(target), f"./{folder}/../out %03d.mp4", source_paths=[source])
    assert result.faces == 20
    assert Path("out %03d.mp4").is_file()


def test_importing_the_package_is_cheap_and_brings_no_framework():
    code = (
        "import sys, facefusion; light = set(sys.modules); import facefusion.core, facefusion.face_analyser; "
        "print(light & {'numpy', 'onnxruntime', 'cv2', 'av'}, "
        "set(sys.modules) & {'torch', 'tensorflow', 'gradio', 'fastapi', 'celery'})"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set() set()\n"
