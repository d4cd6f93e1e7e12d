"""The masks that the options ask for, intersected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from facefusion.errors import ModelUnknownError
from facefusion.faces.crops import FaceCrop, Pixels, Share
from facefusion.faces.masks.area import area_mask
from facefusion.faces.masks.base import FaceParser, Occluder
from facefusion.faces.masks.box import box_mask
from facefusion.faces.masks.outline import mesh_mask, upright_mask
from facefusion.faces.masks.soften import resized, soft_step
from facefusion.inference.session import SessionFactory
from facefusion.options.masks import MANY, FaceMaskOptions, MaskType

_OCCLUDER, _PARSER = "face_occluder", "face_parser"


@dataclass(frozen=True, slots=True, eq=False)
class FaceMasker:
    """Says which part of edited crops is to be seen: the least of what each kind of mask leaves.

    Attributes:
        options: shapes, areas, regions and the softness of edges.
        kinds: of masks.
        occluders: asked of crops before the edit; what one of them calls hidden is hidden.
        parser: asked of crops after the edit; None where no regions are wanted.
    """

    options: FaceMaskOptions
    kinds: tuple[MaskType, ...]
    occluders: tuple[Occluder, ...] = ()
    parser: FaceParser | None = None

    @classmethod
    def create(
        cls,
        options: FaceMaskOptions,
        sessions: SessionFactory,
        *,
        always: Sequence[MaskType] = (),
        only: Collection[MaskType] | None = None,
    ) -> Self:
        """Make the masker that the options ask for.

        Args:
            options: kinds of masks and how they are made.
            sessions: opens models.
            always: kinds that there are in any case.
            only: kinds of the options that are heeded; all when None.

        Raises:
            ModelError: a model that is needed cannot be used.
        """
        heeded = [kind for kind in options.face_mask_types if only is None or kind in only]
        kinds = tuple(dict.fromkeys([*always, *heeded]))
        names = _occluder_names(options, sessions) if "occlusion" in kinds else []
        return cls(
            options,
            kinds,
            tuple(sessions.load(name, _OCCLUDER) for name in names),
            sessions.load(options.face_parser_model, _PARSER) if "region" in kinds else None,
        )

    def masks(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        """Return the share of each edited crop in the result, float32 (S, S), S the side of the crop before.

        Args:
            crops: before the edit.
            edited: after it, of any size.
        """
        return [
            np.minimum.reduce([np.ones((crop.size, crop.size), np.float32), *masks])
            for crop, *masks in zip(crops, *(self._of_kind(kind, crops, edited) for kind in self.kinds), strict=True)
        ]

    def _of_kind(self, kind: MaskType, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        if kind == "occlusion":
            return self._visible(crops)
        if kind == "region":
            return self._regions(crops, edited)
        return [self._shape(kind, crop) for crop in crops]

    def _shape(self, kind: MaskType, crop: FaceCrop) -> Share:
        options, size = self.options, crop.size
        if kind == "box":
            return box_mask(size, options.face_mask_blur, options.face_mask_padding)
        points = crop.inside(crop.face.mesh)
        if kind == "area":
            return area_mask(points, size, options.face_mask_areas)
        if kind == "ellipse":
            return upright_mask("ellipse", points, (size, size), options.face_mask_blur)
        return mesh_mask(points, size, options.face_mask_blur)

    def _visible(self, crops: Sequence[FaceCrop]) -> list[Share]:
        seen = [occluder.visible([crop.image for crop in crops]) for occluder in self.occluders]
        return [soft_step(np.minimum.reduce(masks)) for masks in zip(*seen, strict=True)]

    def _regions(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        if self.parser is None:
            return [np.ones((crop.size, crop.size), np.float32) for crop in crops]
        found = self.parser.regions(edited, self.options.face_mask_regions)
        return [soft_step(resized(mask, crop.size)) for mask, crop in zip(found, crops, strict=True)]


def _occluder_names(options: FaceMaskOptions, sessions: SessionFactory) -> list[str]:
    if options.face_occluder_model != MANY:
        return [options.face_occluder_model]
    names = [card.name for card in sessions.catalogue.of_task(_OCCLUDER)]
    if not names:
        raise ModelUnknownError("There is no model of task face_occluder", "Add one to the catalogue")
    return names
