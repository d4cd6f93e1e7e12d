"""Several people in one pass: each gets the face that the map gives them, wherever they appear."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.errors import NoFaceError, OptionsError, OutputIsInputError, ReferenceNotFoundError
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.options import Options
from facefusion.processors.face_swapper import processor
from material import ASTRONAUT, CAPTAIN, read, read_clip, save, write_clip


@pytest.fixture
def portraits(assets):
    folder = assets / "pictures" / "synthetic"
    return [next(folder.glob(name)) for name in ("sfhq_29*.jpg", "sfhq_04*", "sfhq_23*")]


@pytest.fixture
def heads(captain, captain_face, astronaut, astronaut_face):
    """The two people, as large as each other."""
    tiles = []
    for image, face in ((astronaut, astronaut_face), (captain, captain_face)):
        x, y = face.landmarks5.mean(0)
        scale = 100 / face.width
        place = np.array([[scale, 0, 120 - scale * x], [0, scale, 120 - scale * y]])
        tiles.append(cv2.warpAffine(image, place, (240, 240), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE))
    return tiles


@pytest.fixture
def both(quiet_place, heads):
    """A picture of both: the astronaut left, the captain right."""
    return save(Path("both.png"), np.hstack(heads))


@pytest.fixture
def nearest(analyser, portraits):
    """Say for each face of a picture, from left to right, which portrait it is like."""
    vectors = []
    for path in portraits:
        image = read(path)
        vectors.append(analyser.embed(image, analyser.find(image))[0].embedding)

    def call(image) -> list[int]:
        faces = sorted(analyser.embed(image, analyser.find(image)), key=lambda face: face.box[0])
        return [int(np.argmin([identity_distance(face.embedding, other) for other in vectors])) for face in faces]

    return call


def halves_changed(before: Path, after: Path) -> tuple[bool, bool]:
    difference = np.abs(read(before).astype(int) - read(after)).max(2) > 0
    half = difference.shape[1] // 2
    return bool(difference[:, :half].any()), bool(difference[:, half:].any())


def test_each_person_of_a_picture_gets_their_own_face(job, both, portraits, nearest):
    a, b, _ = portraits
    result = job(source_paths=(), map={a: ASTRONAUT, b: CAPTAIN}, target_path=both, output_path="out.png")
    assert result.faces == 2
    assert result.notes == ()
    assert nearest(read(Path("out.png"))) == [0, 1]
    job(source_paths=(), map={b: ASTRONAUT, a: CAPTAIN}, target_path=both, output_path="other.png")
    assert nearest(read(Path("other.png"))) == [1, 0]


def test_everybody_else_is_left_alone_unless_there_is_a_plain_source(job, both, portraits, nearest):
    a, _, c = portraits
    job(source_paths=(), map={a: CAPTAIN}, target_path=both, output_path="alone.png")
    assert halves_changed(both, Path("alone.png")) == (False, True)
    job(source_paths=c, map={a: CAPTAIN}, target_path=both, output_path="all.png")
    assert nearest(read(Path("all.png"))) == [2, 0]


def test_by_position_in_the_order_in_which_faces_are_counted(job, both, portraits, nearest):
    a, b, _ = portraits
    values = {"source_paths": (), "target_path": both, "face_selector_order": "right-left"}
    job(**values, map={a: 0, b: 1}, output_path="two.png")
    assert nearest(read(Path("two.png"))) == [1, 0]
    job(**values, map={a: 1}, output_path="one.png")
    assert halves_changed(both, Path("one.png")) == (True, False)
    with pytest.raises(NoFaceError, match="shows no face at a position of the map"):
        job(**values, map={a: 2}, output_path="none.png")


def test_one_person_may_be_blended_otherwise(job, both, portraits):
    a, b, _ = portraits
    entries = [f"{a}={ASTRONAUT} blend_ratio=0", f"{b}={CAPTAIN}"]
    job(source_paths=(), map=entries, target_path=both, output_path="out.png")
    assert halves_changed(both, Path("out.png")) == (False, True)


def test_a_person_who_never_appears_is_noted_and_nobody_at_all_is_an_error(job, both, portraits, only_file):
    a, b, c = portraits
    result = job(source_paths=(), map={a: ASTRONAUT, b: c}, target_path=both, output_path="out.png")
    [note] = result.notes
    assert note.startswith(f"The person of {c} was not found in both.png: the nearest face is at distance 0.")
    assert note.endswith("the limit is 0.50")
    with pytest.raises(ReferenceNotFoundError, match=r"None of the people of the map was found in both\.png") as error:
        job(source_paths=(), map={a: b, b: c}, target_path=both, output_path="none.png")
    assert error.value.exit_code == 25
    assert "none.problem.jpg" in only_file()


def test_the_note_tells_the_people_of_one_picture_apart_and_who_lost_a_face_to_another(job, both, portraits):
    a, b, c = portraits
    pair = save(Path("pair.png"), np.hstack([read(both), cv2.resize(read(c), (240, 240))]))
    entries = [f"{a}={pair} reference-face-position={place}" for place in range(3)]
    copy = save(Path("copy.png"), read(CAPTAIN))
    result = job(
        source_paths=(), map=entries, target_path=both, output_path="out.png", face_selector_order="left-right"
    )
    [note] = result.notes
    assert note.startswith("The person at position 2 of pair.png was not found in both.png")
    result = job(source_paths=(), map={a: CAPTAIN, b: copy}, target_path=both, output_path="out.png")
    [note] = result.notes
    assert note == "The person of copy.png was not found in both.png: faces like theirs are more like others of the map"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"map": "a.jpg=0"}, "position 0 means a face of a picture, but the target is a video"),
        (
            {"map": "a.jpg=r.jpg,b.jpg=r.jpg"},
            "the person of r.jpg gets two faces. Several pictures of one face go into",
        ),
        (
            {"map": "a.jpg=r.jpg,b.jpg=folder/../r.jpg"},
            "the person of r.jpg gets two faces",
        ),
        ({"map": "a.jpg=r.jpg", "face_selector_mode": "one"}, "Both a map and a mode say who is worked on"),
    ],
)
def test_maps_that_cannot_be_meant_are_refused_before_any_work(job, values, message):
    with pytest.raises(OptionsError, match=message):
        job(**values)


def test_an_output_never_replaces_a_picture_of_the_map(job, both, portraits):
    for name, entry in (("own.png", {"own.png": CAPTAIN}), ("them.png", {portraits[0]: "them.png"})):
        save(Path(name), read(CAPTAIN))
        with pytest.raises(OutputIsInputError):
            job(source_paths=(), map=entry, target_path=both, output_path=name, overwrite=True)


def scenes(heads) -> list[np.ndarray]:
    """Each alone in the same place, both, and both with their places changed; the background stays."""
    canvas = np.full((240, 480, 3), 100, np.uint8)

    def shot(left, right):
        image = canvas.copy()
        image[:, :240] = canvas[:, :240] if left is None else left
        image[:, 240:] = canvas[:, 240:] if right is None else right
        return [image] * 6

    one, two = heads
    return [*shot(one, None), *shot(two, None), *shot(one, two), *shot(two, one)]


def test_everybody_keeps_their_face_over_cuts(job, quiet_place, heads, portraits, nearest):
    a, b, _ = portraits
    clip = write_clip(Path("cuts.mp4"), scenes(heads))
    job(source_paths=(), map={a: ASTRONAUT, b: CAPTAIN}, target_path=clip)
    frames = read_clip(Path("out.mp4"))
    assert [nearest(frames[index]) for index in (0, 5, 6, 11, 17, 18, 23)] == [
        *([0], [0], [1], [1], [0, 1], [1, 0], [1, 0])
    ]


def test_everybody_keeps_their_face_when_they_cross(job, quiet_place, heads, portraits, nearest):
    a, b, _ = portraits
    images = []
    for step in range(40):
        canvas = np.full((240, 720, 3), 100, np.uint8)
        for head, x in ((heads[1], 480 - 12 * step), (heads[0], 12 * step)):
            view = canvas[:, max(x, 0) : max(x, 0) + 240]
            view[20:220, 40:200] = head[20:220, 40:200]
        images.append(canvas)
    clip = write_clip(Path("cross.mp4"), images)
    job(source_paths=(), map={a: ASTRONAUT, b: CAPTAIN}, target_path=clip)
    frames = read_clip(Path("out.mp4"))
    assert [nearest(frames[index]) for index in (0, 8, 34, 39)] == [[0, 1], [0, 1], [1, 0], [1, 0]]


def test_an_interrupted_map_goes_on_only_with_the_same_map(job, quiet_place, heads, portraits, monkeypatch):
    import threading

    a, b, _ = portraits
    clip = write_clip(Path("cuts.mp4"), scenes(heads))
    values = {"source_paths": (), "target_path": clip, "video_chunk_size": 6}
    whole = job(**values, map={a: ASTRONAUT, b: CAPTAIN}, output_path="whole.mp4")
    cancel = threading.Event()

    def stop(progress):
        if progress.done >= 12:
            cancel.set()

    from facefusion.engine.run import run
    from facefusion.errors import CancelledError

    parts = Options.parse(values | {"output_path": "out.mp4", "map": {a: ASTRONAUT, b: CAPTAIN}})
    with pytest.raises(CancelledError):
        run(parts, progress=stop, cancel=cancel)
    other = job(**values, map={b: ASTRONAUT, a: CAPTAIN}, resume=True, output_path="out.mp4")
    assert any("an input" in note for note in other.notes), "the segments were not taken"
    Path("out.mp4").unlink()
    cancel.clear()
    with pytest.raises(CancelledError):
        run(parts, progress=stop, cancel=cancel)
    job(**values, map={a: ASTRONAUT, b: CAPTAIN}, resume=True, output_path="out.mp4")
    assert Path("out.mp4").read_bytes() == Path("whole.mp4").read_bytes()
    assert whole.faces == 36


def test_frames_left_as_they_are_because_of_turn_are_told_once(job, assets):
    turning = assets / "video" / "head_turning_female.mp4"
    result = job(target_path=turning, face_max_yaw=35)
    assert result.notes == ("Faces in 7 of 23 frames are turned more than 35° and were left as they are",)
    assert job(target_path=turning, overwrite=True).notes == ()


def test_faces_too_small_are_told_where_others_were_not(job, assets):
    result = job(target_path=assets / "video" / "two_people_head_motion.mp4", face_min_size=69)
    [note] = result.notes
    assert note.endswith("of 56 frames are narrower than 69 pixels and were left as they are")


def test_each_role_has_a_swapper_of_its_own(job, both, portraits, monkeypatch):
    made = []
    monkeypatch.setitem(processor.MODELS, "mesh", lambda source, options: made.append(options) or Nothing())
    a, b, _ = portraits
    entries = [f"{a}={ASTRONAUT} shape=0.1", f"{b}={CAPTAIN}"]
    job(source_paths=(), map=entries, target_path=both, output_path="out.png")
    assert [options.face_swapper.shape for options in made] == [0.1, 0.85]


class Nothing:
    """A swapper that leaves everything as it is."""

    def swap(self, image, face):
        pass

    def state(self):
        return {}

    def restore(self, state):
        pass
