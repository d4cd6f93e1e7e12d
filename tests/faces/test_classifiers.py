"""Classifiers, and the selection by what they say."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from facefusion.engine.attribute_filter import AttributeFilter
from facefusion.errors import ModelUnfitError
from facefusion.faces.classifiers.fairface import AGES
from facefusion.faces.crops import FaceCrop
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.types import Attributes
from facefusion.options import FaceSelectionOptions, Options
from generated import face_classifier as generated
from generated.builder import Shelf
from material import read
from real_models import real_sessions
from reference import face_landmarker as reference


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture(scope="module")
def views(astronaut, captain, astronaut_face, captain_face):
    return [FaceView(astronaut, astronaut_face), FaceView(captain, captain_face)]


def enricher(shelf, network, **options):
    shelf.put("fairface", "face_classifier", "fairface", network)
    return FaceEnricher(FaceSelectionOptions(**options), shelf.sessions())


@pytest.mark.parametrize("batch", ["batch", 1])
def test_groups_are_those_of_the_reference_for_all_faces_at_once(shelf, views, batch):
    network = generated.fairface(batch=batch)
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    for view, face in zip(views, enricher(shelf, network).enrich(views, {"attributes"}), strict=True):
        crop = FaceCrop.cut(view.image, view.face, "arcface_112_v2", 224).image
        race, gender, age = session.run(None, {"input": reference.blob(crop, "fairface").astype(np.float32)})
        assert face.attributes.gender == ("male", "female")[gender[0]]
        assert face.attributes.race == ("white", "black", "latino", "asian", "asian", "indian", "arabic")[race[0]]
        assert face.attributes.age == AGES[age[0]]


def test_every_age_is_in_exactly_one_range():
    ages = [year for start, end in AGES for year in range(start, end)]
    assert ages == list(range(101))


def test_a_group_that_there_is_not_is_refused(shelf, views):
    with pytest.raises(ModelUnfitError, match="gives groups 9, 0 and 1"):
        enricher(shelf, generated.fixed_fairface(1, 0, 9)).enrich(views, {"attributes"})


def test_a_network_that_tells_years_gives_a_range_of_one(shelf, views):
    shelf.put("years", "face_classifier", "age_regression", generated.age())
    found = shelf.sessions().load("years", "face_classifier").classify(views)
    for attributes in found:
        start, end = attributes.age
        assert end == start + 1
        assert attributes.gender is None


def test_attributes_come_back_from_a_state(astronaut_face):
    from dataclasses import replace

    face = replace(astronaut_face, attributes=Attributes((20, 30), "female", "white"))
    assert restored_face(face_state(face)).attributes == face.attributes
    assert restored_face(face_state(astronaut_face)).attributes is None


@pytest.mark.parametrize("options, is_chosen", [
    ({"face_selector_gender": "female"}, True),
    ({"face_selector_gender": "male"}, False),
    ({"face_selector_race": "indian"}, True),
    ({"face_selector_race": "black"}, False),
    ({"face_selector_age_start": 20}, True),
    ({"face_selector_age_start": 30}, False),
    ({"face_selector_age_end": 30}, True),
    ({"face_selector_age_end": 20}, False),
    ({"face_selector_age_start": 18, "face_selector_age_end": 40, "face_selector_gender": "female"}, True),
])  # fmt: skip
def test_faces_of_the_kind_asked_for_are_chosen(shelf, views, options, is_chosen):
    """Everybody is taken for an Indian woman between 20 and 30."""
    wanted = FaceSelectionOptions(**options)
    chooser = AttributeFilter(enricher(shelf, generated.fixed_fairface(5, 1, 3), **options), wanted)
    assert bool(chooser.select(views[0].image, [views[0].face])) == is_chosen
    assert wanted.selects_by_attributes


class Opinions:
    """Says one thing after the other."""

    def __init__(self, genders):
        self.genders, self.asked = list(genders), 0

    def enrich(self, views, needs):
        from dataclasses import replace

        self.asked += len(views)
        return [replace(view.face, attributes=Attributes((20, 30), self.genders.pop(0), None)) for view in views]


def followed(face):
    from dataclasses import replace

    return replace(face, track_id=4)


def test_of_a_followed_face_several_looks_decide_and_then_none_is_taken(views):
    image, face = views[0].image, followed(views[0].face)
    opinions = Opinions(["female", "female", "male", "female", "female"])
    chooser = AttributeFilter(opinions, FaceSelectionOptions(face_selector_gender="female"))
    assert all(chooser.select(image, [face]) for _ in range(60))
    assert opinions.asked == 5


def test_the_filter_goes_on_from_its_state(views):
    image, face = views[0].image, followed(views[0].face)
    options = FaceSelectionOptions(face_selector_gender="female")
    whole = AttributeFilter(Opinions(["female", "male", "male", "male", "female"]), options)
    before = [bool(whole.select(image, [face])) for _ in range(30)]
    first = AttributeFilter(Opinions(["female", "male"]), options)
    parts = [bool(first.select(image, [face])) for _ in range(8)]
    second = AttributeFilter(Opinions(["male", "male", "female"]), options)
    second.restore(first.state())
    assert parts + [bool(second.select(image, [face])) for _ in range(22)] == before


def test_ages_that_leave_nobody_are_refused():
    from facefusion.errors import OptionsError

    with pytest.raises(OptionsError, match="age-start must be less"):
        Options.parse({"face_selector_age_start": 40, "face_selector_age_end": 30})


def test_the_small_real_age_network_runs(assets, analyser, tmp_path):
    image = read(assets / "pictures" / "synthetic" / "sfhq_30_elderly_woman.jpg")
    classifier = real_sessions(assets, tmp_path).load("ssrnet_age", "face_classifier")
    [attributes] = classifier.classify([FaceView(image, analyser.find(image)[0])])
    assert 35 <= attributes.age[0] <= 100
