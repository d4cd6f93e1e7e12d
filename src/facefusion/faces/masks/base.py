"""What the networks behind masks do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from facefusion.faces.crops import Pixels, Share
from facefusion.options.masks import MaskRegion


class Occluder(Protocol):
    """Tells what of a face is not hidden by something in front of it. Task `face_occluder`."""

    def visible(self, crops: Sequence[Pixels]) -> Sequence[Share]:
        """Return how surely each pixel shows the face, 0 to 1, each mask of the size of its crop.

        Args:
            crops: RGB, 0 to 255, square.
        """
        ...


class FaceParser(Protocol):
    """Tells the parts of a face from one another. Task `face_parser`."""

    def regions(self, crops: Sequence[Pixels], wanted: Sequence[MaskRegion]) -> Sequence[Share]:
        """Return where the regions wanted are, 0 to 1, each mask of the size of its crop.

        Args:
            crops: RGB, 0 to 255, square.
            wanted: the regions.
        """
        ...
