"""Warp templates: where the five landmarks of an upright face lie in a crop.

The ArcFace template is that of Deng et al., "ArcFace", 2019; the FFHQ one follows from the alignment of Karras et al.,
"A Style-Based Generator Architecture", 2019; the others are in use with the public swappers.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from facefusion.faces.align import Affine, similarity_transform
from facefusion.faces.types import Points

TemplateName = Literal[
    "arcface_112_v1", "arcface_112_v2", "arcface_128", "dfl_whole_face", "ffhq_512", "mtcnn_512", "styleganex_384"
]

_EYES_LEVEL: Final = ((0.35473214, 0.45658929), (0.64526786, 0.45658929))
_POINTS: Final[dict[TemplateName, tuple[tuple[float, float], ...]]] = {
    "arcface_112_v1": (*_EYES_LEVEL, (0.5, 0.61154464), (0.37913393, 0.776875), (0.62086607, 0.776875)),
    "arcface_112_v2": (
        (0.34191607, 0.46157411),
        (0.65653393, 0.45983393),
        (0.500225, 0.64050536),
        (0.37097589, 0.82469196),
        (0.63151696, 0.82325089),
    ),
    "arcface_128": (
        (0.36167656, 0.40387734),
        (0.63696719, 0.40235469),
        (0.50019687, 0.56044219),
        (0.38710391, 0.72160547),
        (0.61507734, 0.72034453),
    ),
    "dfl_whole_face": (
        (0.35342266, 0.39285716),
        (0.62797622, 0.39285716),
        (0.48660713, 0.5401786),
        (0.38839287, 0.68750011),
        (0.59821427, 0.68750011),
    ),
    "ffhq_512": (
        (0.37691676, 0.46864664),
        (0.62285697, 0.46912813),
        (0.50123859, 0.61331904),
        (0.39308822, 0.725411),
        (0.61150205, 0.72490465),
    ),
    "mtcnn_512": (
        (0.36562865, 0.46733799),
        (0.63305391, 0.46585885),
        (0.50019127, 0.61942959),
        (0.39032951, 0.77598822),
        (0.61178945, 0.77476328),
    ),
    "styleganex_384": (
        (0.42353745, 0.52289879),
        (0.57725008, 0.52319972),
        (0.50123859, 0.61331904),
        (0.43364461, 0.68337652),
        (0.57015325, 0.68306005),
    ),
}


def template_points(name: TemplateName, size: int) -> Points:
    """Return where the five landmarks lie in a crop of `size` × `size` pixels, float32 (5, 2)."""
    return np.asarray(np.array(_POINTS[name]) * size, np.float32)


def to_template(landmarks5: Points, name: TemplateName, size: int) -> Affine:
    """Return the transform from picture to crop that carries a face's five landmarks nearest to the template."""
    return similarity_transform(landmarks5, template_points(name, size))
