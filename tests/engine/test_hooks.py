"""A user's own step before and after: called once for each frame, in order, with frames that are theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefusion.errors import HookError
from material import ASTRONAUT, read, read_clip


def test_hooks_see_each_frame_once_and_in_order(job, moving_portrait):
    before, after = [], []
    job(
        {
            "pre_processor": lambda image: before.append(image.copy()) or image,
            "post_processor": lambda image: after.append(image.copy()) or image,
        }
    )
    originals = read_clip(moving_portrait)
    assert len(before) == len(after) == len(originals)
    assert all((seen == original).all() for seen, original in zip(before, originals, strict=True))
    assert all((a != b).any() for a, b in zip(before, after, strict=True)), "the post-processor sees the swapped face"


def test_faces_are_looked_for_in_what_the_pre_processor_returns(job):
    with pytest.raises(Exception, match="No face was found"):
        job({"pre_processor": np.zeros_like})


def test_the_post_processor_has_the_last_word(job):
    job({"post_processor": lambda image: 255 - image}, target_path=ASTRONAUT, output_path="negative.png")
    job(target_path=ASTRONAUT, output_path="plain.png")
    assert (read(Path("negative.png")) == 255 - read(Path("plain.png"))).all()


def test_a_hook_may_change_the_frame_in_place_or_return_a_view_of_it(job):
    def darken(image):
        image //= 2
        return image

    picture = {"target_path": ASTRONAUT, "output_path": "out.png", "processors": ()}
    job({"pre_processor": darken}, **picture)
    assert (read(Path("out.png")) == read(ASTRONAUT) // 2).all()
    job({"pre_processor": lambda image: image[:, ::-1]}, **picture)
    assert (read(Path("out.png")) == read(ASTRONAUT)[:, ::-1]).all()


def test_a_hook_may_return_the_same_array_each_time(job):
    """What it returned for one frame may still be waiting for the encoder when the next is asked for."""
    canvas, count = np.zeros((192, 192, 3), np.uint8), iter(range(20))

    def draw(image):
        canvas[:] = 5 * next(count)
        return canvas

    job({"post_processor": draw}, output_path="out.mkv", processors=())
    means = [image.mean() for image in read_clip(Path("out.mkv"))]
    assert means == pytest.approx([5 * index for index in range(20)], abs=3)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda image: None, "NoneType"),
        (lambda image: image[:-2], "uint8 \\(190, 192, 3\\)"),
        (lambda image: image[..., 0], "uint8 \\(192, 192\\)"),
        (lambda image: image / 255, "float64 \\(192, 192, 3\\)"),
        (lambda image: image.tolist(), "list"),
    ],
)
@pytest.mark.parametrize("place", ["pre", "post"])
def test_what_is_no_frame_is_a_hook_error_that_says_what_came_back(job, only_file, place, wrong, told):
    message = rf"The {place}-processor returned {told}\. It must return uint8 \(192, 192, 3\), as it was given"
    with pytest.raises(HookError, match=message) as caught:
        job({f"{place}_processor": wrong}, processors=())
    assert caught.value.exit_code == 44
    assert only_file() == []


@pytest.mark.parametrize("place", ["pre", "post"])
@pytest.mark.parametrize("call", [1, 9, 20])
def test_an_error_of_the_hook_arrives_as_it_is(job, only_file, place, call):
    calls = iter(range(1, 100))

    def hook(image):
        if next(calls) == call:
            raise ZeroDivisionError("mine")
        return image

    with pytest.raises(ZeroDivisionError, match="mine"):
        job({f"{place}_processor": hook}, processors=())
    assert only_file() == []
