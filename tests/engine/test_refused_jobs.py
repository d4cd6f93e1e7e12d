"""What is refused while a job runs, by whatever way it came in: nothing is left of it, and the audit log says so.

No picture here is explicit. A generated network says of red pictures what a real one would say of explicit ones.
"""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from live_streams import encoded, sending

from facefusion.engine.batch.jobs import BatchJob
from facefusion.engine.batch.run import BatchWork
from facefusion.engine.doors import admission
from facefusion.engine.live.run import run_live
from facefusion.engine.preview.preview import Preview
from facefusion.engine.run import run
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import CancelledError, ContentRefusedError, FaceBlockedError, SigningError
from facefusion.media.live.pipe import open_pipe
from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.content import ContentCheck
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home, usual_home
from facefusion.trust.keys import KeyRing
from generated.builder import Shelf
from generated.content import content_sessions, put_detector, told_detector
from material import ASTRONAUT, CAPTAIN, LIMITS, read_clip, save, write_clip

GREY, RED = (90, 90, 90), (255, 0, 0)
FRAMES, LATE = 40, 30
"""Frames of a clip, and the first that is red."""


@pytest.fixture
def told(tmp_path_factory, monkeypatch, quiet_place):
    """All jobs have a content check that refuses what is red."""
    shelf = Shelf(tmp_path_factory.mktemp("told"))
    put_detector(shelf, told_detector(("FEMALE_GENITALIA_EXPOSED", 0.9, 160, 160, 100, 100)))
    check = ContentCheck.create(content_sessions(shelf))
    monkeypatch.setattr(admission.ContentCheck, "create", lambda sessions, **kind: check)
    return quiet_place


@pytest.fixture
def turning_red(told):
    return write_clip(told / "turning red.mp4", pictures())


@pytest.fixture
def grey(told):
    return write_clip(told / "grey.mp4", pictures(late=FRAMES))


def pictures(late=LATE):
    return [np.full((96, 96, 3), GREY if number < late else RED, np.uint8) for number in range(FRAMES)]


def plain(target, **values):
    """Options of a job without processors, in short segments."""
    basics = {"target_path": target, "output_path": "out/out.mp4", "processors": (), "video_chunk_size": 10}
    Path("out").mkdir(exist_ok=True)
    return Options.parse(basics | values)


def entries():
    home = usual_home()
    log = AuditLog.open(home, AuditKeys.of(KeyRing.open(home)))
    try:
        return [entry.kind for entry in log.entries()]
    finally:
        log.close()


def left():
    return sorted(str(path) for path in Path("out").rglob("*"))


def test_a_target_that_turns_explicit_late_leaves_nothing(turning_red):
    with pytest.raises(ContentRefusedError, match=r"The target at 1\.2 s shows explicit") as refused:
        run(plain(turning_red))
    assert refused.value.exit_code == 66
    assert left() == []
    assert entries()[-2:] == ["admitted", "refused"]


def test_an_output_that_turns_explicit_leaves_nothing(grey):
    def paint(image):
        paint.count += 1
        return image if paint.count <= LATE else np.full_like(image, RED)

    paint.count = 0
    with pytest.raises(ContentRefusedError, match=r"The output at 1\.2 s"):
        run(plain(grey), post_processor=paint)
    assert left() == []
    assert entries()[-1] == "refused"


def test_an_explicit_source_is_refused_before_any_frame(grey):
    options = plain(grey, processors=("face_swapper",), source_paths=ASTRONAUT)  # her suit is orange enough
    with pytest.raises(ContentRefusedError, match="The source shows"):
        run(options)
    assert left() == []
    assert entries()[-1] == "refused"


def test_a_picture_is_refused(told):
    target = save(told / "red.png", np.full((96, 96, 3), RED, np.uint8))
    with pytest.raises(ContentRefusedError, match="The target shows"):
        run(plain(target, output_path="out/out.png"))
    assert left() == []


def test_segments_of_a_job_that_was_stopped_go_when_it_is_refused(turning_red):
    cancel = threading.Event()
    with pytest.raises(CancelledError, match="finished frames are kept"):
        run(plain(turning_red), cancel=cancel, progress=lambda told: told.done >= 15 and cancel.set())
    assert left() != []
    with pytest.raises(ContentRefusedError):
        run(plain(turning_red, resume=True))
    assert left() == []


def test_what_earlier_runs_left_goes_when_a_job_is_refused_before_it_begins(grey):
    cancel = threading.Event()
    with pytest.raises(CancelledError, match="finished frames are kept"):
        run(plain(grey), cancel=cancel, progress=lambda told: told.done >= 15 and cancel.set())
    assert left() != []
    with pytest.raises(ContentRefusedError):
        run(plain(grey, resume=True, processors=("face_swapper",), source_paths=ASTRONAUT))
    assert left() == []


def test_a_job_that_goes_on_looks_where_a_whole_one_does(told, monkeypatch):
    growing_lighter = [np.full((96, 96, 3), 40 + 3 * number, np.uint8) for number in range(FRAMES)]
    target = write_clip(told / "growing lighter.mp4", growing_lighter)
    looks, look = [], ContentCheck.look

    def told_look(check, images):
        looks.extend(round((image.mean() - 40) / 3) for image in images)
        return look(check, images)

    monkeypatch.setattr(ContentCheck, "look", told_look)
    run(plain(target, output_path="out/whole.mp4", content_every=0.2))
    whole = sorted(looks)
    cancel = threading.Event()
    with pytest.raises(CancelledError):
        values = {"content_every": 0.2}
        run(plain(target, **values), cancel=cancel, progress=lambda told: told.done >= 15 and cancel.set())
    looks.clear()
    result = run(plain(target, resume=True, **values))
    [goes_on] = result.notes
    begin = int(goes_on.split()[4])
    assert begin >= 10
    assert len(whole) > 6
    assert sorted(looks) == [place for place in whole if place >= begin]


def test_a_batch_goes_on_after_a_job_that_is_refused(turning_red, grey):
    targets = {"red": turning_red, "grey": grey}
    jobs = [
        BatchJob(at, name, plain(target, output_path=f"out/{name}.mp4"), makes=Path("out"))
        for at, (name, target) in enumerate(targets.items(), 1)
    ]
    report = BatchWork(WarmParts(), at_once=2).do(jobs)
    assert [outcome.code for outcome in report.outcomes] == [66, 0]
    assert left() == ["out/grey.mp4"]


def test_a_preview_shows_nothing_explicit(turning_red):
    with Preview(plain(turning_red)) as preview:
        assert preview.show(0).after.mean() > 0
        for _ in range(2):  # who asks again is refused again
            with pytest.raises(ContentRefusedError):
                preview.show(LATE + 2)
    assert "refused" in entries()


class Shown:
    """Takes live frames."""

    patience = 0.05

    def __init__(self):
        self.frames = []

    def begin(self, info):
        self.frames = []

    def show(self, frame):
        self.frames.append(frame.image)
        return True

    def idle(self):
        return True

    def close(self):
        pass


def is_red(image):
    return image[..., 0].mean() - image[..., 1].mean() > 100


def live(images, sink, **values):
    options = Options.parse({"processors": (), "live_drop": False} | values)
    with sending(encoded(images, "mp4")) as stdin, closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source:
        run_live(options, source, sink, cancel=threading.Event())


def test_live_frames_end_where_they_turn_explicit(told):
    sink = Shown()
    with pytest.raises(ContentRefusedError):
        live(pictures(), sink)
    assert 0 < len(sink.frames) <= LATE
    assert not any(is_red(image) for image in sink.frames)
    assert entries()[-1] == "refused"


def test_live_faces_are_held_against_the_lists(quiet_place, moving_portrait, analyser, astronaut, astronaut_face):
    database, ring = usual_home() / "trust.db", KeyRing.open(trust_home(None))
    lists = FaceLists(open_database(database), ring.derived, "default")
    [face] = analyser.embed(astronaut, [astronaut_face])
    lists.add("block", [face.embedding], basis="she asked for it")
    with pytest.raises(FaceBlockedError):
        live(read_clip(moving_portrait), Shown(), processors=("face_swapper",), source_paths=CAPTAIN)


def test_a_certificate_that_does_not_serve_is_told_before_any_frame(grey, monkeypatch):
    monkeypatch.delenv("FACEFUSION_POLICY")
    wrong = save(Path("wrong.png"), np.zeros((8, 8, 3), np.uint8))
    values = {"policy": "personal", "acknowledge": True, "signing_certificate": wrong, "signing_key": wrong}
    done = []
    with pytest.raises(SigningError):
        run(plain(grey, **values), progress=done.append)
    assert done == []
    assert left() == []
