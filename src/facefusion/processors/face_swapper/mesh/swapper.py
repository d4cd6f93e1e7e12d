"""The mesh swapper: the source's texture on the target's geometry, under the target's light.

Geometry, pose and expression are the target's; texture and features the source's. No weights beyond the bundled mesh.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.mesh import rotation_of
from facefusion.faces.types import Face, Points
from facefusion.options import FaceMaskOptions, FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.expression import smile_of
from facefusion.processors.face_swapper.mesh.eyecolour import EyeColour
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    blur,
    enlarge,
    smoothstep,
    within,
)
from facefusion.processors.face_swapper.mesh.front import FrontFinder, FrontWatch
from facefusion.processors.face_swapper.mesh.glasses.watch import GlassesWatch
from facefusion.processors.face_swapper.mesh.iris import deepened, recolour
from facefusion.processors.face_swapper.mesh.layer import FaceLayer, Sight
from facefusion.processors.face_swapper.mesh.mask import bounds, seen_by_networks
from facefusion.processors.face_swapper.mesh.memory import FaceMemory, Memories
from facefusion.processors.face_swapper.mesh.openings import with_lids_shut
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.rendering import Rendering
from facefusion.processors.face_swapper.mesh.shape import Rotation, level_shape, shape_difference, turned_with
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.processors.face_swapper.mesh.warp import reshaped
from facefusion.state import State

_FADE = 8.0
"""Degrees of turn over which the new face fades out."""
_STILL = 1.5
"""Smoothing of what does not move with the face, in pixels of the grid."""


class MeshSwapper:
    """Puts the source face over target faces, and remembers those that are followed through a video.

    Args:
        source: the source model.
        options: blend ratio, shape, expression and tone.
        masks: what bounds the new face.
        max_yaw: turn in degrees at which the new face has faded out.
        masker: asks the networks that masks want; None where they want none.
        finder: finds what is in front of a face that nobody has seen before; None to do without.
    """

    def __init__(
        self,
        source: SourceModel,
        options: FaceSwapperOptions,
        masks: FaceMaskOptions | None = None,
        *,
        max_yaw: float = 90.0,
        masker: FaceMasker | None = None,
        finder: FrontFinder | None = None,
    ) -> None:
        self._source = source
        self._finder = finder
        self._options = options
        self._masks = masks or FaceMaskOptions()
        self._layer = FaceLayer(source, options, self._masks)
        self._masker = masker
        self._max_yaw = max_yaw
        self._memories = Memories()

    def swap(self, image: npt.NDArray[np.uint8], face: Face) -> None:
        """Replace a face, in place; only pixels inside the mask change.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: the target face; with a `track_id`, what comes in front of it over time stays in front.
        """
        rendering = self.render(image, face)
        if rendering is not None:
            rendering.lay_over(image)

    def render(self, image: npt.NDArray[np.uint8], face: Face) -> Rendering | None:
        """Return the new face of a target face, and where it belongs; None where there is nothing to replace.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the target face; see `swap`.
        """
        region = FaceRegion.of(face.mesh, image.shape[:2])
        if region is None:
            return None
        memory, outline = self._memories.of(face.track_id), region.outline()
        view, rotation = np.ascontiguousarray(region.view(image)), rotation_of(face.mesh)
        # They are looked for before the features move, and stay where they are.
        glasses = _glasses(image, face, region, rotation, memory)
        ahead = _ahead(self._finder, image, face, region, memory)
        recoloured = self._recoloured(view, region, face, memory)
        level = level_shape(face.mesh, rotation)
        base, region, raster = self._reshaped(recoloured, region, outline, face, level, rotation, memory)
        if (shut := with_lids_shut(region.mesh, partial(region.on_grid, base))) is not region.mesh:
            region, raster = replace(region, mesh=shut), None
        seen = seen_by_networks(image, face, region, self._masker)
        new, mask, still = self._render(base, region, raster, face, memory, seen, smile=smile_of(level), ahead=ahead)
        mask, still = mask * (1 - glasses), np.maximum(still, glasses)
        if base is not view:
            base = _kept(view, base, still)
        # A head that turns past the limit must not flip from one face to the other.
        fade = 1 - float(smoothstep(np.float32(abs(face.pose.yaw)), self._max_yaw - _FADE, self._max_yaw))
        return Rendering(region, base, new, mask * outline, self._options.blend_ratio * fade * face.share)

    def state(self) -> State:
        """Return what is remembered of the faces that are followed; see `facefusion.state`."""
        return self._memories.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._memories.restore(state)

    def _recoloured(
        self, view: npt.NDArray[np.uint8], region: FaceRegion, face: Face, memory: FaceMemory | None
    ) -> npt.NDArray[np.uint8]:
        """Return the target with irises of the source's colour."""
        mesh, irises = region.at_full_size(face.mesh), region.circles(face.irises)
        looks = memory is None or memory.eyes.asks()
        own = EyeColour.observe(view, mesh, irises) if looks else None
        known = memory.eyes.settled(own) if memory is not None else own or EyeColour.unknown()
        recoloured = recolour(view, mesh, irises, known, self._source.eyes)
        # What a memory settles on is the mean of eyes that were seen well; it has nothing to say of murky ones.
        return recoloured if memory is not None else deepened(recoloured, mesh, irises, known)

    def _reshaped(  # noqa: PLR0917 - one step, told all that the others found
        self,
        view: npt.NDArray[np.uint8],
        region: FaceRegion,
        outline: Field,
        face: Face,
        level: Points,
        rotation: Rotation,
        memory: FaceMemory | None,
    ) -> tuple[npt.NDArray[np.uint8], FaceRegion, MeshRaster | None]:
        """Return the target with its features where the source has them, the region with its mesh like that, drawn."""
        if not self._options.shape:
            return view, region, None
        wanted = self._difference(level, face, memory) * np.float32(self._options.shape)
        return reshaped(view, region, outline, turned_with(wanted, face.mesh, rotation))

    def _difference(self, level: Points, face: Face, memory: FaceMemory | None) -> Points:
        """Return by how much each vertex of the level face has to move to lie as in the source."""
        if memory is None:
            return shape_difference(self._source.shape, level)
        own = memory.own_shape(level, face.pose)
        if not memory.knows_shape:
            return shape_difference(self._source.shape, own)
        if memory.difference is None:
            memory.difference = shape_difference(self._source.shape, own)
        return memory.difference

    def _render(  # noqa: PLR0917 - one step, told all that the others found
        self,
        view: npt.NDArray[np.uint8],
        region: FaceRegion,
        raster: MeshRaster | None,
        face: Face,
        memory: FaceMemory | None,
        seen: Field | np.float32,
        *,
        smile: float,
        ahead: Field | None,
    ) -> tuple[npt.NDArray[np.uint8], Field, Field]:
        """Return the new face over the whole region, RGB uint8, its mask, and what must not move, float32 0 to 1."""
        surface = Surface.of(region, raster)
        bound = np.minimum(bounds(surface.mesh, region.grid, self._masks), seen)
        laid = self._layer.laid(Sight(region.on_grid(view), region, surface, face, smile, ahead), memory)
        front = blur(laid.front, _STILL)
        share = np.minimum(self._layer.share(laid, surface), bound) * surface.silhouette * (1 - front)
        still = np.asarray(within(np.maximum(front, 1 - bound), 0.0, 1.0), np.float32)
        return *self._layer.drawn(laid, view, region, surface, share), enlarge(still, region.size)


def _kept(view: npt.NDArray[np.uint8], base: npt.NDArray[np.uint8], still: Field) -> npt.NDArray[np.uint8]:
    """Return pixels, RGB uint8, as they were where they must not move; `still` says how far, float32 (H, W), 0 to 1."""
    x, y, width, height = cv2.boundingRect((still > 0).astype(np.uint8))
    if not width:
        return base
    part = np.s_[y : y + height, x : x + width]
    base[part] = cv2.blendLinear(view[part], base[part], still[part], 1 - still[part])
    return base


def _glasses(
    image: npt.NDArray[np.uint8], face: Face, region: FaceRegion, rotation: Rotation, memory: FaceMemory | None
) -> Field | np.float32:
    """Return the share of glasses in each pixel of the region, float32 (H, W), 0 to 1; plain 0 where there are none."""
    watch = GlassesWatch() if memory is None else memory.glasses
    share = watch.share(image, face.mesh, (region.left, region.top), region.size, rotation)
    return np.float32(0) if share is None else share


def _ahead(
    finder: FrontFinder | None,
    image: npt.NDArray[np.uint8],
    face: Face,
    region: FaceRegion,
    memory: FaceMemory | None,
) -> Field | None:
    """Return the share of what is in front of the face on the region's grid, float32 (H, W); None where nothing is."""
    watch = FrontWatch() if memory is None else memory.ahead
    return None if finder is None else watch.share(finder, image, face.mesh, region)
