"""Stages that remember: the frames that follow a restored state come out as they would have without the break."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.engine.casting import Casting, Person
from facefusion.engine.targets import TargetSelector
from facefusion.faces.track import FaceTracker
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import FaceSelectionOptions, Options
from facefusion.processors.base import FaceFrame, ProcessorContext, SourceFace
from facefusion.processors.face_swapper import SPEC
from facefusion.processors.face_swapper.mesh.memory import Memories
from facefusion.state import pack, unpack
from material import face_of, mesh_at, read_clip

IMAGE = np.zeros((400, 600, 3), np.uint8)
GO_ON = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[5:7]
from facefusion.faces.analyser import FaceAnalyser
from facefusion.options import FaceSelectionOptions
from facefusion.state import unpack
from material import ASTRONAUT, CAPTAIN, read, read_clip
from test_memory_of_stages import Stages, portrait
analyser = FaceAnalyser.create(FaceSelectionOptions())
stages = Stages(analyser, portrait(analyser, read(CAPTAIN)), portrait(analyser, read(ASTRONAUT)), sys.argv[4])
stages.restore(unpack(Path(sys.argv[1]).read_bytes()))
for index, image in list(enumerate(read_clip(Path(sys.argv[2]))))[int(sys.argv[3]):]:
    print(stages.edit(index, image))
"""


def portrait(analyser, image) -> SourceFace:
    return SourceFace(image, analyser.find(image)[0], 0.5)


class Stages:
    """Tracker, selection and swapper, one after the other; gives a digest of each frame and of its faces."""

    def __init__(self, analyser, source: SourceFace, reference: SourceFace, mode: str) -> None:
        options = FaceSelectionOptions(face_selector_mode=mode, reference_face_distance=1.1, face_min_size=8)
        [vector] = analyser.recogniser.embed(reference.image, [reference.face.mesh])
        self.tracker = FaceTracker(analyser)
        people = (Person("them", 0, vector, 1.1),) if mode == "reference" else ()
        self.selector = TargetSelector(analyser, options, Casting(people, None if people else 0))
        self.swapper = SPEC.create(ProcessorContext(Options(), (source,), SessionFactory(("cpu",))))

    def edit(self, index: int, image) -> str:
        found = self.tracker.update(image, index / 25)
        faces = self.selector.select(image, found, time=index / 25, begins_scene=self.tracker.begins_scene)
        frame = Frame(index, index, 1, Fraction(1, 25), image)
        [result] = self.swapper.process([FaceFrame(frame, faces)])
        parts = [
            result.frame.image,
            *(face.mesh for face in faces),
            np.array([[face.track_id, face.share] for face in faces]),
        ]
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()

    def state(self):
        return {name: part.state() for name, part in vars(self).items()}

    def restore(self, state):
        for name, part in vars(self).items():
            part.restore(state[name])


@pytest.fixture(scope="module")
def stages(analyser, captain, captain_face, astronaut, astronaut_face):
    def make(mode: str = "many") -> Stages:
        return Stages(
            analyser, SourceFace(captain, captain_face, 0.5), SourceFace(astronaut, astronaut_face, 0.5), mode
        )

    return make


def states_and_digests(stages: Stages, images) -> tuple[list[bytes], list[str]]:
    """The state before each frame, and the digest of each."""
    states, digests = [], []
    for index, image in enumerate(images):
        states.append(pack(stages.state()))
        digests.append(stages.edit(index, image))
    return states, digests


@pytest.mark.parametrize("mode", ["one", "many", "reference"])
def test_a_job_broken_off_at_any_frame_goes_on_as_if_it_had_not_been(stages, moving_portrait, mode):
    images = read_clip(moving_portrait)
    states, digests = states_and_digests(stages(mode), images)
    assert len(set(digests)) == len(images), "every frame differs"
    for start in range(0, len(images), 3):
        again = stages(mode)
        again.restore(unpack(states[start]))
        assert [again.edit(index, images[index]) for index in range(start, len(images))] == digests[start:]


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        ("hand_occlusion_asl_brother.mkv", "many", (12, 40)),
        ("two_people_head_motion.mp4", "one", (11, 35)),
        ("scene_cuts_with_noface.mp4", "reference", (60, 180)),
    ],
)
def test_another_process_goes_on_the_same(stages, assets, tmp_path, case):
    """Faces that are covered, several people, cuts and scenes without faces."""
    name, mode, starts = case
    clip = assets / "video" / name
    states, digests = states_and_digests(stages(mode), read_clip(clip))
    saved, here = tmp_path / "state", Path(__file__).parent
    for start in starts:
        saved.write_bytes(states[start])
        command = [sys.executable, "-c", GO_ON, str(saved), str(clip), str(start), mode, str(here), str(here.parent)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.split() == digests[start:]


def test_without_the_state_it_would_not_be_the_same(stages, assets):
    """That what is compared here can differ at all."""
    images = read_clip(assets / "video" / "hand_occlusion_asl_brother.mkv", 30)
    _, digests = states_and_digests(stages(), images)
    fresh = stages()
    assert all(fresh.edit(index, images[index]) != digests[index] for index in range(20, 30))


def test_a_state_stays_as_it_was_when_more_frames_come(stages, moving_portrait):
    images = read_clip(moving_portrait)
    running = stages()
    for index, image in enumerate(images[:10]):
        running.edit(index, image)
    state = running.state()
    before = pack(state)
    running.edit(10, images[10])
    assert pack(state) == before

    restored = stages()
    restored.restore(state)
    restored.edit(10, images[10])
    assert pack(state) == before
    assert pack(restored.state()) == pack(running.state())


def faces(*meshes, tracks=None):
    tracks = tracks or [None] * len(meshes)
    return [face_of(mesh, track_id=track) for mesh, track in zip(meshes, tracks, strict=True)]


class Alike:
    """An analyser to which all are one person."""

    class recogniser:  # noqa: N801 - stands for an attribute
        @staticmethod
        def embed(image, meshes):
            return [np.ones(128, np.float32) for _ in meshes]


def selector(**options) -> TargetSelector:
    return TargetSelector(Alike, FaceSelectionOptions(**options))


def handed_on(one: TargetSelector, **options) -> TargetSelector:
    other = selector(**options)
    other.restore(unpack(pack(one.state())))
    return other


def test_the_chosen_face_stays_chosen():
    big, small = mesh_at(100, 100, 90), mesh_at(300, 300, 60)
    one = selector(face_selector_mode="one")
    one.select(IMAGE, faces(big, small, tracks=[7, 8]))
    [kept] = handed_on(one, face_selector_mode="one").select(IMAGE, faces(small, big, tracks=[7, 8]))
    assert kept.track_id == 7


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (faces(mesh_at(99, 99, 30)), {"face_min_size": 64}),
        (faces(mesh_at(99, 99, 80, yaw=-80)), {}),
        (faces(mesh_at(99, 99, 80)), {"face_selector_mode": "one", "face_position": 1}),
        ([], {}),
    ],
    ids=["small", "turned", "position", "none"],
)
def test_the_cause_of_a_failure_and_its_picture_are_remembered(found, options):
    image = np.random.default_rng(0).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    one = selector(**options)
    one.select(image, found)
    other = handed_on(one, **options)
    assert (type(other.problem(Path("a"))), str(other.problem(Path("a")))) == (
        type(one.problem(Path("a"))),
        str(one.problem(Path("a"))),
    )
    assert (one.seen is None) == (other.seen is None)
    if one.seen is not None:
        assert (other.seen[0] == image).all()
        assert [(face.mesh == mine.mesh).all() for face, mine in zip(other.seen[1], one.seen[1], strict=True)]


def test_the_picture_of_a_problem_is_kept_small():
    smooth = cv2.resize(np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8), (3840, 2160))
    one = selector(face_min_size=64)
    one.select(smooth, faces(mesh_at(99, 99, 30)))
    assert len(pack(one.state())) < 0.3 * smooth.nbytes


def test_the_faces_least_recently_asked_for_are_dropped_in_the_same_order():
    memories = Memories()
    for track in (*range(24), *[0] * 170):
        memories.of(track)
    other = Memories()
    other.restore(unpack(pack(memories.state())))
    for each in (memories, other):
        each.of(99)
        kept = [track for track, _, _ in each.state()["faces"]]
        assert kept == [*range(2, 24), 0, 99]
