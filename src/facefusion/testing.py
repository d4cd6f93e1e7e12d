"""Checks for authors of plug-ins: what every processor and every detector must do.

They raise `AssertionError`, with what was found, and need no test framework. The product's own are held to more; these
are what other parts of the engine rely on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from facefusion.faces.detectors.base import Detector
from facefusion.processors.base import FaceFrame, Processor, delay_of, finish_processor
from facefusion.state import pack, unpack

_SHAPES = ((1, 1), (1, 700), (700, 1), (129, 127))


def check_processor(create: Callable[[], Processor], batch: Sequence[FaceFrame]) -> None:
    """Make sure that a processor keeps the rules of `facefusion.processors.base.Processor`.

    Args:
        create: returns a new one, as at the start of a job.
        batch: two frames or more with their faces, in order.

    Raises:
        AssertionError: it changes what came in, loses or reorders frames, keeps back more of them than it says, gives
            other pixels when the frames are cut into batches in another way, or when it goes on from its state in
            another process.
    """
    assert len(batch) > 1, "two frames are needed"
    before = [item.frame.image.copy() for item in batch]
    whole = _edited(create(), [batch])
    for item, image in zip(batch, before, strict=True):
        assert np.array_equal(item.frame.image, image), (
            f"frame {item.frame.index}: the pixels that came in were changed"
        )
    _same([(item.frame.index, item.frame.pts) for item in batch], [(i.frame.index, i.frame.pts) for i in whole])
    _same_pixels(whole, _edited(create(), [[item] for item in batch]), "one by one")
    first, second = create(), create()
    edited = first.process(batch[:1])
    second.restore(unpack(pack(first.state())))
    _same_pixels(whole, [*edited, *_edited(second, [batch[1:]])], "from a state")
    assert create().process([]) == [], "no frames: something came out"
    [empty] = _edited(create(), [[FaceFrame(batch[0].frame, ())]])
    assert empty.frame.index == batch[0].frame.index, "a frame without faces was lost"
    assert finish_processor(create()) == [], "no frames: something was kept back"


def _edited(processor: Processor, batches: Sequence[Sequence[FaceFrame]]) -> list[FaceFrame]:
    """Return all frames of some batches that none follow, edited."""
    edited: list[FaceFrame] = []
    came = 0
    for batch in batches:
        edited += processor.process(batch)
        came += len(batch)
        assert came - len(edited) <= delay_of(processor), f"{came - len(edited)} frames are kept back"
    return [*edited, *finish_processor(processor)]


def check_detector(detector: Detector, image: npt.NDArray[np.uint8]) -> None:
    """Make sure that a detector keeps the rules of `facefusion.faces.detectors.base.Detector`.

    Args:
        detector: at a score of 0.5 or so.
        image: RGB uint8 (H, W, 3), with one face, upright, of a fifth of the longer side or more.

    Raises:
        AssertionError: it misses the face or sees others; box, landmarks or score are not in the units wanted; pictures
            of a batch have an effect on one another; or a picture of an odd shape is too much for it.
    """
    assert detector.detect([]) == [], "no pictures: something was found"
    [found] = detector.detect([image])
    assert len(found) == 1, f"{len(found)} faces were found where there is one"
    [face] = found
    assert face.box.shape == (4,) and face.landmarks5.shape == (5, 2), "a box has 4 numbers, and there are 5 landmarks"
    assert face.box.dtype == face.landmarks5.dtype == np.float32, "boxes and landmarks are float32"
    assert 0 < face.score <= 1, f"a score of {face.score}"
    low, high = face.box[:2], face.box[2:]
    assert (high > low).all() and (high > 1).all(), f"box {face.box} is not left, top, right, bottom in pixels"
    assert ((face.landmarks5 > low - 0.2 * (high - low)) & (face.landmarks5 < high + 0.2 * (high - low))).all(), (
        "landmarks lie outside of the box"
    )
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks5
    assert left_eye[0] < right_eye[0] and left_mouth[0] < right_mouth[0], "what is left in the picture comes first"
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1]), "eyes, nose, mouth: the order"
    grey = np.full((50, 90, 3), 128, np.uint8)
    [joint, nothing] = detector.detect([image, grey])
    assert nothing == [], "a face was found in a grey picture"
    assert np.abs(joint[0].box - face.box).max() < 0.5, "another picture in the batch moved the box"
    for shape in _SHAPES:
        assert detector.detect([np.zeros((*shape, 3), np.uint8)]) == [[]], f"a black picture of {shape} has a face"


def _same(wanted: object, found: object) -> None:
    assert found == wanted, f"frames were lost or reordered: {found} instead of {wanted}"


def _same_pixels(wanted: Sequence[FaceFrame], found: Sequence[FaceFrame], how: str) -> None:
    assert len(found) == len(wanted), f"{how}: {len(found)} frames instead of {len(wanted)}"
    for one, other in zip(wanted, found, strict=True):
        assert np.array_equal(one.frame.image, other.frame.image), f"frame {one.frame.index} differs {how}"
