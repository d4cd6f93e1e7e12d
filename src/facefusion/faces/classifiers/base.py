"""What a classifier is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Attributes


class Classifier(Protocol):
    """Says what somebody is taken for by looks."""

    def classify(self, views: Sequence[FaceView]) -> list[Attributes]:
        """Return the attributes of each face, which may be of several pictures."""
        ...
