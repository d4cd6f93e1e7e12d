"""What models that judge pictures have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from facefusion.trust.content.finding import Finding
from facefusion.trust.content.framing import Picture

DETECTOR_TASK: Final = "content_detector"
CLASSIFIER_TASK: Final = "content_classifier"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model saw in one picture.

    Attributes:
        findings: all that are worth a second look, the surest first.
        nearness: how near the surest score is to its limit, however low: 1 where it reaches it.
    """

    findings: tuple[Finding, ...] = ()
    nearness: float = 0.0


class ContentModel(Protocol):
    """Says of pictures what makes them explicit."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def look(
        self, images: Sequence[Picture], *, margin: float = 0.0, mirrored: bool = False, share: float = 1.0
    ) -> list[Seen]:
        """Return what is seen in each picture.

        Args:
            images: RGB uint8 (H, W, 3) each, of any sizes.
            margin: black around the picture on each side, as a share of its longer side.
            mirrored: whether it is looked at in a mirror; boxes are those of the picture all the same.
            share: of the usual limits, above 0 and at most 1; smaller sees more.

        Raises:
            ModelError: the model cannot be used.
            ProviderError: a device failed that was asked for by name.
        """
        ...
