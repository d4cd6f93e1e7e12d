"""The content check: what is refused, what is not, and that nothing passes that could not be checked.

No picture here is explicit. Generated networks say of red pictures what a real one would say of explicit ones.
"""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError

import numpy as np
import onnx
import pytest

from facefusion.errors import ContentRefusedError, ContentUncheckedError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import Session, SessionFactory
from facefusion.inference.store import ModelStore, store
from facefusion.trust.content import ContentCheck, Verdict, refuse, where_in_source, where_in_video
from facefusion.trust.content.detector import ContentDetector
from facefusion.trust.content.finding import overlap
from generated.builder import Shelf
from generated.content import PRIMARY, content_sessions, put_detector, told_classifier, told_detector
from material import read

MIDDLE = (160, 160, 100, 100)
RED, GREY = (255, 0, 0), (90, 90, 90)
EXPOSED = ("FEMALE_GENITALIA_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_EXPOSED", "FEMALE_BREAST_EXPOSED")
HARMLESS = ("MALE_BREAST_EXPOSED", "FEET_EXPOSED", "BELLY_EXPOSED", "ARMPITS_EXPOSED", "FACE_MALE", "FACE_FEMALE")


def picture(colour, height=240, width=240):
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture
def check_of(shelf):
    """Makes a check whose detector says these things of red pictures."""

    def make(*things, further=(), **kind):
        put_detector(shelf, told_detector(*things, **kind))
        for number, logits in enumerate(further):
            settings = {"size": 384, "explicit": [0], "ordinary": [1], "limit": 0.25}
            shelf.put(
                f"further_{number}",
                "content_classifier",
                "content_classifier",
                told_classifier(*logits),
                settings=settings,
            )
        return ContentCheck.create(content_sessions(shelf))

    return make


@pytest.mark.parametrize("label", EXPOSED)
def test_what_is_exposed_is_refused(label, check_of):
    check = check_of((label, 0.8, *MIDDLE))
    explicit, ordinary = check.look([picture(RED), picture(GREY)])
    assert explicit.is_explicit
    assert explicit.nearness == 1
    assert not ordinary.is_explicit
    assert ordinary == Verdict(nearness=0.0)


@pytest.mark.parametrize("label", HARMLESS)
def test_what_anybody_may_show_is_not(label, check_of):
    [verdict] = check_of((label, 0.99, *MIDDLE)).look([picture(RED)])
    assert verdict == Verdict()


def test_a_verdict_says_what_was_seen_and_where(check_of):
    [verdict] = check_of(("ANUS_EXPOSED", 0.8, 160, 80, 64, 32)).look([picture(RED, 480, 640)])
    [finding] = verdict.findings
    assert (finding.model, finding.label, finding.limit) == (PRIMARY, "ANUS_EXPOSED", 0.45)
    assert finding.box == pytest.approx((256, 128, 384, 192), abs=1)
    assert verdict.facts()["findings"] == [
        {"model": PRIMARY, "label": "ANUS_EXPOSED", "score": finding.facts()["score"]}
    ]


def test_an_unsure_detector_refuses_nothing_but_comes_near(check_of):
    [verdict] = check_of(("FEMALE_BREAST_EXPOSED", 0.4, *MIDDLE)).look([picture(RED)])
    assert not verdict.is_explicit
    assert verdict.nearness == pytest.approx(0.4 / 0.45, abs=0.01)


def test_a_low_score_is_told_as_nearness_without_a_second_look(check_of):
    [verdict] = check_of(("FEMALE_BREAST_EXPOSED", 0.2, *MIDDLE)).look([picture(RED)])
    assert verdict.findings == ()
    assert verdict.nearness == pytest.approx(0.2 / 0.45, abs=0.01)


def test_what_the_second_look_does_not_see_counts_half(check_of):
    """In the corner of the square, where the second look has black."""
    [verdict] = check_of(("FEMALE_BREAST_EXPOSED", 0.8, 30, 30, 40, 40)).look([picture(RED)])
    assert not verdict.is_explicit
    assert verdict.findings[0].score == pytest.approx(0.4, abs=0.01)


def test_a_face_is_no_other_part_of_a_body(check_of, astronaut, astronaut_face):
    """Detectors take a face that fills the picture for something else now and then."""
    left, top, right, bottom = (astronaut_face.box * 320 / max(astronaut.shape)).tolist()
    box = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    check = check_of(("FEMALE_GENITALIA_EXPOSED", 0.9, *box), always=True)
    [verdict] = check.look([astronaut])
    assert verdict == Verdict()


def test_beside_a_face_it_is(check_of, astronaut):
    check = check_of(("FEMALE_GENITALIA_EXPOSED", 0.9, *MIDDLE), always=True)
    [verdict] = check.look([astronaut])
    assert verdict.is_explicit


def test_long_pictures_are_looked_at_in_pieces(check_of):
    strip = picture(GREY, 2000, 200)
    strip[1200:1210, 90:110] = RED
    [verdict] = check_of(("ANUS_EXPOSED", 0.9, *MIDDLE)).look([strip])
    assert verdict.is_explicit
    assert all(1000 <= finding.box[1] <= finding.box[3] <= 1400 for finding in verdict.findings)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 20000), (33, 21)])
def test_pictures_of_any_shape(shape, check_of):
    assert not check_of().look([picture(GREY, *shape)])[0].is_explicit


def test_no_pictures(check_of):
    assert check_of().look([]) == []


def test_a_further_model_alone_decides_nothing(check_of):
    [verdict] = check_of(further=[(5, 0)]).look([picture(RED)])
    assert not verdict.is_explicit
    assert verdict.nearness == 1


def test_two_further_models_that_agree_do(check_of):
    red, grey = check_of(further=[(5, 0), (4, 1)]).look([picture(RED), picture(GREY)])
    assert red.is_explicit
    assert not grey.is_explicit


def test_two_that_do_not_agree_do_not(check_of):
    [verdict] = check_of(further=[(5, 0), (0, 0.1)]).look([picture(RED)])
    assert not verdict.is_explicit


def test_one_decides_with_what_the_detector_suspects(check_of):
    [verdict] = check_of(("ANUS_EXPOSED", 0.3, *MIDDLE), further=[(5, 0)]).look([picture(RED)])
    assert verdict.is_explicit


def test_a_detector_without_labels_counts_every_class(shelf):
    put_detector(shelf, told_detector(("ANUS_EXPOSED", 0.3, *MIDDLE)))
    settings = {"size": 320, "centred": True, "limit": 0.2}
    put_detector(shelf, told_detector((3, 0.5, *MIDDLE), classes=5, batch=1), name="of_five", **settings)
    check = ContentCheck.create(content_sessions(shelf))
    assert str(check.active).startswith("explicit content by nudenet_320n, with of_five")
    red, grey = check.look([picture(RED), picture(GREY)])
    assert {finding.label for finding in red.findings} == {"ANUS_EXPOSED", "class 3"}
    assert (red.is_explicit, grey.is_explicit) == (True, False)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (where_in_source(2, 3), "Source 2 shows"),
        (where_in_source(1), "The source shows"),
        (where_in_video("target", 12.41), "The target at 12.4 s shows"),
        (where_in_video("output"), "The output shows"),
    ],
)
def test_a_refusal_says_where_in_plain_words(where, said):
    with pytest.raises(
        ContentRefusedError, match=f"^{said} explicit sexual content, which every policy refuses"
    ) as caught:
        refuse(Verdict((), True, 1.0), where)
    assert caught.value.exit_code == 66
    refuse(Verdict((), False, 0.9), where)


# What cannot be checked


def unchecked(match):
    return pytest.raises(ContentUncheckedError, match=match)


def test_without_the_package_nothing_passes(monkeypatch, tmp_path):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(Distribution, "from_name", missing)
    with unchecked(r"nudenet==3\.4\.2.* is not there\. pip install nudenet==3\.4\.2") as caught:
        ContentCheck.create(SessionFactory(("cpu",), store=ModelStore(own=tmp_path)))
    assert caught.value.exit_code == 67


def test_altered_weights_are_not_loaded(monkeypatch, tmp_path):
    [path] = [file.locate() for file in Distribution.from_name("nudenet").files if file.name == "320n.onnx"]
    content = bytearray(path.read_bytes())
    content[5_000_000] ^= 1
    (tmp_path / "320n.onnx").write_bytes(content)
    monkeypatch.setattr(store, "found_in_package", lambda requirement, name: tmp_path / name)
    with unchecked("are not the catalogue's.*pip install --force-reinstall --no-deps nudenet==3"):
        ContentCheck.create(SessionFactory(("cpu",)))


def test_weights_that_were_cut_off(shelf):
    put_detector(shelf, told_detector())
    path = shelf.folder / f"{PRIMARY}.onnx"
    path.write_bytes(path.read_bytes()[:-10])
    with unchecked("The content check cannot be made: .* are not the catalogue's"):
        ContentCheck.create(content_sessions(shelf))


def test_a_damaged_further_model_ends_the_check_too(shelf):
    put_detector(shelf, told_detector())
    settings = {"size": 384, "explicit": [0], "ordinary": [1]}
    shelf.put("further", "content_classifier", "content_classifier", told_classifier(1, 0), settings=settings)
    (shelf.folder / "further.onnx").write_bytes(b"other")
    with unchecked("further"):
        ContentCheck.create(content_sessions(shelf))


def test_a_further_model_that_is_not_here_is_left_out(shelf):
    put_detector(shelf, told_detector())
    settings = {"size": 384, "explicit": [0], "ordinary": [1]}
    shelf.put("further", "content_classifier", "content_classifier", told_classifier(1, 0), settings=settings)
    (shelf.folder / "further.onnx").unlink()
    assert ContentCheck.create(content_sessions(shelf)).active.further == ()


def test_a_network_that_tells_other_classes_apart(check_of):
    with unchecked("tells 5 classes apart, and its entry names 18"):
        check_of(classes=5).look([picture(GREY)])


def test_a_network_that_gives_no_numbers(check_of):
    with unchecked("no numbers"):
        check_of(("ANUS_EXPOSED", np.nan, *MIDDLE)).look([picture(RED)])


def test_a_classifier_with_fewer_classes_than_its_entry_names(shelf):
    put_detector(shelf, told_detector())
    settings = {"size": 384, "explicit": [2, 3], "ordinary": [0, 1]}
    shelf.put("further", "content_classifier", "content_classifier", told_classifier(1, 0), settings=settings)
    with unchecked("tells 2 classes apart"):
        ContentCheck.create(content_sessions(shelf)).look([picture(GREY)])


@pytest.mark.parametrize("error", [RuntimeError("the device is gone"), ValueError("odd"), MemoryError("full")])
def test_an_error_while_it_runs(error, check_of, monkeypatch):
    check = check_of()

    def fail(self, inputs):
        raise error

    monkeypatch.setattr(Session, "run", fail)
    with unchecked(f"A picture could not be checked: {error}"):
        check.look([picture(GREY)])


@pytest.mark.parametrize(
    "image", [None, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture(image, check_of):
    with unchecked("A picture could not be checked: it "):
        check_of().look([image])


# The real detector


@pytest.fixture(scope="module")
def real():
    return ContentCheck.create(SessionFactory(("cpu",)))


def test_the_bundled_portraits_pass(real, astronaut, captain):
    assert [verdict.is_explicit for verdict in real.look([astronaut, captain])] == [False, False]


def test_many_at_once_give_what_each_gives_alone(real, astronaut, captain):
    together = real.look([astronaut, captain, astronaut[:, :200]])
    alone = [real.look([image])[0] for image in (astronaut, captain, astronaut[:, :200])]
    assert [verdict.nearness for verdict in together] == pytest.approx(
        [verdict.nearness for verdict in alone], abs=1e-4
    )


@pytest.mark.slow
def test_no_ordinary_picture_is_refused(real, assets):
    paths = sorted(path for path in assets.rglob("*.jpg") if path.name != "truncated.jpg")
    assert len(paths) > 200
    assert [path.name for path in paths if real.look([read(path)])[0].is_explicit] == []


def test_it_sees_faces_where_they_are(assets, analyser):
    """With the labels of faces as what counts, boxes can be held against those of another detector."""
    sessions = SessionFactory(("cpu",))
    card = sessions.catalogue[PRIMARY]
    settings = card.settings | {"limits": {"FACE_FEMALE": 0.3, "FACE_MALE": 0.3}}
    catalogue = Catalogue([card.model_copy(update={"settings": settings})])
    detector = SessionFactory(("cpu",), catalogue=catalogue).load(PRIMARY, "content_detector")
    assert isinstance(detector, ContentDetector)
    for path in sorted((assets / "pictures" / "synthetic").glob("*.jpg"))[:8]:
        image = read(path)
        [face] = analyser.find(image)
        for mirrored, margin in ((False, 0.0), (True, 0.25)):
            [seen] = detector.look([image], margin=margin, mirrored=mirrored)
            assert overlap(seen.findings[0].box, tuple(face.box.tolist())) > 0.45


def test_the_file_says_the_labels_that_its_entry_has():
    store_ = ModelStore()
    model = onnx.load(store_.path(Catalogue.known()[PRIMARY]))
    [names] = [entry.value for entry in model.metadata_props if entry.key == "names"]
    settings = Catalogue.known()[PRIMARY].settings
    assert names == str(dict(enumerate(settings["labels"])))
