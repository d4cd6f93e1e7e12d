"""Which frames of a video the content check looks at."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.state import pack, unpack
from facefusion.trust.content import ContentWatch, Verdict
from material import read_clip

RATE = 25
CALM, NEAR = Verdict(nearness=0.1), Verdict(nearness=0.7)


def still(count, level=90):
    return [np.full((90, 160, 3), level, np.uint8)] * count


def drifting(count, step=0.6):
    """A pattern that moves on, so that the picture is another one after a second, without a cut."""
    columns = np.arange(160)
    waves = [np.sin((columns + step * place) / 12) for place in range(count)]
    return [np.broadcast_to((120 + 60 * wave)[None, :, None], (90, 160, 3)).astype(np.uint8) for wave in waves]


def looked_at(images, watch=None, verdict=CALM, rate=RATE):
    """The numbers of the frames that are looked at, each with this verdict."""
    watch = watch or ContentWatch()
    found = []
    for place, image in enumerate(images):
        if watch.wants(image, place / rate):
            found.append(place)
            watch.saw(verdict)
    return found


def test_the_first_frame_is_looked_at():
    assert looked_at(still(1)) == [0]


def test_a_scene_that_changes_is_looked_at_every_two_seconds():
    assert looked_at(drifting(8 * RATE)) == [0, 50, 100, 150]


def test_one_in_which_nothing_changes_half_as_often():
    assert looked_at(still(10 * RATE + 1)) == [0, 100, 200]


def test_what_changes_after_a_while_is_looked_at_without_waiting_longer():
    """Too little to be a cut, and more than noise, after more than the usual wait."""
    assert looked_at([*still(75), *still(50, 100)]) == [0, 75]


def test_every_cut_is_looked_at():
    shots = [image for level in (20, 200, 60, 240) for image in still(5, level)]
    assert looked_at(shots) == [0, 5, 10, 15]


def test_looks_are_denser_where_something_was_nearly_refused():
    assert looked_at(drifting(2 * RATE), verdict=NEAR) == [0, 7, 14, 21, 28, 35, 42, 49]


def test_and_rarer_again_once_it_is_gone():
    watch = ContentWatch()
    images = drifting(6 * RATE)
    assert looked_at(images[:RATE], watch, NEAR) == [0, 7, 14, 21]
    rest = [place for place, image in enumerate(images[RATE:], RATE) if watch.wants(image, place / RATE)]
    assert rest[0] == 28
    watch.saw(CALM)
    assert not watch.wants(images[29], 35 / RATE)


def test_another_rate_of_looks():
    assert looked_at(drifting(2 * RATE), ContentWatch(0.5)) == [0, 13, 26, 39]


def test_a_frame_that_stands_for_long_is_followed_by_a_look():
    """Times are those of the frames: they may be far apart."""
    assert looked_at(drifting(4), rate=0.1) == [0, 1, 2, 3]


def test_live_frames_are_counted():
    assert looked_at(still(60), ContentWatch(frames=25)) == [0, 25, 50]
    assert looked_at([*still(10), *still(30, 220)], ContentWatch(frames=25)) == [0, 10, 35]


@pytest.mark.parametrize("kind", [{"seconds": 0}, {"frames": 0}])
def test_there_is_some_time_between_looks(kind):
    with pytest.raises(ValueError, match="some time"):
        ContentWatch(**kind)


def test_a_job_that_goes_on_looks_at_the_same_frames(assets):
    images = read_clip(assets / "video" / "scene_cuts_with_noface.mp4")
    verdicts = [Verdict(nearness=0.6 if place % 7 == 0 else 0.0) for place in range(len(images))]

    def run(watch, places):
        found = []
        for place in places:
            if watch.wants(images[place], place / 24):
                found.append(place)
                watch.saw(verdicts[place])
        return found

    whole = run(ContentWatch(), range(len(images)))
    assert 4 < len(whole) < len(images) // 4
    for stop in (0, 1, 7, 50, 113, 200):
        first, second = ContentWatch(), ContentWatch()
        before = run(first, range(stop))
        second.restore(unpack(pack(first.state())))
        assert before + run(second, range(stop, len(images))) == whole
