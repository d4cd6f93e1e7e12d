"""Frames that a processor keeps back, as state: see `DelayingProcessor` and `facefusion.state`.

What was decoded is no part of a state: planes cannot be made anew with everything that decoders say of them. A job that
goes on decodes these frames again and puts them in; whoever restores a state by themselves gets the pictures alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from facefusion.faces.saved import face_state, restored_face
from facefusion.media.frame import Frame
from facefusion.media.planes.original import Original
from facefusion.media.region import Rectangle
from facefusion.processors.base import FaceFrame
from facefusion.state import State

_FRAME: Final = "frame that is kept back"
"""Key by which a frame is known among all that is remembered; its value is the frame's index."""
_IMAGE: Final = "image"
_DECODED: Final = "decoded"


def kept_state(items: Iterable[FaceFrame]) -> list[State]:
    """Return frames and their faces as states, in order; their pixels are not copied, for nobody writes to them.

    Args:
        items: frames as they came to a processor, or as it made them; nothing is held of them.
    """
    return [_item_state(item) for item in items]


def kept_frames(states: Sequence[State]) -> list[FaceFrame]:
    """Return the frames that `kept_state` was given."""
    return [_item(state) for state in states]


def slim(state: Any) -> Any:
    """Return a state without the pixels of those kept frames that show what was decoded and nothing else."""
    return _walked(state, lambda frame: {**frame, _IMAGE: None} if frame["is_view"] else frame)


def first_kept(state: Any) -> tuple[int, int] | None:
    """Return index and presentation time, in ticks, of the first frame that a state keeps; None where it keeps none."""
    return min(((frame[_FRAME], frame["pts"]) for frame in _frames(state)), default=None)


def put_in(state: Any, decoded: Mapping[int, Frame]) -> Any:
    """Return a state with what was decoded put into the frames that it keeps.

    Args:
        state: as it was read.
        decoded: by its index, each of these frames as it is decoded.

    Raises:
        KeyError: one is missing.
    """
    return _walked(state, lambda frame: _with_decoded(frame, decoded[frame[_FRAME]]))


def _with_decoded(frame: State, decoded: Frame) -> State:
    original = decoded.original if frame["has_original"] else None
    if original is not None and original.view.shape[:2] != tuple(frame["size"]):
        original = original.enlarged(*frame["size"][::-1])
    image = decoded.image if original is None else original.view
    return {**frame, _DECODED: original, _IMAGE: image if frame["is_view"] else frame[_IMAGE]}


def _item_state(item: FaceFrame) -> State:
    return {
        "frame": _frame_state(item.frame),
        "faces": [face_state(face) for face in item.faces],
        "before": None if item.original is None else _frame_state(item.original),
    }


def _item(state: State) -> FaceFrame:
    before = state["before"]
    faces = tuple(restored_face(face) for face in state["faces"])
    return FaceFrame(_frame(state["frame"]), faces, None if before is None else _frame(before))


def _frame_state(frame: Frame) -> State:
    opaque, original = frame.opaque, frame.original
    return {
        _FRAME: frame.index,
        "pts": frame.pts,
        "duration": frame.duration,
        "time_base": [frame.time_base.numerator, frame.time_base.denominator],
        "copies": frame.copies,
        _IMAGE: frame.image,
        "size": list(frame.image.shape[:2]),
        "opacity": frame.opacity,
        "opaque": None if opaque is None else [opaque.x, opaque.y, opaque.width, opaque.height],
        "has_original": original is not None,
        "is_view": original is not None and frame.image is original.view,
    }


def _frame(state: State) -> Frame:
    decoded: Original | None = state.get(_DECODED)
    return Frame(
        state[_FRAME],
        state["pts"],
        state["duration"],
        Fraction(*state["time_base"]),
        state[_IMAGE],
        decoded,
        state["copies"],
        state["opacity"],
        None if state["opaque"] is None else Rectangle(*state["opaque"]),
    )


def _frames(state: Any) -> Iterator[State]:
    """Yield all frames that a state keeps, wherever they are in it."""
    if isinstance(state, dict):
        if _FRAME in state:
            yield state
        state = list(state.values())
    if isinstance(state, list):
        for each in state:
            yield from _frames(each)


def _walked(state: Any, change: Callable[[State], State]) -> Any:
    """Return a state with all frames that it keeps changed; all else stays the same object."""
    if isinstance(state, dict):
        if _FRAME in state:
            return change(state)
        return {key: _walked(each, change) for key, each in state.items()}
    return [_walked(each, change) for each in state] if isinstance(state, list) else state
