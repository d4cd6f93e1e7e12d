"""Detectors of exposed parts of the body: YOLO with the head of version 8, a score for each label.

Source: Praneeth, NudeNet, https://github.com/notAI-tech/NudeNet; Jocher et al., Ultralytics YOLOv8, 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from facefusion.errors import ModelUnfitError
from facefusion.faces.tensors import Channels, PixelSettings
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model
from facefusion.trust.content.base import DETECTOR_TASK, Seen
from facefusion.trust.content.finding import Finding, surest_first
from facefusion.trust.content.framing import Framed, Picture

_CORNERS: Final = 4
_FULL: Final[Channels] = (255.0, 255.0, 255.0)
_SOME: Final = "class {}"
Values = npt.NDArray[np.float32]


class ContentDetectorSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        size: side in pixels at which pictures are looked at.
        centred: whether the picture is in the middle of its square; else at the top left.
        labels: what the network's classes are, in its order; numbers where none are given.
        limits: score from which a label counts, 0 to 1; labels that are not here never do.
        limit: the same for all classes where there are no labels.
        suspicion: score from which a second look is worth while, 0 to 1.
        overlap: share of overlap from which two boxes are one thing, 0 to 1.
    """

    size: int = Field(default=320, ge=32, multiple_of=32)
    std: Channels = _FULL
    centred: bool = False
    labels: tuple[str, ...] = ()
    limits: dict[str, float] = Field(default_factory=dict)
    limit: float = Field(default=0.5, gt=0, le=1)
    suspicion: float = Field(default=0.25, gt=0, le=1)
    overlap: float = Field(default=0.45, gt=0, lt=1)

    @model_validator(mode="after")
    def _of_its_labels(self) -> ContentDetectorSettings:
        """Refuse limits of labels that there are not, and labels of which none counts."""
        unknown = [name for name in self.limits if name not in self.labels]
        if unknown or bool(self.labels) != bool(self.limits):
            raise ValueError(f"limits and labels do not go together{': ' if unknown else ''}{', '.join(unknown)}")
        if any(not 0 < limit <= 1 for limit in self.limits.values()):
            raise ValueError("a limit is above 0 and at most 1")
        return self


class ContentDetector:
    """Finds what makes pictures explicit; see `ContentModel`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[ContentDetectorSettings]) -> None:
        self._session = model.session
        self._settings = model.settings
        self.name = model.card.name

    def look(
        self, images: Sequence[Picture], *, margin: float = 0.0, mirrored: bool = False, share: float = 1.0
    ) -> list[Seen]:
        """Return what is seen in each picture; see `ContentModel`."""
        if not images:
            return []
        settings = self._settings
        framed = [
            Framed.of(image, settings.size, margin=margin, centred=settings.centred, mirrored=mirrored)
            for image in images
        ]
        rows = self._session.run(settings.tensor([each.canvas for each in framed]))["output"]
        columns, limits = self._limits(rows.shape[1] - _CORNERS)
        return [self._seen(each, row, columns, limits * share, share) for each, row in zip(framed, rows, strict=True)]

    def _limits(self, classes: int) -> tuple[list[int], npt.NDArray[np.float64]]:
        """Return the classes that count, by their numbers, and the limit of each, float64 (C,)."""
        settings = self._settings
        if classes < 1 or (settings.labels and len(settings.labels) != classes):
            raise ModelUnfitError(
                f"Model {self.name} tells {classes} classes apart, and its entry names {len(settings.labels)}",
                "It is another model, or its entry is wrong",
            )
        if not settings.labels:
            return list(range(classes)), np.full(classes, settings.limit)
        columns = [place for place, label in enumerate(settings.labels) if label in settings.limits]
        return columns, np.array([settings.limits[settings.labels[place]] for place in columns])

    def _seen(
        self, framed: Framed, rows: Values, columns: list[int], limits: npt.NDArray[np.float64], share: float
    ) -> Seen:
        """Return what is seen in one picture, from rows of box and scores, float32 (4 + classes, A)."""
        scores = rows[[_CORNERS + place for place in columns]]
        nearness = scores / limits[:, None]
        if not nearness.size:
            return Seen()
        found = []
        for place, row, limit in zip(columns, scores, limits.tolist(), strict=True):
            for anchor in self._chosen(rows, row, min(self._settings.suspicion * share, limit)):
                box = framed.back(_corners(rows[:_CORNERS, anchor]))
                found.append(Finding(self.name, self._label(place), float(row[anchor]), limit, box))
        return Seen(surest_first(found), float(nearness.max()))

    def _chosen(self, rows: Values, scores: Values, least: float) -> list[int]:
        """Return the best anchor of each thing of one class."""
        kept = np.flatnonzero(scores >= least)
        if not kept.size:
            return []
        sides = rows[2:_CORNERS, kept]
        flat = np.concatenate([rows[:2, kept] - sides / 2, sides]).T
        chosen = cv2.dnn.NMSBoxes(flat.tolist(), scores[kept].tolist(), 0.0, self._settings.overlap)
        return [int(kept[one]) for one in np.asarray(chosen, int).reshape(-1)]

    def _label(self, place: int) -> str:
        return self._settings.labels[place] if self._settings.labels else _SOME.format(place)


def _corners(box: Values) -> Values:
    """Return left, top, right and bottom of a box that is given by its centre and its sides."""
    return np.concatenate([box[:2] - box[2:] / 2, box[:2] + box[2:] / 2])


def _contract(settings: ContentDetectorSettings) -> Contract:
    picture = TensorSpec("input", ("batch", 3, "height", "width"), aliases=("images",))
    return Contract((picture,), (TensorSpec("output", ("batch", "rows", "anchors"), aliases=("output0",)),))


FAMILY = Family("content_detector", DETECTOR_TASK, ContentDetectorSettings, _contract, ContentDetector)
"""Detectors of exposed parts of the body."""
