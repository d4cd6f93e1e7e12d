"""What processors need to know of faces: found out for those that are selected, once, and for nobody else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.core import process_image
from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.targets import TargetSelector
from facefusion.engine.work import Finding, Work
from facefusion.errors import ModelError
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.landmarks import landmarks68_of_mesh
from facefusion.media.frame import Frame
from facefusion.options import FaceSelectionOptions
from facefusion.processors.base import FaceFrame
from generated.builder import Shelf
from generated.face_classifier import fixed_fairface
from generated.face_landmarker import fan
from material import ASTRONAUT, CAPTAIN


class Recording:
    """A processor that keeps what it is given."""

    def __init__(self):
        self.items = []

    def process(self, batch):
        self.items += batch
        return list(batch)


def work(analyser, enricher, needs, processor):
    options = FaceSelectionOptions()
    return Work(
        finding=Finding(analyser, TargetSelector(analyser, options), enricher, frozenset(needs)),
        processors=(processor,),
        pre_processor=None,
        post_processor=None,
        clock=StageClock(),
        notes=Notes(None),
    )


@pytest.fixture
def items(astronaut, astronaut_face, captain, captain_face):
    """Three frames: with two faces, with none, with one."""
    frames = [Frame(place, place, 1, Fraction(1, 25), image) for place, image in enumerate((astronaut, captain))]
    seen = [(frames[0], (astronaut_face, astronaut_face.moved(3, 3))), (frames[1], ()), (frames[1], (captain_face,))]
    return [FaceFrame(frame, faces) for frame, faces in seen]


def test_faces_come_with_what_is_needed(analyser, tmp_path, items):
    shelf = Shelf(tmp_path)
    shelf.put("fan", "face_landmarker", "fan_landmarks", fan())
    shelf.put("fairface", "face_classifier", "fairface", fixed_fairface(5, 1, 3))
    options = FaceSelectionOptions(face_landmarker_model="fan", face_landmarker_score=0)
    processor = Recording()
    enricher = FaceEnricher(options, shelf.sessions())
    edited = work(analyser, enricher, {"landmarks68", "attributes"}, processor).edit(items)
    assert [item.frame.index for item in edited] == [0, 1, 1]
    assert [len(item.faces) for item in processor.items] == [2, 0, 1]
    for before, after in zip(items, processor.items, strict=True):
        for old, face in zip(before.faces, after.faces, strict=True):
            assert face.landmarks68.shape == (68, 2)
            assert (face.landmarks68 != landmarks68_of_mesh(face.mesh)).any()
            assert face.attributes.age == (20, 30)
            assert (face.box == old.box).all()
    assert items[0].faces[0].landmarks68 is None


def test_where_nothing_is_needed_faces_are_given_as_they_are(analyser, items):
    processor = Recording()
    work(analyser, FaceEnricher(FaceSelectionOptions(), Shelf.__new__(Shelf)), (), processor).edit(items)
    assert [item.faces for item in processor.items] == [item.faces for item in items]


def test_a_selection_that_needs_weights_says_so_before_it_begins(tmp_path):
    with pytest.raises(ModelError, match="fairface"):
        process_image({
            "source_paths": [CAPTAIN], "target_path": ASTRONAUT, "output_path": tmp_path / "out.png",
            "face_selector_gender": "female",
        })  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_detector_without_weights_is_told_of_before_work_begins(tmp_path):
    with pytest.raises(ModelError, match=r"scrfd_2\.5g"):
        process_image({
            "source_paths": [CAPTAIN], "target_path": ASTRONAUT, "output_path": tmp_path / "out.png",
            "face_detector_model": ["scrfd_2.5g", "blazeface_full_range"],
        })  # fmt: skip


def test_directions_and_tiles_can_be_chosen_in_a_job(tmp_path, captain):
    from material import save

    lying = save(tmp_path / "lying.png", np.rot90(captain))
    done = process_image({
        "source_paths": [ASTRONAUT], "target_path": lying, "output_path": tmp_path / "out.png",
        "face_detector_angles": "0,90,270", "face_detector_tiles": 3,
    })  # fmt: skip
    assert done.faces == 1
