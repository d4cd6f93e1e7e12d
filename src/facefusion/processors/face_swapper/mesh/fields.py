"""Dense fields by name: values at the vertices, spread over the pixels in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, planes_of
from facefusion.processors.face_swapper.mesh.raster import MeshRaster


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """What is to be expected where, each 0 to 1, float32 (468,) at the vertices or (H, W) over pixels.

    Attributes:
        protected: eyes and lips, which may look like anything and still are the face.
        beard: where a beard grows if there is one.
        brows: the brows.
        rim: nearness of the outline, where foreign pixels reach in.
    """

    protected: Field
    beard: Field
    brows: Field
    rim: Field

    def by_name(self) -> dict[str, Field]:
        """Return the zones as `spread` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def among(cls, spread_fields: Mapping[str, Field]) -> Self:
        """Pick the zones out of what `spread` returned."""
        return cls(**{field.name: spread_fields[field.name] for field in fields(cls)})


def spread(raster: MeshRaster, **values: npt.NDArray[np.floating]) -> dict[str, Field]:
    """Spread values at the vertices over the pixels, all of them at once.

    Args:
        raster: the drawn mesh.
        values: by name, each (468,) or (468, K).

    Returns:
        By the same names, each float32 (H, W) or (H, W, K), contiguous; 0 where there is no triangle near.
    """
    fours = raster.fours(np.column_stack(list(values.values())).astype(np.float32))
    planes = [plane for four in fours for plane in planes_of(four)]
    widths = [1 if value.ndim == 1 else value.shape[1] for value in values.values()]
    ends = accumulate(widths)
    parts = (planes[end - width : end] for end, width in zip(ends, widths, strict=True))
    return {
        name: part[0] if value.ndim == 1 else _laid(part)
        for (name, value), part in zip(values.items(), parts, strict=True)
    }


def _laid(planes: Sequence[Field]) -> Field:
    """Return planes (K, H, W) as one field (H, W, K), contiguous; much faster than NumPy's copy."""
    laid = np.asarray(cv2.merge(planes), np.float32)
    return laid if laid.ndim == 3 else laid[:, :, None]
