"""Tone of faces that networks made: given the target's, the source's own, or one between, crop by crop.

A network keeps about as much of the target's tone as it was trained to. Its crop is parted into smooth colour of skin
and the texture on it, as the mesh swapper does; the smooth colour is changed, and the texture laid back on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.crops import FaceCrop, Pixels, Share
from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_swapper.mesh.colour import TextureGain, join_texture, split_texture, to_lab, to_rgb
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, shrink, smoothstep
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, facing, fit_light, texture_gain, vertex_colours
from facefusion.processors.face_swapper.mesh.openings import close_openings
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import edge_weights, foreign_zones
from facefusion.processors.face_swapper.mesh.tone import Tone, ToneMemory, ToneShift, inside_weights, mixed
from facefusion.state import State

_SIDE = 256
"""Largest side, in pixels, of the grid on which smooth colour is worked out."""
_SOFT = 0.006
"""Smoothing of the edges of eyes and mouth, as a share of that side."""
_HAIR = 0.01
"""Smoothing of the edges of hair, likewise."""
_OTHER = (4.0, 24.0)
"""Change of lightness, 0 to 255, from which texture shows otherwise, and from which it does fully."""
_FACES = 64
"""Faces that are remembered at a time, those that were seen last."""


@dataclass(frozen=True, slots=True, eq=False)
class ToneWish:
    """What is wanted for one role.

    Attributes:
        source: the source's own tone.
        match: how far the target's is wanted instead, 0 to 1.
    """

    source: Tone
    match: float


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """A face in a crop.

    Attributes:
        mesh: float32 (468, 3) in pixels of the crop.
        normals: of the mesh, as `fitting.calm` gives them, float32 (468, 3).
        clear: how well each vertex is seen in the crop, 0 to 1, float32 (468,).
    """

    mesh: Points
    normals: Points
    clear: npt.NDArray[np.float32]

    @classmethod
    def of(cls, crop: FaceCrop) -> Self:
        """Find the face of a crop in it."""
        scale = np.float32(np.sqrt(abs(np.linalg.det(crop.affine[:, :2]))))
        mesh = np.column_stack([crop.inside(crop.face.mesh), crop.face.mesh[:, 2] * scale]).astype(np.float32)
        normals = vertex_normals(mesh)
        within = ((mesh[:, :2] >= 0) & (mesh[:, :2] < crop.size)).all(1)
        return cls(mesh, calm(normals), np.asarray(facing(normals) * within, np.float32))

    def light(self, lab: Field) -> LightField:
        """Return the smooth colour of the skin in a picture of the crop's size, Lab, float32 (S, S, 3)."""
        return fit_light(vertex_colours(lab, self.mesh), self.normals, self.clear)


class SkinToner:
    """Gives faces that networks made the tone that is wanted, and remembers whom it follows.

    Args:
        wishes: by the role's number; faces of other roles stay as they are.
    """

    def __init__(self, wishes: Mapping[int, ToneWish]) -> None:
        self._wishes = dict(wishes)
        self._faces: dict[tuple[int, int], tuple[ToneMemory, ToneMemory]] = {}

    @property
    def remembers(self) -> bool:
        """Whether there is anything to do, and so to remember: frames must come in their order."""
        return bool(self._wishes)

    def toned(self, jobs: Sequence[CropJob], edited: Sequence[Pixels]) -> list[Pixels]:
        """Return edited crops, RGB (S, S, 3), 0 to 255, in the tone that is wanted.

        Args:
            jobs: the crops before the edit, in the order of their frames.
            edited: after it, of the same size.
        """
        return [self._toned(job, pixels) for job, pixels in zip(jobs, edited, strict=True)]

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        faces = [[*key, *(memory.state() for memory in pair)] for key, pair in self._faces.items()]
        return {"faces": faces}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._faces = {
            (role, track): (ToneMemory.of_state(target), ToneMemory.of_state(new))
            for role, track, target, new in state["faces"]
        }

    def _toned(self, job: CropJob, pixels: Pixels) -> Pixels:
        wish = self._wishes.get(job.crop.face.role)
        if wish is None:
            return pixels
        skin = Skin.of(job.crop)
        lab = to_lab(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
        made = skin.light(lab)
        target, new = self._settled(job, skin.light(to_lab(job.crop.image)).mean, made.mean)
        shifts = (ToneShift.between(new, target), ToneShift.between(target, mixed(wish.source, target, wish.match)))
        smooth, changed, share = _smooth(skin, lab, made, shifts)
        joined = join_texture(split_texture(lab, smooth), changed, _gain(made, shifts))
        other = to_rgb(joined).astype(np.float32)
        return np.asarray(pixels + share[:, :, None] * (other - pixels), np.float32)

    def _settled(self, job: CropJob, target: Tone, new: Tone) -> tuple[Tone, Tone]:
        """Return the tones of the target and of what the network makes of it, steadied where the face is followed."""
        face = job.crop.face
        if face.track_id is None:
            return target, new
        key = (face.role, face.track_id)
        memories = self._faces.pop(key, None) or (ToneMemory(), ToneMemory())
        self._faces[key] = memories
        if len(self._faces) > _FACES:
            del self._faces[next(iter(self._faces))]
        return memories[0].settled(target), memories[1].settled(new)


def _smooth(
    skin: Skin, lab: Field, made: LightField, shifts: tuple[ToneShift, ToneShift]
) -> tuple[Field, Field, Share]:
    """Return the smooth colour of a crop, the same in the tone that is wanted, and the share of skin, (S, S, …)."""
    size = (lab.shape[0], lab.shape[1])
    grid = (min(size[0], _SIDE), min(size[1], _SIDE))
    mesh = skin.mesh.copy()
    mesh[:, :2] = rescale(mesh[:, :2], size, grid)
    raster = MeshRaster.draw(mesh, vertex_normals(mesh), grid)
    light = made.directional + made.remainder
    shares = {"inside": inside_weights(skin.normals), "edge": edge_weights() * facing(skin.normals)}
    fields = spread(raster, light=light, **shares, **foreign_zones().by_name())
    smooth = fields["light"]
    to_target, to_wanted = shifts
    changed = to_wanted.on(to_target.on(smooth, np.float32(1)), fields["inside"])
    # Eyes and teeth have no tone of skin, nor has hair that hangs into the face.
    share = np.asarray(fields["edge"] * (raster.numbers >= 0), np.float32)
    close_openings(share, mesh)
    texture = split_texture(lab if size == grid else shrink(lab, grid), smooth)
    share *= 1 - foreign_share(texture, made, Zones.among(fields), softness=_HAIR * grid[0])
    share = blur(share, max(_SOFT * grid[0], 0.5))
    return enlarge(smooth, size), enlarge(changed, size), enlarge(share, size)


def _gain(made: LightField, shifts: tuple[ToneShift, ToneShift]) -> TextureGain:
    """Return how texture shows in the tone that is wanted; where that is much the same, as it is."""
    wanted = shifts[1].of_light(shifts[0].of_light(made))
    gain = texture_gain(made, replace(wanted, contrast=made.contrast))
    plain = TextureGain(1.0, 1.0, 1.0, gain.skin)
    return plain.towards(gain, float(smoothstep(np.float32(abs(wanted.mean[0] - made.mean[0])), *_OTHER)))
