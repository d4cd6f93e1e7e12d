"""Frames that are shown, live or in a preview: what the audit log knows of them, and pictures that are made of them."""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from facefusion.core import open_preview
from facefusion.engine.live.run import run_live
from facefusion.errors import ContentRefusedError, DisclosureError
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.live.pipe import open_pipe
from facefusion.media.live.sinks import EncodedSink
from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.content import ContentCheck
from facefusion.trust.content.finding import Verdict
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.metadata import read_marks
from material import ASTRONAUT


@pytest.fixture
def place(quiet_place, monkeypatch) -> Path:
    """A place where the policy is that of a person at home."""
    monkeypatch.delenv("FACEFUSION_POLICY")
    monkeypatch.setenv("FACEFUSION_ACKNOWLEDGE", "true")
    return quiet_place


def entries():
    """All that the audit log holds."""
    home = trust_home(None)
    with closing(AuditLog.open(home, AuditKeys.of(KeyRing.open(home)))) as log:
        return [(entry.kind, entry.facts) for entry in log.entries() if entry.kind != "changed"]


def previewed(**options):
    return open_preview(ASTRONAUT, processors=(), **{"acknowledge": True, **options})


def explicit(monkeypatch, *, from_look: int = 1) -> None:
    """The content check finds what is refused from this look on."""
    looks = iter(range(1, 1000))
    monkeypatch.setattr(
        ContentCheck, "look", lambda self, images: [Verdict((), next(looks) >= from_look, 0.0) for _ in images]
    )


def test_a_preview_is_on_record_before_its_first_frame_and_with_their_number_at_its_end(place):
    with previewed() as preview:
        preview.show()
        [admitted, first] = entries()
        preview.show()
    assert (admitted[0], first[0]) == ("admitted", "streamed")
    assert "frames" not in first[1]
    kind, facts = entries()[-1]
    assert (kind, facts["frames"], facts["marks"]) == ("streamed", 2, ["watermark"])
    assert facts["watermark"] == first[1]["watermark"]


def test_a_preview_that_shows_nothing_has_no_entry_of_frames(place):
    previewed().close()
    assert entries() == []


def test_a_picture_of_a_preview_is_sealed_and_recorded_as_an_output_is(place):
    with previewed(output_path="out.png", label="start") as preview:
        seen = preview.show()
        preview.write(Path("out.png"), seen)
    marks = read_marks(Path("out.png"))
    digest = hashlib.sha256(Path("out.png").read_bytes()).hexdigest()
    published = next(facts for kind, facts in entries() if kind == "published")
    assert published["outputs"] == [digest]
    assert published["produce_id"] == marks.produce_id
    assert published["marks"] == ["label", "watermark", "metadata", "provenance"]


def test_a_frame_that_is_refused_is_on_record_and_the_preview_goes_on(place, monkeypatch):
    with previewed() as preview:
        explicit(monkeypatch)
        with pytest.raises(ContentRefusedError):
            preview.show()
        monkeypatch.setattr(ContentCheck, "look", lambda self, images: [Verdict()] * len(images))
        assert preview.show().after.shape == preview.show().before.shape
    assert [kind for kind, _ in entries()] == ["admitted", "refused", "streamed", "streamed"]


def live(clip: Path, path: Path, **values) -> None:
    options = Options.parse({"processors": (), "live_drop": False, "acknowledge": True, **values})
    with closing(open_pipe(clip, options.live, options.limits, -1)) as source:
        run_live(options, source, EncodedSink(path, "", VideoWish(), path, is_live=False), cancel=threading.Event())


def test_a_recording_of_live_frames_is_an_output(place, moving_portrait):
    live(moving_portrait, Path("out.mp4"))
    kinds = entries()
    assert [kind for kind, _ in kinds] == ["admitted", "streamed", "published", "streamed"]
    published = kinds[2][1]
    assert published["outputs"] == [hashlib.sha256(Path("out.mp4").read_bytes()).hexdigest()]
    assert published["frames"] == kinds[3][1]["frames"] > 0
    assert read_marks(Path("out.mp4")).produce_id == published["produce_id"] == kinds[3][1]["produce_id"]


def test_of_a_recording_in_which_something_is_refused_nothing_is_left(place, moving_portrait, monkeypatch):
    explicit(monkeypatch, from_look=4)
    Path("out.mp4").write_bytes(b"an earlier recording")
    with pytest.raises(ContentRefusedError):
        live(moving_portrait, Path("out.mp4"), content_every_live=1)
    assert Path("out.mp4").read_bytes() == b"an earlier recording"
    assert [path.name for path in place.iterdir() if path.name.startswith((".", "out"))] == ["out.mp4"]
    assert [kind for kind, _ in entries()][-1] == "refused"


def test_a_sink_that_keeps_a_file_writes_nothing_by_itself(tmp_path, moving_portrait):
    from facefusion.media.frame import Frame
    from facefusion.media.live.source import LIVE_TIME_BASE
    from facefusion.media.reader import VideoReader
    from material import LIMITS

    path = tmp_path / "out.mp4"
    sink = EncodedSink(path, "", VideoWish(), path, is_live=False)
    with VideoReader(moving_portrait, LIMITS) as reader:
        sink.begin(reader.info)
    with pytest.raises(RuntimeError, match="leaves by the way of its work alone"):
        sink.show(Frame(0, 0, 3600, LIVE_TIME_BASE, np.zeros((192, 192, 3), np.uint8)))
    sink.close()
    assert not path.exists()


def test_what_a_form_cannot_bear_is_refused_before_any_work(place, moving_portrait, tmp_path):
    from facefusion.core import process_video

    policy = tmp_path / "strict.toml"
    policy.write_text(
        'schema = 1\nextends = "personal"\nname = "strict"\ndescription = "."\n'
        '[disclosure]\nprovenance = { value = "required", why = "." }\n'
    )
    told = []
    with pytest.raises(DisclosureError, match="Matroska files hold no signed manifest"):
        process_video(moving_portrait, "out.mkv", processors=(), policy=str(policy), progress=told.append)
    assert told == []
    assert [kind for kind, _ in entries()] == ["refused"]
