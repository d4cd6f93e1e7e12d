"""A second look at what a detector is nearly or quite sure of, before anything is refused.

Close-ups of faces are what this product works on, and what such detectors know least: a face that fills the picture is
taken for other parts of a body now and then. So what is a face, as those say who know faces, is left out, and the rest
has to be seen in another framing too.
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
"""Black around the picture in the second look, as a share of its longer side."""
_IS_FACE: Final = 0.35
"""Share of overlap from which a thing is the face that lies there."""
_IS_SAME: Final = 0.3
"""Share of overlap from which two looks saw one thing."""


def confirmed(model: ContentModel, find_faces: FindFaces, image: Picture, seen: Seen) -> Seen:
    """Return what stays of what was seen in a picture after a second look, with the mean of both scores.

    Args:
        model: saw it.
        find_faces: returns the faces of a picture.
        image: RGB uint8 (H, W, 3).
        seen: what it saw at first.

    Raises:
        ModelError: a model cannot be used.
        ProviderError: a device failed that was asked for by name.
    """
    faces = [_box_of(face) for face in find_faces(image)]
    left = [each for each in seen.findings if not any(overlap(_box(each), face) >= _IS_FACE for face in faces)]
    if not left:
        return Seen()
    [again] = model.look([image], margin=_MARGIN, mirrored=True)
    findings = surest_first([_both(each, again.findings) for each in left])
    return Seen(findings, findings[0].nearness)


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
