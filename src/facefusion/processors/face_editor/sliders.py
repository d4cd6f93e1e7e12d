"""What the sliders do to expressions and to the rotation of the head.

The table of expressions is our own. It goes by what is publicly known of key points of LivePortrait: 1 and 2 move the
brows, 11 and 15 the eyeballs, 13 and 16 the lids, 3 and 7 the cheeks, 14, 17 and 20 the corners and the upper rim of
the mouth, 19 its lower rim. x runs to the right, y down, and the face is about 1 wide.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from facefusion.options import FaceEditorOptions
from facefusion.processors.live_portrait.expressions import bounded
from facefusion.processors.live_portrait.geometry import POINTS, Floats, Motion, rotation_matrices

X, Y, Z = 0, 1, 2
Slider = Literal[
    "eyebrow_direction",
    "eye_gaze_horizontal",
    "eye_gaze_vertical",
    "mouth_grim",
    "mouth_pout",
    "mouth_purse",
    "mouth_smile",
    "mouth_position_horizontal",
    "mouth_position_vertical",
]


class Offset(NamedTuple):
    """By how much a slider moves a key point along an axis.

    Attributes:
        point: the key point.
        axis: 0 to 2 for x, y and z.
        at_most: with the slider at 1.
        at_least: with the slider at -1.
    """

    point: int
    axis: int
    at_most: float
    at_least: float


def _even(point: int, axis: int, amount: float) -> Offset:
    return Offset(point, axis, amount, -amount)


OFFSETS: Final[dict[Slider, tuple[Offset, ...]]] = {
    "eyebrow_direction": (
        Offset(1, Y, 0.030, -0.008),
        Offset(2, Y, -0.030, 0.008),
        Offset(1, X, 0.0, -0.025),
        Offset(2, X, 0.0, 0.025),
    ),
    # The eye towards which both look has the shorter way to go.
    "eye_gaze_horizontal": (Offset(11, X, 0.020, -0.030), Offset(15, X, 0.030, -0.020)),
    # Lids follow the eyeball.
    "eye_gaze_vertical": (_even(11, Y, -0.030), _even(15, Y, -0.030), _even(13, Y, -0.010), _even(16, Y, -0.010)),
    "mouth_grim": (_even(14, Y, -0.015), _even(20, Y, -0.015), _even(20, Z, -0.015)),
    "mouth_pout": (_even(19, X, 0.060),),
    "mouth_purse": (_even(14, Y, 0.020), _even(3, Y, -0.010), _even(7, Y, -0.010), _even(17, Z, -0.010)),
    # A mouth goes less far down than up.
    "mouth_smile": (
        Offset(20, Y, -0.012, 0.005),
        Offset(14, Y, -0.026, 0.010),
        Offset(17, Y, 0.008, -0.003),
        Offset(17, Z, 0.004, -0.002),
        Offset(13, Y, -0.004, 0.001),
        Offset(16, Y, -0.004, 0.001),
        Offset(3, Y, -0.005, 0.002),
        Offset(7, Y, -0.005, 0.002),
    ),
    "mouth_position_horizontal": (_even(19, X, 0.050), _even(20, X, 0.040)),
    "mouth_position_vertical": (_even(19, Y, -0.040), _even(20, Y, -0.020)),
}
"""What each slider moves; no offset is larger than 0.06."""
_TURNS: Final = {"pitch": (-20.0, 30.0), "yaw": (-60.0, 60.0), "roll": (15.0, 20.0)}
"""By how many degrees a slider at 1 turns the head about each axis, and how far it may be turned in all."""


def edited_expression(now: Floats, options: FaceEditorOptions) -> Floats:
    """Return expressions with what the sliders add, float32 (N, 21, 3)."""
    added = np.zeros((POINTS, 3), np.float32)
    for slider, offsets in OFFSETS.items():
        value = getattr(options, f"face_editor_{slider}")
        for offset in offsets:
            added[offset.point, offset.axis] += value * offset.at_most if value > 0 else -value * offset.at_least
    return bounded(now + added, now)


def edited_rotation(motion: Motion, options: FaceEditorOptions) -> Floats:
    """Return rotations of heads with what the sliders add, float32 (N, 3, 3).

    A head is turned no further than its neck allows, unless it was already.
    """
    turned = [
        _turned(getattr(motion, axis), getattr(options, f"face_editor_head_{axis}") * by, most)
        for axis, (by, most) in _TURNS.items()
    ]
    return rotation_matrices(*turned)


def _turned(angle: Floats, by: float, most: float) -> Floats:
    return np.asarray(np.clip(angle + by, np.minimum(angle, -most), np.maximum(angle, most)), np.float32)


def is_at_rest(options: FaceEditorOptions) -> bool:
    """Whether all sliders are at 0."""
    return not any(value for value in options.model_dump(exclude={"face_editor_model"}).values())
