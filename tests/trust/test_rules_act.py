"""Every rule of a policy, and every option beside it, changes what a job does."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from faces_like import person, view

from facefusion.engine.doors.admission import Admission, given_sources
from facefusion.engine.doors.asked import label_settings, length_of, options_under, output_key
from facefusion.engine.doors.keeping import kept_segments
from facefusion.engine.doors.opening import opened
from facefusion.engine.doors.place import Place
from facefusion.engine.doors.room import WorkRoom
from facefusion.engine.doors.watching import FrameWatch
from facefusion.engine.facefile import build
from facefusion.engine.notes import Notes
from facefusion.engine.plan import make_plan
from facefusion.engine.run import run
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.errors import (
    AcknowledgementError,
    CancelledError,
    ConsentMissingError,
    ContentRefusedError,
    FaceBlockedError,
    OutputUnwritableError,
    PolicyError,
)
from facefusion.faces.landmarkers.base import FaceView
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import KeptFace, Role, SourceFace
from facefusion.trust.acknowledgement import is_acknowledged
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.consent import ConsentStore
from facefusion.trust.content import ContentCheck, Verdict
from facefusion.trust.database import open_database
from facefusion.trust.label import Label
from facefusion.trust.metadata import read_marks
from facefusion.trust.privacy.envelope import decrypted, read_key, write_key
from facefusion.trust.privacy.lifecycle import Lifecycle
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.verify.report import verify_file
from generated.builder import Shelf
from generated.content import content_sessions, put_detector, told_detector
from generated.face_classifier import fixed_fairface
from material import ASTRONAUT, CAPTAIN, write_clip

POLICY = Path(__file__).parents[1] / "policy.toml"
MIDDLE = (160, 160, 100, 100)
RED = np.full((240, 240, 3), (255, 0, 0), np.uint8)
NOBODY = SimpleNamespace(processors=())
IN_MEMORY = {"privacy.work_folder": "memory"}


@pytest.fixture
def under(quiet_place, monkeypatch):
    """Lets rules hold, and returns options with a place of their own."""

    def make(rules=None, **values):
        text = (
            f'schema = 1\nextends = "{Path(__file__).parents[1] / "policy.toml"}"\nname = "own"\ndescription = "own"\n'
        )
        for name, value in (rules or {}).items():
            text += f'{name} = {{ value = {json.dumps(value)}, why = "We say so" }}\n'
        Path("own.toml").write_text(text)
        monkeypatch.setenv("FACEFUSION_POLICY", "own.toml")
        return Options.parse({"trust_dir": str(quiet_place / "trust"), **values})

    return make


def admission(options):
    return Admission(Place.of(options), options)


# Acknowledgement


def test_an_acknowledgement_by_option_is_noted(under):
    rules = {"acknowledgement.required": True}
    with pytest.raises(AcknowledgementError), opened(under(rules), Notes(None)):
        pass
    with opened(under(rules, acknowledge=True), Notes(None)):
        assert is_acknowledged(Path("trust").absolute())
    with opened(under(rules), Notes(None)):
        pass


def test_it_is_told_the_audit_log_once(under):
    for number in range(2):
        with opened(under({"acknowledgement.required": True}, acknowledge=True), Notes(None)):
            pass
        told = [(entry["kind"], entry["record"], entry["action"]) for entry in entries(under())]
        assert told == [("changed", "acknowledgement", "added")], number


# Sources


def source(path):
    return SourceFace(RED, None, 1.0, path)  # type: ignore[arg-type]


def test_sources_are_numbered_per_person_as_they_were_given():
    a, b, c = Path("a.jpg"), Path("b.mp4"), Path("c.face")
    one = Role((source(b), source(b), source(a)), Options.parse({"source_paths": [a, b]}))
    other = Role((KeptFace("c", {}, np.zeros((1, 128), np.float32)),), Options.parse({"source_paths": [c]}))
    assert [each.where for each in given_sources([one])] == ["Source 2", "Source 2", "Source 1"]
    assert [each.where for each in given_sources([other])] == ["The source"]
    both = [each.where for each in given_sources([one, other])]
    assert both == ["Source 2 of person 1", "Source 2 of person 1", "Source 1 of person 1", "The source of person 2"]


def kept(*vectors):
    return Role((KeptFace("kept", {}, np.stack(vectors)),), Options())


@pytest.fixture
def shelf(tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def sessions(shelf):
    put_detector(shelf, told_detector(("ANUS_EXPOSED", 0.4, *MIDDLE)))
    return content_sessions(shelf)


def test_each_view_of_a_face_file_is_held_against_the_lists(under, sessions):
    options = under()
    place = Place.of(options)
    FaceLists(open_database(place.database), place.ring.derived, "default").add(
        "block", [person(1)], basis="their own wish"
    )
    door = Admission(place, options)
    door.admit(NOBODY, sessions, [kept(view(person(2), 1), view(person(3), 1))], None)
    with pytest.raises(FaceBlockedError):
        Admission(place, options).admit(NOBODY, sessions, [kept(view(person(2), 1), view(person(1), 1))], None)


def test_each_view_of_a_face_file_needs_a_consent(under, sessions):
    options = under({"consent.require": "sources"})
    place = Place.of(options)
    store = ConsentStore(open_database(place.database), place.ring.derived, "default")
    consent = store.add([person(1)], granted_by="Ada", person="Ada Lovelace")
    door = Admission(place, options)
    door.admit(NOBODY, sessions, [kept(view(person(1), 1), view(person(1), 2))], None)
    assert (door.consents, door.subjects) == ((consent.id,), ("Ada Lovelace",))
    with pytest.raises(ConsentMissingError, match="the source"):
        Admission(place, options).admit(NOBODY, sessions, [kept(view(person(1), 1), person(2))], None)


def test_a_face_whose_make_up_is_worn_needs_a_consent_like_a_source(under, sessions):
    options = under({"consent.require": "sources"})
    place = Place.of(options)
    store = ConsentStore(open_database(place.database), place.ring.derived, "default")
    first, second = (store.add([person(number)], granted_by="Ada") for number in (1, 2))
    made_up = replace(kept(person(1)), worn={Path("worn.png"): kept(person(2)).sources})
    door = Admission(place, options)
    door.admit(NOBODY, sessions, [made_up], None)
    assert door.consents == (first.id, second.id)
    with pytest.raises(ConsentMissingError, match="the reference of the make-up"):
        Admission(place, options).admit(
            NOBODY, sessions, [replace(made_up, worn={Path("worn.png"): kept(person(3)).sources})], None
        )


def test_a_face_on_a_list_lends_no_make_up(under, sessions):
    options = under()
    place = Place.of(options)
    lists = FaceLists(open_database(place.database), place.ring.derived, "default")
    lists.add("block", [person(1)], basis="their own wish")
    with pytest.raises(FaceBlockedError):
        role = replace(kept(person(2)), worn={Path("worn.png"): kept(person(1)).sources})
        Admission(place, options).admit(NOBODY, sessions, [role], None)


# Content


@pytest.mark.parametrize(("share", "is_refused"), [(1.0, False), (0.8, True)])
def test_a_smaller_share_of_the_thresholds_refuses_more(under, sessions, astronaut_face, share, is_refused):
    door = admission(under({"content.threshold_share": share}))
    red = Role((SourceFace(RED, astronaut_face, 1.0),), Options())
    if is_refused:
        with pytest.raises(ContentRefusedError, match="explicit"):
            door.admit(NOBODY, sessions, [red], None)
    else:
        door.admit(NOBODY, sessions, [red], None)


def test_a_share_reaches_below_what_is_usually_worth_a_second_look(shelf):
    put_detector(shelf, told_detector(("ANUS_EXPOSED", 0.1, *MIDDLE)))
    shares = {
        share: ContentCheck.create(content_sessions(shelf), share=share).look([RED])[0] for share in (1, 0.3, 0.2)
    }
    assert {share: verdict.is_explicit for share, verdict in shares.items()} == {1: False, 0.3: False, 0.2: True}


@pytest.mark.parametrize(("youngest", "is_refused"), [(18, False), (30, True)])
def test_who_is_younger_than_the_youngest_is_refused(  # noqa: PLR0917
    under, shelf, astronaut, astronaut_face, youngest, is_refused
):
    put_detector(shelf, told_detector())
    shelf.put("fairface", "face_classifier", "fairface", fixed_fairface(0, 0, 3))  # 20 to 29 years old
    door = admission(under({"content.youngest": youngest}))
    role = Role((SourceFace(astronaut, astronaut_face, 1.0),), Options())
    calls = [lambda: door.admit(NOBODY, content_sessions(shelf), [role], None)]
    if not is_refused:
        calls[0]()
        calls = []
    watch = FrameWatch(
        ContentCheck.create(content_sessions(shelf)),
        Place.of(under({"content.youngest": youngest})).policy.content,
        "target",
        lambda *_: None,
    )
    calls.append(lambda: watch.meet(astronaut, [astronaut_face], None))
    for call in calls:
        if is_refused:
            with pytest.raises(ContentRefusedError, match="minor"):
                call()
        else:
            call()


class Counting:
    """A check that counts how often it is asked."""

    def __init__(self):
        self.looks = 0

    def look(self, images):
        self.looks += len(images)
        return [Verdict()]


def looks(options, what, frames=100, rate=25):
    check = Counting()
    watch = FrameWatch(check, Place.of(options).policy.content, what, lambda *_: None)
    for number in range(frames):
        watch.see(np.full((32, 32, 3), number, np.uint8), number / rate)
    return check.looks


def test_how_often_frames_are_looked_at(under):
    assert looks(under(), "target") == 2  # at 0 and 2 of 4 seconds
    assert looks(under({"content.sampling_seconds": 1.0}), "target") == 4
    assert looks(under(content_every=0.5), "output") == 8
    assert looks(under(), "live target") == 4
    assert looks(under({"content.live_frames": 10}), "live output") == 10
    assert looks(under(content_every_live=20), "live output") == 5


def test_a_job_looks_no_less_than_the_policy_asks_for(under):
    for values in ({"content_every": 4.0}, {"content_every_live": 40}):
        with pytest.raises(PolicyError):
            Place.of(under(**values))


def test_terms_of_ones_own_are_refused(under, sessions):
    Path("terms.txt").write_text("project blackbird\n")
    admission(under(project="Project Blackbird")).admit(NOBODY, sessions, [], None)
    for name in ("project", "label_text"):
        options = under(**{name: "Project Blackbird"}, content_terms=["terms.txt"])
        with pytest.raises(ContentRefusedError):
            admission(options).admit(NOBODY, sessions, [], None)


def test_pictures_of_a_face_file_are_looked_at_before_it_is_written(under, sessions, monkeypatch):
    monkeypatch.setattr(build, "open_sessions", lambda options: sessions)
    options = under({"content.threshold_share": 0.5}, source_paths=[ASTRONAUT], output_path="a.face")  # a red suit
    with pytest.raises(ContentRefusedError, match="The source shows explicit"):
        build.build_face(options)
    assert not Path("a.face").exists()
    [entry] = entries(options)
    assert (entry["kind"], entry["error"]) == ("refused", "ContentRefusedError")


# The label


def label_of(options):
    return label_settings(Place.of(options).policy, options)


def test_rules_of_the_label(under):
    assert label_of(under()) is None
    rules = {"disclosure.label": "ends", "disclosure.label_seconds": 3.5}
    asked = label_of(under(rules, label_place="bottom", label_language="zh", label_text="Studio"))
    assert (asked.timing, asked.seconds) == ("ends", 3.5)
    assert (asked.place, asked.language, asked.text) == ("bottom", "zh", "Studio")


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_letters_are_as_high_as_the_policy_says(under, share):
    settings = label_of(under({"disclosure.label": "start", "disclosure.label_height": share}))
    assert Label.of(settings, (1280, 720)).height == pytest.approx(share * 720, abs=1)


def test_a_job_may_show_the_label_for_longer_and_never_for_less(under):
    rules = {"disclosure.label": "start"}
    assert [label_of(under(rules, label=timing)).timing for timing in ("ends", "throughout")] == ["ends", "throughout"]
    with pytest.raises(PolicyError, match=r'requires "throughout" for disclosure\.label, and the job asks for "ends"'):
        Place.of(under({"disclosure.label": "throughout"}, label="ends"))


def test_another_place_than_the_policys_is_refused(under):
    with pytest.raises(PolicyError, match=r'requires "top-right" for disclosure\.label_place'):
        Place.of(under({"disclosure.label_place": "top-right"}, label_place="top"))


def test_the_end_of_a_video_is_where_its_last_frame_is(under, astronaut):
    clip = write_clip(Path("clip.mp4"), [astronaut[:64, :64]] * 30, rate=5)
    plan = make_plan(
        under(source_paths=[CAPTAIN], target_path=clip, output_path="out.mp4", trim_start="1"), has_hooks=False
    )
    assert length_of(plan) == pytest.approx(5.0)
    label = Label.of(replace(label_of(under(label="ends")), seconds=2.0), (64, 64), length=length_of(plan))
    assert [label.is_shown(time / 5) for time in range(25)] == [True] * 10 + [False] * 4 + [True] * 11


@pytest.mark.parametrize(("name", "is_still"), [("out.mp4", False), ("out.gif", True), ("out.webp", True)])
def test_an_animation_bears_the_label_all_the_time(under, moving_portrait, name, is_still):
    options = under({"disclosure.label": "start"}, target_path=moving_portrait, output_path=name, processors=())
    plan = make_plan(options, has_hooks=False)
    with opened(options, Notes(None)) as door:
        door.admit(plan, SessionFactory(("cpu",)), [], None)
        door.begin(Fingerprint("0" * 64))
        frame = Frame(0, 0, 1, Fraction(1), np.zeros((192, 192, 3), np.uint8))
        assert [door.labelled(frame, seconds) is not frame for seconds in (0.0, 5.0)] == [True, is_still]


# Work folders


def test_a_work_folder_is_made_when_it_is_needed_and_wiped_at_the_end(under):
    options = under(work_dir="work")
    with ExitStack() as stack:
        room = WorkRoom(Place.of(options).policy, options.trust.work_dir, stack)
        assert not Path("work").exists()
        folder = room.folder(10)
        assert folder.is_relative_to(Path("work")) and room.folder(20) == folder
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_memory_that_is_required_and_not_there_is_told_with_the_reason(under):
    options = under(IN_MEMORY, work_dir="work")
    with ExitStack() as stack:
        room = WorkRoom(Place.of(options).policy, options.trust.work_dir, stack)
        with pytest.raises(PolicyError, match="lies on a disk, and the policy own wants it in memory: We say so"):
            room.folder(0)


def segments_beside(place):
    return [path for path in place.rglob("*") if path.suffix in {".segment", ".state", ".done"}]


def test_segments_of_a_job_lie_in_memory_where_the_policy_says(under, moving_portrait, quiet_place):
    options = under(
        *(IN_MEMORY,),
        target_path=moving_portrait,
        output_path="out.mp4",
        processors=(),
        video_chunk_size=6,
        resume=True,
    )
    seen = []
    try:
        result = run(options, progress=lambda report: seen.append((report.done, segments_beside(quiet_place))))
    except PolicyError:
        pytest.skip("there is no folder in memory here")
    assert seen[-1][0] == result.frames == 20
    assert not any(found for _, found in seen)
    assert "nothing to go on from" in " ".join(result.notes)
    assert list(quiet_place.glob(".facefusion*")) == []


def lifecycle(options, clock=lambda: datetime.now(UTC)):
    place = Place.of(options)
    return Lifecycle(open_database(place.database), place.ring.derived("storage"), clock=clock)


def break_off(options):
    """Break a job off when its first segment is finished; return the folder that it leaves."""

    def stop(report):
        if report.done >= 14:
            raise CancelledError("The job was stopped", "Nothing")

    with pytest.raises(CancelledError):
        run(options, progress=stop)
    [folder] = Path.cwd().glob(".facefusion-job-*")
    return folder


def test_segments_that_nobody_comes_back_to_go_by_age(under, moving_portrait):
    options = under(target_path=moving_portrait, output_path="out.mp4", processors=(), video_chunk_size=6)
    folder = break_off(options)
    [item] = lifecycle(options).items()
    assert (item.path, item.kind, item.expires - item.added) == (folder.absolute(), "work", timedelta(days=30))
    later = lifecycle(options, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    assert [outcome for _, outcome in later.sweep()] == ["removed"]
    assert not folder.exists()


def test_of_a_job_that_was_gone_on_with_no_note_is_left(under, moving_portrait):
    values = {"target_path": moving_portrait, "output_path": "out.mp4", "processors": (), "video_chunk_size": 6}
    break_off(under({"privacy.output_hours": 2}, **values))
    options = under({"privacy.output_hours": 2}, **values, resume=True)
    [item] = lifecycle(options).items()
    assert item.expires - item.added == timedelta(hours=2)
    run(options)
    assert [(item.path.name, item.kind) for item in lifecycle(options).items()] == [("out.mp4", "output")]


def test_a_folder_that_goes_takes_its_note_with_it(under):
    options = under()
    Path("left").mkdir()
    Path("gone").mkdir()
    with pytest.raises(OutputUnwritableError), kept_segments(Place.of(options), "default") as note:
        note(Path("left"))
        note(Path("gone"))
        Path("gone").rmdir()
        raise OutputUnwritableError("The output cannot be written", "Free some space")
    assert [item.path.name for item in lifecycle(options).items()] == ["left"]


def test_pictures_of_a_sequence_are_kept_as_long_as_any_output(under, moving_portrait):
    options = under({"privacy.output_hours": 1}, target_path=moving_portrait, output_path="out/%03d.png", processors=())
    run(options)
    items = lifecycle(options).items()
    assert {item.kind for item in items} == {"output"}
    assert sorted(item.path for item in items) == sorted(Path("out").absolute().glob("*.png"))


# A whole job


def entries(options):
    """What the audit log says, as JSON values."""
    place = Place.of(options)
    with closing(AuditLog.open(place.home, AuditKeys.of(place.ring))) as log:
        return [json.loads(entry.body) for entry in log.entries()]


def test_a_stored_output_is_encrypted_and_known_when_it_is_decrypted(under):
    """Key, consent, time and marks together, from the job to its verification."""
    write_key(Path("customer.key"))
    rules = {"consent.require": "sources", "privacy.output_hours": 3, "privacy.encryption": "required"}
    files = {"source_paths": [CAPTAIN], "target_path": ASTRONAUT, "output_path": "out.png"}
    with pytest.raises(PolicyError, match="requires that outputs are encrypted"):
        run(under(rules, **files))
    options = under(rules | {"disclosure.aigc": False}, **files, encrypt_output_key="customer.key")
    with pytest.raises(ConsentMissingError):
        run(options)
    record_consent(options)
    run(options)
    assert Path("out.png").read_bytes().startswith(b"FACEFUSION SEALED 1\n")
    [item] = lifecycle(options).items()
    assert (item.path.name, item.expires - item.added) == ("out.png", timedelta(hours=3))
    decrypted(Path("out.png"), Path("plain.png"), read_key(Path("customer.key")))
    layers = {
        layer.layer: layer for layer in verify_file(Path("plain.png"), open_layers(options), options.limits).layers
    }
    assert layers["audit"].state == "holds"
    marks = read_marks(Path("plain.png"))
    assert marks is not None and marks.source_type and not any(marks.fields)
    told = [entry for entry in entries(options) if entry["kind"] == "published"]
    assert len(told) == 1 and len(told[0]["subjects"]) == 1
    assert "Lovelace" not in json.dumps(told)
    later = lifecycle(options, clock=lambda: datetime.now(UTC) + timedelta(hours=4))
    assert [outcome for _, outcome in later.sweep()] == ["removed"]


def record_consent(options):
    from facefusion.engine.consents import faces_of_person, open_consents

    open_consents(options).add(faces_of_person([CAPTAIN], options), granted_by="Ada", person="Ada Lovelace")


def test_naming_the_producer_asks_for_the_object_that_names_it(under):
    policy = Place.of(under({"disclosure.aigc": False}, content_producer="example.com")).policy
    assert policy.disclosure.aigc.value


def test_weights_and_keys_as_the_policy_says(under):
    options = under({"models.licences": "commercial"})
    policy = Place.of(options).policy
    assert options_under(policy, options).models.license_policy == "commercial"
    assert output_key(policy, options) is None


def test_ages_are_told_by_the_model_that_is_asked_for(under, shelf, astronaut, astronaut_face):
    put_detector(shelf, told_detector())
    for name, group in (("a_first", 8), ("own_ages", 1)):
        shelf.put(name, "face_classifier", "fairface", fixed_fairface(0, 0, group))
    views = [FaceView(astronaut, astronaut_face)]
    assert ContentCheck.create(content_sessions(shelf)).ages(views) != [None]
    role = Role((SourceFace(astronaut, astronaut_face, 1.0),), Options())
    admission(under()).admit(NOBODY, content_sessions(shelf), [role], None)
    with pytest.raises(ContentRefusedError, match="minor"):
        admission(under(face_classifier_model="own_ages")).admit(NOBODY, content_sessions(shelf), [role], None)
