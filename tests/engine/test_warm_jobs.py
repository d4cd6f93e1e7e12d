"""Jobs that share what is loaded: the same files as alone, without loading it twice."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import facefusion
from facefusion.engine.run import run
from facefusion.engine.warm import sources as warm_sources
from facefusion.engine.warm.bulletin import Bulletin
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import NoFaceError
from facefusion.inference import session
from facefusion.options import Options
from material import ASTRONAUT, CAPTAIN, save, write_clip


def do(target, output, warm=None, **values):
    basics = {"source_paths": CAPTAIN, "target_path": target, "output_path": output}
    run(Options.parse(basics | values), warm=warm)
    return Path(output).read_bytes()


@pytest.fixture
def counted(monkeypatch):
    """How often networks were loaded and source files looked through."""
    counts = {"networks": 0, "sources": 0}
    load, read = session.open_runner, warm_sources.load_person

    def counting_load(*args):
        counts["networks"] += 1
        return load(*args)

    def counting_read(*args):
        counts["sources"] += 1
        return read(*args)

    monkeypatch.setattr(session, "open_runner", counting_load)
    monkeypatch.setattr(warm_sources, "load_person", counting_read)
    return counts


def test_jobs_one_after_another_write_what_each_writes_alone(moving_portrait, quiet_place):
    """Neither faces that were followed nor those of other sources pass from one job to the next."""
    ways = [
        {},
        {"source_paths": ASTRONAUT, "face_selector_mode": "one"},
        {"blend_ratio": 0.5, "video_chunk_size": 7},
        {},
    ]
    alone = [do(moving_portrait, "alone.mp4", **way) for way in ways]
    warm = WarmParts()
    assert [do(moving_portrait, "warm.mp4", warm, **way) for way in ways] == alone
    assert alone[0] == alone[3] != alone[1]


def test_jobs_at_once_write_what_each_writes_alone(moving_portrait, captain, captain_face, quiet_place):
    left, top = (captain_face.landmarks5.mean(0) - 150).astype(int)
    views = [captain[top : top + 300, left + step : left + 300 + step] for step in range(12)]
    clip = write_clip(quiet_place / "captain.mp4", views)
    jobs = [
        (moving_portrait, {}),
        (clip, {"source_paths": ASTRONAUT}),
        (clip, {"source_paths": ASTRONAUT, "processors": "face_swapper"}),
        (moving_portrait, {"source_paths": [CAPTAIN, CAPTAIN]}),
    ]
    alone = [do(target, f"alone{at}.mp4", **way) for at, (target, way) in enumerate(jobs)]
    warm = WarmParts()
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(do, target, f"warm{at}.mp4", warm, **way) for at, (target, way) in enumerate(jobs)]
        assert [job.result() for job in running] == alone


@pytest.fixture
def loaded(monkeypatch):
    """The networks that were loaded, as weak references, while nothing is collected."""
    runners, load = [], session.open_runner

    def keeping_load(*args):
        runner = load(*args)
        runners.append(weakref.ref(runner))
        return runner

    monkeypatch.setattr(session, "open_runner", keeping_load)
    gc.disable()
    yield lambda: [runner for runner in runners if runner() is not None]
    gc.enable()
    assert runners


def test_a_job_alone_leaves_no_network_behind(moving_portrait, quiet_place, loaded):
    do(moving_portrait, "a.mp4")
    assert not loaded()


def test_a_closed_engine_leaves_no_network_behind(moving_portrait, quiet_place, loaded):
    (quiet_place / "bad.mp4").write_bytes(moving_portrait.read_bytes()[:3000])
    image = np.zeros((120, 160, 3), np.uint8)
    empty = write_clip(quiet_place / "empty.mp4", [image] * 3)
    with facefusion.Engine() as engine:
        report = engine.process_batch([moving_portrait, "bad.mp4", empty], "out", source_paths=CAPTAIN, jobs=1)
        assert loaded()
    assert not loaded()
    assert [outcome.status for outcome in report.outcomes] == ["done", "failed", "failed"]


def test_a_closed_preview_leaves_no_network_behind(moving_portrait, quiet_place, loaded):
    with facefusion.open_preview(moving_portrait, source_paths=CAPTAIN) as preview:
        preview.show(0)
    assert not loaded()


def test_building_a_face_leaves_no_network_behind(quiet_place, loaded):
    facefusion.build_face(CAPTAIN, "captain.face")
    assert not loaded()


def test_the_second_job_loads_no_network_and_reads_no_source(moving_portrait, quiet_place, counted):
    warm = WarmParts()
    do(moving_portrait, "a.mp4", warm)
    before = dict(counted)
    assert before["networks"] > 3
    do(moving_portrait, "b.mp4", warm)
    assert counted == before
    do(moving_portrait, "c.mp4", warm, execution_thread_count=1)
    assert counted["networks"] > before["networks"], "networks with other threads are others"


def test_a_source_that_changed_is_read_anew(moving_portrait, captain, astronaut, quiet_place, counted):
    source = save(quiet_place / "source.png", captain)
    warm = WarmParts()
    first = do(moving_portrait, "a.mp4", warm, source_paths=source)
    save(source, astronaut)
    second = do(moving_portrait, "b.mp4", warm, source_paths=source)
    assert counted["sources"] == 2
    assert first != second == do(moving_portrait, "c.mp4", source_paths=source)


def test_options_that_say_how_a_source_is_read_count(moving_portrait, quiet_place, counted):
    warm = WarmParts()
    do(moving_portrait, "a.mp4", warm)
    do(moving_portrait, "b.mp4", warm, blend_ratio=0.5)
    assert counted["sources"] == 1
    do(moving_portrait, "c.mp4", warm, source_face_max_yaw=40)
    assert counted["sources"] == 2


def test_a_source_without_a_face_is_refused_by_each_job_with_a_picture_of_its_own(moving_portrait, quiet_place):
    import numpy as np

    empty = save(quiet_place / "empty.png", np.full((200, 200, 3), 90, np.uint8))
    warm = WarmParts()
    for name in ("a", "b"):
        with pytest.raises(NoFaceError):
            do(moving_portrait, f"{name}.mp4", warm, source_paths=empty)
        assert Path(f"{name}.problem.jpg").is_file()


def test_models_that_are_put_into_the_folder_later_are_seen(moving_portrait, quiet_place, counted):
    warm, folder = WarmParts(), quiet_place / "models"
    folder.mkdir()
    do(moving_portrait, "a.mp4", warm, models_dir=folder)
    before = counted["networks"]
    do(moving_portrait, "b.mp4", warm, models_dir=folder)
    assert counted["networks"] == before
    (folder / "new.onnx").write_bytes(b"weights")
    do(moving_portrait, "c.mp4", warm, models_dir=folder)
    assert counted["networks"] > before


def test_an_engine_gives_what_single_calls_give_and_lets_go_at_its_end(moving_portrait, quiet_place, counted):
    alone = do(moving_portrait, "alone.mp4")
    with facefusion.Engine() as engine:
        for name in ("a.mp4", "b.mp4"):
            result = engine.process_video(moving_portrait, name, source_paths=CAPTAIN)
            assert result.output_path.read_bytes() == alone
        picture = engine.process_image(ASTRONAUT, "a.png", source_paths=CAPTAIN)
    assert picture.kind == "picture"
    before = counted["networks"]
    engine.process_video(moving_portrait, "c.mp4", source_paths=CAPTAIN)
    assert counted["networks"] > before


def test_what_became_of_a_device_is_told_to_later_jobs_too():
    bulletin, first, second = Bulletin(), [], []
    with bulletin.read_by(first.append):
        bulletin.tell("cuda failed")
        with bulletin.read_by(second.append):
            assert second == ["cuda failed"]
            bulletin.tell("memory is short")
    bulletin.tell("nobody listens")
    assert first == second == ["cuda failed", "memory is short"]
