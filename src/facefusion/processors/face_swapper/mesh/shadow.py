"""Broad shadows of the new face that the target's light does not throw: dark sockets and the like.

What the fit of the light leaves of them is the source's light or the tone of its skin. Where they differ from those of
the target by more than faces do, most of the difference is taken off; what is finer than they stays as it is.
"""

from __future__ import annotations

import numpy as np

from facefusion.processors.face_swapper.mesh.filters import Field, blur

_REACH = 0.045
"""Smoothing that leaves broad shadows alone, as a share of the longer side of the grid."""
_ALLOWED = np.float32(8)
"""Difference of lightness, 0 to 255, that is the source's own."""
_MOST = np.float32(40)
_SHARE = np.float32(0.9)
_ENOUGH = np.float32(0.67)
"""Share of the surroundings that must be seen for the whole difference to be taken off."""


def broad_step(own: Field, new: Field, trust: Field) -> Field:
    """Return by how much the new face is to be lighter, broadly, float32 (H, W), 0 to 255.

    Args:
        own: what the smooth colour leaves of the target's lightness, float32 (H, W).
        new: the same of the new face.
        trust: how surely a pixel shows the target's skin or features, float32 (H, W), 0 to 1.
    """
    reach = _REACH * max(own.shape)
    seen = blur(trust, reach)
    step = blur((own - new) * trust, reach) / (seen + np.float32(0.01))
    beyond = np.sign(step) * np.maximum(np.abs(step) - _ALLOWED, 0)
    return np.asarray(_MOST * np.tanh(beyond / _MOST) * _SHARE * np.minimum(seen / _ENOUGH, 1), np.float32)
