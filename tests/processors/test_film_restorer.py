"""The film restorer as a processor: order, frames that are kept back, going on from a state, shots, options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from benchmarks.film_damage import with_dust, with_flicker, with_scratches
from tests.processors.worn_film import items, scene

from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.options.film_restorer import FilmRestorerOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer import SPEC
from facefusion.processors.film_restorer.processor import FilmRestorer
from facefusion.processors.film_restorer.shots import Shots
from facefusion.processors.film_restorer.steps import steps_of
from facefusion.processors.registry import installed_processors
from facefusion.state import pack, unpack

MINE = {"film_restorer_weave": 0, "film_restorer_noise": 0}
OFF = FilmRestorerOptions(
    **{
        f"film_restorer_{name}": 0
        for name in ("combing", "flicker", "dust", "scratches", "weave", "stabilise", "noise", "grain", "fade")
    }
)


def restorer(**options: int) -> FilmRestorer:
    """The processor with these options."""
    return FilmRestorer(steps_of(FilmRestorerOptions(**options)))


def worn(frames: int) -> list[Image]:
    """Two shots with dust, scratches and flicker."""
    clean = [*scene(frames // 2, seed=1), *scene(frames - frames // 2, seed=9)]
    return with_flicker(with_scratches(with_dust(clean, 1).images, 1).images, 1).images


def same(some: Sequence[FaceFrame], others: Sequence[FaceFrame]) -> bool:
    """Whether the same frames show the same."""
    pairs = zip(some, others, strict=True)
    return all(a.frame.index == b.frame.index and np.array_equal(a.frame.image, b.frame.image) for a, b in pairs)


def test_it_is_installed_and_says_how_many_frames_it_keeps_back() -> None:
    """What the engine counts with is what is kept back at most: no more than 12 as it comes."""
    assert installed_processors()["film_restorer"] is SPEC
    assert SPEC.delay is not None
    assert SPEC.delay(Options.parse({})) == restorer().delay <= 12
    assert not SPEC.needs_faces
    assert not SPEC.needs_source


def test_every_frame_comes_out_once_and_in_order_however_batches_are_cut() -> None:
    """One by one, in batches or all at once gives the same, and no more are kept back than said."""
    film = items(worn(13))
    whole = restorer(**MINE, film_restorer_fade=60)
    expected = whole.process(film) + whole.finish()
    assert [item.frame.index for item in expected] == list(range(13))
    single = restorer(**MINE, film_restorer_fade=60)
    done: list[FaceFrame] = []
    for count, item in enumerate(film, 1):
        done += single.process([item])
        assert count - len(done) <= single.delay
    assert same(expected, done + single.finish())


@pytest.mark.parametrize("cut", [1, 6, 9])
def test_it_goes_on_from_a_state_bit_for_bit(cut: int) -> None:
    """Also where the state is written as bytes, in the middle of a shot and beside a cut."""
    film = items(worn(13))
    first, second = restorer(**MINE, film_restorer_fade=60), restorer(**MINE, film_restorer_fade=60)
    expected = first.process(film) + first.finish()
    begun = restorer(**MINE, film_restorer_fade=60)
    done = begun.process(film[:cut])
    second.restore(unpack(pack(begun.state())))
    assert same(expected, done + second.process(film[cut:]) + second.finish())


def test_frames_that_come_in_are_left_as_they_are() -> None:
    """Nobody writes into what came in."""
    images = worn(6)
    before = [image.copy() for image in images]
    processor = restorer(**MINE)
    processor.process(items(images))
    processor.finish()
    assert all(np.array_equal(a, b) for a, b in zip(images, before, strict=True))


def test_with_every_step_off_frames_go_through() -> None:
    """Then nothing is kept back, and frames are the same objects."""
    processor, film = FilmRestorer(steps_of(OFF)), items(scene(3))
    assert processor.delay == 0
    assert all(done is item for done, item in zip(processor.process(film), film, strict=True))
    assert processor.finish() == []


def test_a_single_picture_comes_out_and_more_may_follow() -> None:
    """As pictures, previews and live frames are given: a frame, and then the end."""
    processor = restorer(**MINE)
    for item in items(scene(3)):
        [done] = processor.process([item]) + processor.finish()
        assert done.frame.index == item.frame.index


def test_flicker_is_no_cut_and_a_cut_is_one() -> None:
    """Shots are told in spite of light that jumps by half."""
    shots, images = Shots(), scene(4)
    light = [1.0, 0.6, 1.1, 0.7]
    flickering = [np.clip(image * factor, 0, 255).astype(np.uint8) for image, factor in zip(images, light, strict=True)]
    assert [shots.begins(image) for image in flickering] == [True, False, False, False]
    assert shots.begins(255 - scene(1, seed=5)[0])
    assert shots.begins(scene(1, seed=5)[0][:100])
