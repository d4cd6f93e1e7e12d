"""The layer over a face: what of the source is laid over the target's, as one frame asks for it and those before.

Light, and what is in front of the face, change slowly, and to look at them takes a third of the time: where the flow
explains the skin, frames between two looks take them over from the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face
from facefusion.options import FaceMaskOptions, FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.canonical import canonical_layout, read_zones
from facefusion.processors.face_swapper.mesh.colour import (
    join_texture,
    joined_planes,
    planes_to_rgb,
    sample,
    split_texture,
)
from facefusion.processors.face_swapper.mesh.continuity import Laid
from facefusion.processors.face_swapper.mesh.detail import match_detail
from facefusion.processors.face_swapper.mesh.expression import lines_of_smile, planes_with_lines, smile_of
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    enlarge,
    enlarge_planes,
    lookup,
    planes_of,
    with_fourth,
    within,
    without_fourth,
)
from facefusion.processors.face_swapper.mesh.light import texture_gain
from facefusion.processors.face_swapper.mesh.mask import face_mask
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.motion import Seen
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.regions import edge_weights, near_edge
from facefusion.processors.face_swapper.mesh.shading import own_shading
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.processors.face_swapper.mesh.target import Target
from facefusion.processors.face_swapper.mesh.tone import Tone, ToneShift, mixed, tone_share, without_slits
from facefusion.processors.face_swapper.mesh.turned import cosines, unstretched

_INSIDE = 0.6
"""Share of the new face from which a pixel's sharpness is compared with the target's."""
_INNER_REMAINDER = np.float32(0.55)
"""Share of the target's smooth remainder that the new face takes over away from the outline; there it is all."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A face as one frame shows it, its features where the source has them.

    Attributes:
        grid: the region on its grid, RGB uint8 (H, W, 3).
        region: where the face lies.
        surface: its geometry.
        face: the face, in pixels of the frame.
        smile: how far it smiles, see `expression.smile_of`.
        ahead: the share of what a single look sees in front of it, float32 (H, W); None where nothing is.
    """

    grid: npt.NDArray[np.uint8]
    region: FaceRegion
    surface: Surface
    face: Face
    smile: float
    ahead: Field | None


class FaceLayer:
    """Works out what of the source is laid over a face, and draws it.

    Args:
        source: the source model.
        options: shape, expression and tone.
        masks: what bounds the new face.
    """

    def __init__(self, source: SourceModel, options: FaceSwapperOptions, masks: FaceMaskOptions) -> None:
        self._source = source
        self._options = options
        self._masks = masks
        self._textures = [with_fourth(texture) for texture in source.textures]
        self._facing = cosines(source.mesh)
        self._smile = smile_of(source.shape)
        self._keeps_tone = options.skin_tone_match not in {None, 1.0}

    def laid(self, sight: Sight, memory: FaceMemory | None) -> Laid:
        """Return what is laid over a face, steadied where it is followed.

        Args:
            sight: the face.
            memory: what is remembered of it; None for one that is not followed.
        """
        placed = self._placed(sight)
        if memory is None:
            return self._wanted(sight, placed, None)
        now = Seen.of(sight.grid, sight.region, sight.face.mesh)
        motion = memory.continuity.motion(now)
        if motion is not None:
            explained = memory.continuity.carries(motion, sample(motion.trust, sight.surface.mesh))
            if explained and memory.is_settled and sight.ahead is None:
                return memory.continuity.carried(now, motion, placed["place"] / self._width(sight), placed["share"])
        return memory.continuity.steady(now, self._wanted(sight, placed, memory), motion)

    def share(self, laid: Laid, surface: Surface) -> Field:
        """Return the share of the new face where nothing is in front of it, float32 (H, W), 0 to 1.

        Args:
            laid: what is laid over it.
            surface: its geometry.
        """
        return without_slits(laid.share, surface) if self._keeps_tone else laid.share

    def drawn(
        self, laid: Laid, view: npt.NDArray[np.uint8], region: FaceRegion, surface: Surface, share: Field
    ) -> tuple[npt.NDArray[np.uint8], Field]:
        """Return the new face over the whole region, RGB uint8 (H, W, 3), and its share there, float32 (H, W), 0 to 1.

        Args:
            laid: what is laid over it.
            view: pixels of the region, RGB uint8 (H, W, 3).
            region: where it lies.
            surface: its geometry.
            share: of the new face on the region's grid, float32 (H, W), 0 to 1.
        """
        mask = np.asarray(within(enlarge(share, region.size), 0.0, 1.0), np.float32)
        level = self._source.level_for(region.face_width)
        place = laid.place * self._source.width_at(level)
        texture = lookup(self._textures[level], enlarge_planes(place, region.size))
        smooth = laid.smooth
        if self._keeps_tone:
            # Only here: light that comes into view as a head turns is the target's, and must not be patched with this.
            smooth = self._shift(laid.tone).on(smooth, tone_share(surface, share))
        skin = [enlarge(plane, region.size) for plane in planes_with_lines(smooth, laid.lines)]
        lightness, *chroma = joined_planes(planes_of(texture), skin, laid.gain)
        return planes_to_rgb([match_detail(lightness, view, (mask > _INSIDE).astype(np.uint8)), *chroma]), mask

    def _wanted(self, sight: Sight, placed: Mapping[str, Field], memory: FaceMemory | None) -> Laid:
        """Return what a frame by itself asks to be laid over a face."""
        target = Target.observe(sight.grid, sight.surface, memory, sight.ahead)
        fields = {**placed, **self._dense_fields(target)}
        own = split_texture(target.lab, fields["smooth"])
        foreign = target.in_front(own, fields, sight.face.pose.yaw, memory)
        # What is in front was told apart in the target's own light.
        fields["smooth"][:, :, 0] += fields["shading"]
        gain = texture_gain(self._source.light, target.light)
        texture = self._textures[self._source.level_for(sight.region.face_width)]
        coarse = join_texture(lookup(texture, fields["place"]), fields["smooth"], gain)
        paler = float(target.light.mean[0] - self._source.light.mean[0])
        fields["smooth"] += target.lacking(coarse, foreign, fields, paler)
        lines = self._lines(target, coarse, {**fields, "foreign": foreign}, sight.smile, memory)
        tone = target.light.mean
        if self._keeps_tone:
            tone = tone if memory is None else memory.tone.settled(tone)
            gain = texture_gain(self._source.light, self._shift(tone).of_light(target.light))
        place = fields["place"] / self._width(sight)
        return Laid(place, fields["visible"], fields["smooth"], fields["share"], foreign, lines, gain, tone)

    def _shift(self, tone: Tone) -> ToneShift:
        """Return what gives a face more of the source's own tone; `tone` is the target's."""
        match = self._options.skin_tone_match
        return ToneShift.between(tone, mixed(self._source.light.mean, tone, 1.0 if match is None else match))

    def _width(self, sight: Sight) -> np.float32:
        """Return how wide the source's face is in the texture that suits a face, in pixels."""
        return self._source.width_at(self._source.level_for(sight.region.face_width))

    def _lines(
        self,
        target: Target,
        new: Field,
        fields: Mapping[str, Field],
        smile: float,
        memory: FaceMemory | None,
    ) -> Field:
        """Return what the target's expression adds to the new face's lightness, float32 (H, W), on the grid."""
        wanted = np.float32(self._options.keep_expression)
        if wanted == 0:
            return np.zeros_like(fields["foreign"])
        bare = np.asarray((1 - within(fields["foreign"], 0.0, 1.0)) * (target.surface.raster.numbers >= 0), np.float32)
        # In a video what the target lends is what departs from its rest.
        smiles = (self._smile, smile if memory is None else min(smile, self._smile))
        # A beard hides the folds below it, and its hair is none.
        beard = target.light.beard if smiles[1] > smiles[0] else self._source.light.beard
        bare *= 1 - np.asarray(within(fields["beard"], 0.0, 1.0), np.float32) * np.float32(beard)
        mesh = target.surface.mesh
        eyes = float(np.linalg.norm(mesh[263] - mesh[33]))
        lines = lines_of_smile(target.lab[:, :, 0], new[:, :, 0], fields["smile_zone"] * bare, smiles, eyes)
        if memory is not None:
            lines += lookup(memory.rest.lines, fields["layout"]) * fields["expression_zone"] * bare
        return lines * wanted

    def _placed(self, sight: Sight) -> dict[str, Field]:
        """Return what geometry alone says of every pixel of the grid, by name.

        Its `place` in the source's texture, how `whole` the new face is there, and its `share`, eyes and mouth left
        out.
        """
        surface, level = sight.surface, self._source.level_for(sight.region.face_width)
        shown = self._source.visibility * unstretched(surface.normals, self._facing)
        whole = edge_weights() * surface.visibility * shown
        fields = spread(surface.raster, place=self._source.mesh_at(level), whole=whole)
        # The median levels slivers of triangles.
        fields["place"] = np.asarray(cv2.medianBlur(fields["place"], 3), np.float32)
        share = face_mask(fields["whole"], surface.raster, surface.mesh, surface.silhouette, self._masks)
        return {**fields, "share": share}

    def _dense_fields(self, target: Target) -> dict[str, Field]:
        """Return what else is wanted at every pixel of the grid, by name.

        `smooth` colour of the target, what the source's own `shading` adds to it, how well the target's is `visible`,
        the `directional` part of its light alone, place on the canonical `layout`, what lies `below_eyes`, and the
        zones, those of expression too.
        """
        light, surface = target.light, target.surface
        outer = _INNER_REMAINDER + (1 - _INNER_REMAINDER) * near_edge()
        smooth = light.directional + light.remainder * outer[:, None]
        shading = own_shading(self._source.light, light, outer)
        layout = canonical_layout()[:, :2]
        slow = np.column_stack([smooth, shading, light.directional, surface.visibility, layout, layout])
        lit, directional, places = surface.raster.smoothly(slow.astype(np.float32))
        layout = np.asarray(cv2.merge(planes_of(places)[:2]), np.float32)
        return {
            "smooth": without_fourth(lit),
            "shading": np.ascontiguousarray(lit[:, :, 3]),
            "directional": without_fourth(directional),
            "visible": np.ascontiguousarray(directional[:, :, 3]),
            "layout": layout,
            **read_zones(layout),
        }
