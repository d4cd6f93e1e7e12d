"""A second look at what a detector is nearly or quite sure of, before anything is refused.

Close-ups of faces are what this product works on, and what such detectors know least: a face that fills the picture is
taken for other parts of a body now and then. So what is a face, as those say who know faces, is left out, and the rest
has to be seen in another framing too: in a mirror, with a margin, and not larger than such things usually are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from facefusion.faces.types import Face
from facefusion.trust.content.base import ContentModel, Seen
from facefusion.trust.content.finding import Box, Finding, overlap, surest_first
from facefusion.trust.content.framing import Picture

FindFaces = Callable[[Picture], Sequence[Face]]
_MARGIN: Final = 0.25
"""Black around the picture in the second look at least, as a share of its longer side."""
_USUAL: Final = 0.25
"""Longer side of a thing in the second look at most, as a share of the square: larger ones have nothing around them."""
_IS_FACE: Final = 0.35
"""Share of overlap from which a thing is the face that lies there."""
_IS_SAME: Final = 0.3
"""Share of overlap from which two looks saw one thing."""


def confirmed(model: ContentModel, find_faces: FindFaces, image: Picture, seen: Seen, *, share: float = 1.0) -> Seen:
    """Return what stays of what was seen in a picture after a second look, with the mean of both scores.

    Args:
        model: saw it.
        find_faces: returns the faces of a picture.
        image: RGB uint8 (H, W, 3).
        seen: what it saw at first.
        share: of the usual limits.

    Raises:
        ModelError: a model cannot be used.
        ProviderError: a device failed that was asked for by name.
    """
    faces = [_box_of(face) for face in find_faces(image)]
    left = [each for each in seen.findings if not any(overlap(_box(each), face) >= _IS_FACE for face in faces)]
    if not left:
        return Seen()
    margins = [_margin(_box(each), max(image.shape[:2])) for each in left]
    looks = {margin: model.look([image], margin=margin, mirrored=True, share=share)[0] for margin in margins}
    findings = surest_first(
        [_both(*pair) for pair in zip(left, (looks[each].findings for each in margins), strict=True)]
    )
    return Seen(findings, findings[0].nearness)


def _margin(box: Box, longer: int) -> float:
    """Return the margin of the second look at a thing of a picture whose longer side has so many pixels."""
    share = min(1.0, max(box[2] - box[0], box[3] - box[1]) / longer)
    steps = round((share / _USUAL - 1) / 2 / _MARGIN)  # few margins, so that several things share a look
    return _MARGIN * max(1, steps)


def _both(first: Finding, again: Sequence[Finding]) -> Finding:
    """Return a finding with the mean of its score and that of the same thing in the second look, 0 where it is not."""
    same = (each for each in again if each.label == first.label and overlap(_box(each), _box(first)) >= _IS_SAME)
    return first.with_score((first.score + max((each.score for each in same), default=0.0)) / 2)


def _box(finding: Finding) -> Box:
    assert finding.box is not None  # detectors say where
    return finding.box


def _box_of(face: Face) -> Box:
    left, top, right, bottom = face.box.tolist()
    return left, top, right, bottom
