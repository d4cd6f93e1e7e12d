"""Wearing: what a reference lends, laid on the faces of a target under the light that is there."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.mesh import rotation_of
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import FaceMaskOptions, MakeupOptions
from facefusion.processors.face_swapper.mesh.canonical import canonical_layout, read_zones
from facefusion.processors.face_swapper.mesh.colour import split_texture, to_lab
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    blur,
    enlarge,
    enlarge_planes,
    lookup,
    planes_of,
    smoothstep,
    within,
    without_fourth,
)
from facefusion.processors.face_swapper.mesh.front import FrontFinder, FrontWatch
from facefusion.processors.face_swapper.mesh.glasses.watch import GlassesWatch
from facefusion.processors.face_swapper.mesh.mask import bounds, face_mask, seen_by_networks
from facefusion.processors.face_swapper.mesh.memory import FaceMemory, Memories
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.regions import edge_weights
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.processors.face_swapper.mesh.target import Target
from facefusion.processors.makeup.layers import Reference, difference, enlarged
from facefusion.processors.makeup.own import OwnFace
from facefusion.processors.makeup.zones import FINER, sheet_layout
from facefusion.state import State

_FADE = 8.0
"""Degrees of turn over which it fades out."""
_SPOT = np.float32(41)
"""Lightness, 0 to 255, of black in the cube root of light: L + 16 of 100 goes with it."""
_LEAST_SKIN = np.float32(8)
_SOFT = 1.5
"""Smoothing of what is in front of the face, in pixels of the grid."""
_BLUR = 0.45
"""Smoothing of a sheet for each of its pixels that a pixel of the frame covers."""
_MOST = 24
"""Faces that are remembered at a time."""


class _Seen(NamedTuple):
    """A face on the grid of its region.

    Attributes:
        region: where it lies.
        target: its light and its geometry.
        layout: where pixels lie on the canonical layout, float32 (H, W, 2).
        texture: the face without its light, float32 (H, W, 3).
        foreign: how surely pixels are something else, float32 (H, W).
    """

    region: FaceRegion
    target: Target
    layout: Field
    texture: Field
    foreign: Field


class Wearer:
    """Makes faces up, and remembers those that are followed through a video.

    Args:
        reference: whose layers are worn.
        options: how far each goes.
        masks: what bounds them.
        finder: finds what is in front of a face that nobody has seen before.
        max_yaw: turn in degrees at which nothing is worn any more.
        masker: asks the networks that masks want; None where they want none.
    """

    def __init__(
        self,
        reference: Reference,
        options: MakeupOptions,
        masks: FaceMaskOptions,
        *,
        finder: FrontFinder,
        max_yaw: float = 90.0,
        masker: FaceMasker | None = None,
    ) -> None:
        self._reference, self._options, self._masks = reference, options, masks
        self._finder, self._masker, self._max_yaw = finder, masker, max_yaw
        self._memories = Memories()
        self._own: dict[int, OwnFace] = {}

    def wear(self, image: Image, face: Face) -> None:
        """Make a face up, in place; only pixels within the face change.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: the face; with a `track_id`, it is remembered.
        """
        region = FaceRegion.of(face.mesh, (image.shape[0], image.shape[1]))
        if region is None:
            return
        memory = self._memories.of(face.track_id)
        view = np.ascontiguousarray(region.view(image))
        seen = self._seen(image, view, region, face, memory)
        own = self._owned(face.track_id)
        own.look(seen.texture, seen.target, seen.foreign)
        change = difference(self._reference, enlarged(own.sheet), enlarged(own.colours), own.skin, self._options)
        share = self._share(image, face, seen, memory)
        region.view(image)[:] = _worn(view, change, seen, share, own.skin)

    def state(self) -> State:
        """Return what is remembered of the faces that are followed; see `facefusion.state`."""
        own = [[track, face.state()] for track, face in self._own.items()]
        return {"memories": self._memories.state(), "own": own}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._memories.restore(state["memories"])
        self._own = {track: OwnFace.of_state(saved) for track, saved in state["own"]}

    def _owned(self, track: int | None) -> OwnFace:
        """Return what is remembered of a face; of more than there is room for, who was seen last stays."""
        if track is None:
            return OwnFace()
        own = self._own.pop(track, None) or OwnFace()
        if len(self._own) >= _MOST:
            del self._own[next(iter(self._own))]
        self._own[track] = own
        return own

    def _seen(
        self, image: Image, view: npt.NDArray[np.uint8], region: FaceRegion, face: Face, memory: FaceMemory | None
    ) -> _Seen:
        """Look at a face."""
        surface, grid = Surface.of(region, None), region.on_grid(view)
        watch = None if memory is None else memory.ahead
        ahead = _ahead(self._finder, watch, image, face, region)
        target = Target.observe(grid, surface, memory, ahead)
        light, layout = target.light, canonical_layout()[:, :2]
        smooth = light.directional + light.remainder
        slow = np.column_stack([smooth, surface.visibility, light.directional, surface.visibility, layout, layout])
        lit, directional, places = surface.raster.smoothly(slow.astype(np.float32))
        place = np.asarray(cv2.merge(planes_of(places)[:2]), np.float32)
        texture = split_texture(target.lab, without_fourth(lit))
        fields = {"directional": without_fourth(directional), "layout": place, **read_zones(place)}
        foreign = target.in_front(texture, fields, face.pose.yaw, memory)
        return _Seen(region, target, place, texture, np.asarray(within(foreign, 0.0, 1.0), np.float32))

    def _share(self, image: Image, face: Face, seen: _Seen, memory: FaceMemory | None) -> Field:
        """Return how far each pixel of the grid shows what is worn, float32 (H, W), 0 to 1."""
        surface, region = seen.target.surface, seen.region
        whole = spread(surface.raster, whole=edge_weights() * surface.visibility)["whole"]
        share = face_mask(whole, surface.raster, surface.mesh, surface.silhouette, self._masks)
        share = np.minimum(share, bounds(surface.mesh, region.grid, self._masks))
        share = np.minimum(share, seen_by_networks(image, face, region, self._masker))
        share = share * (1 - np.clip(blur(seen.foreign, _SOFT), 0, 1))
        watch = GlassesWatch() if memory is None else memory.glasses
        glasses = watch.share(image, face.mesh, (region.left, region.top), region.size, rotation_of(face.mesh))
        if glasses is not None:
            share = share * (1 - enlarge(glasses, region.grid))
        fade = 1 - float(smoothstep(np.float32(abs(face.pose.yaw)), self._max_yaw - _FADE, self._max_yaw))
        return np.asarray(np.clip(share, 0, 1) * np.float32(fade * face.share), np.float32)


def _ahead(finder: FrontFinder, watch: FrontWatch | None, image: Image, face: Face, region: FaceRegion) -> Field | None:
    """Return the share of what is in front of the face on the region's grid, float32 (H, W); None where nothing is."""
    return (watch or FrontWatch()).share(finder, image, face.mesh, region)


def _worn(view: npt.NDArray[np.uint8], change: Field, seen: _Seen, share: Field, skin: float) -> npt.NDArray[np.uint8]:
    """Return the pixels of a region with what is worn, RGB uint8 (H, W, 3).

    What is worn changes what the skin gives back of the light, so it is the weaker the darker a pixel is lit. Only the
    difference that it makes is added to the pixels, whose grain stays.

    Args:
        view: pixels of the region, RGB uint8 (H, W, 3).
        change: on the sheet, Lab differences at the lightness of the skin; see `difference`.
        seen: the face.
        share: how far pixels of the grid show it, float32 (H, W), 0 to 1.
        skin: mean lightness of the face's skin.
    """
    size = seen.region.size
    places = enlarge_planes(seen.layout, size) * np.float32(FINER) + np.float32((FINER - 1) / 2)
    covered = float(np.ptp(sheet_layout()[:, 0])) / max(seen.region.face_width, 1.0)
    change = blur(change, _BLUR * covered) if covered > 1 else change
    wanted = lookup(change, places) * enlarge(share, size)[:, :, None]
    lab = to_lab(view)
    light = (lab[:, :, :1] + _SPOT) / (max(np.float32(skin), _LEAST_SKIN) + _SPOT)
    made = np.clip(np.rint(lab + wanted * light), 0, 255).astype(np.uint8)
    before, after = (cv2.cvtColor(each, cv2.COLOR_Lab2RGB).astype(np.int16) for each in (lab.astype(np.uint8), made))
    return np.asarray(np.clip(view + (after - before), 0, 255), np.uint8)
