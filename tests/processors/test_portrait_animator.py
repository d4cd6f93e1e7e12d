"""The portrait animator: a still picture that does what the target's face does."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext, SourceFace
from facefusion.processors.portrait_animator import SPEC
from facefusion.processors.portrait_animator.portrait import Portrait, portrait_size
from facefusion.state import pack, unpack
from material import ASTRONAUT, CAPTAIN, read_clip


@pytest.fixture(scope="module")
def performance(moving_portrait, analyser):
    """Frames of a clip with their faces."""
    images = read_clip(moving_portrait)[:8]
    return [
        FaceFrame(Frame(index, index, 1, Fraction(1, 25), image), tuple(analyser.find(image)))
        for index, image in enumerate(images)
    ]


@pytest.fixture
def make(captain, captain_face):
    def made(**values):
        source = SourceFace(captain, captain_face, 1.0, CAPTAIN)
        options = Options.parse({"source_paths": CAPTAIN, "portrait_animator_size": 400} | values)
        return SPEC.create(ProcessorContext(options, (source,), SessionFactory(("cpu",))))

    return made


def test_each_frame_shows_the_portrait_at_its_own_time(make, performance):
    result = make().process(performance)
    assert [item.frame.pts for item in result] == list(range(8))
    assert all(max(item.frame.image.shape[:2]) == 400 for item in result)
    assert all(item.frame.original is None for item in result)


def test_its_face_is_told_where_the_portrait_has_it(make, performance, analyser):
    [item] = make().process(performance[:1])
    [face] = analyser.find(item.frame.image)
    assert np.abs(item.faces[0].mesh[:, :2] - face.mesh[:, :2]).mean() < 4


def test_it_moves_as_the_target_does(make, performance):
    images = [item.frame.image.astype(int) for item in make().process(performance)]
    assert max(np.abs(image - images[0]).max() for image in images) > 20
    still = [item.frame.image for item in make(portrait_animator_strength=0).process(performance)]
    assert all(np.array_equal(image, still[0]) for image in still)


def test_without_a_face_it_holds_what_it_did(make, performance):
    processor = make()
    last = processor.process(performance)[-1]
    [gone] = processor.process([FaceFrame(performance[-1].frame, ())])
    assert np.array_equal(gone.frame.image, last.frame.image)
    assert gone.faces == ()
    [never] = make().process([FaceFrame(performance[0].frame, ())])
    assert never.frame.image.shape == last.frame.image.shape


def test_from_a_state_it_goes_on_as_if_nothing_had_been(make, performance):
    whole = make().process(performance)
    first, second = make(), make()
    first.process(performance[:3])
    second.restore(unpack(pack(first.state())))
    for one, other in zip(whole[3:], second.process(performance[3:]), strict=True):
        assert np.array_equal(one.frame.image, other.frame.image)


def test_a_part_of_a_clip_begins_with_the_rest_of_the_whole(make, performance, moving_portrait):
    """Parts are worked on apart, and each knows what the face does in the clip's first frame."""
    whole = make(target_path=moving_portrait).process(performance)
    part = make(target_path=moving_portrait).process(performance[5:])
    assert np.array_equal(whole[5].frame.image, part[0].frame.image)


def test_the_size_of_a_result_is_even_and_no_larger_than_the_portrait():
    assert portrait_size(511, 301, 1080) in {(512, 300), (510, 300), (512, 302), (510, 302)}
    assert portrait_size(3000, 4000, 1000) == (750, 1000)


def test_a_face_is_scaled_with_its_picture(captain, captain_face):
    shown = Portrait.of(captain, captain_face, captain.shape[0] // 2)
    assert shown.image.shape[0] == 2 * round(captain.shape[0] // 2 / 2)
    scale = shown.image.shape[0] / captain.shape[0]
    assert np.abs(shown.face.mesh[:, 1] - captain_face.mesh[:, 1] * scale).max() < 1


def test_what_the_frames_will_be_like_is_known_before(captain):
    options = Options.parse({"source_paths": CAPTAIN, "portrait_animator_size": 400})
    told = SPEC.format(FrameFormat(64, 48, has_alpha=True, has_colour=False), options, Catalogue.known())
    assert told == FrameFormat(*portrait_size(captain.shape[1], captain.shape[0], 400))


def test_a_portrait_is_one_picture(make, captain, captain_face, moving_portrait):
    sources = [SourceFace(captain, captain_face, 1.0, CAPTAIN)] * 2
    with pytest.raises(OptionsError, match="one picture, not several"):
        SPEC.create(ProcessorContext(Options(), tuple(sources), SessionFactory(("cpu",))))
    for paths, words in (([CAPTAIN, ASTRONAUT], "one picture, not 2"), ([moving_portrait], "is no picture")):
        with pytest.raises(OptionsError, match=words):
            SPEC.format(FrameFormat(64, 48), Options.parse({"source_paths": paths}), Catalogue.known())
