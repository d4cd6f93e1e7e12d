"""Swapping single pictures with the product's own parts, many with one set of models."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.quality import sharpness
from facefusion.faces.types import Face, Vector
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame, Image
from facefusion.media.picture import read_picture
from facefusion.options import FaceSelectionOptions, LimitOptions, Options
from facefusion.processors.base import FaceFrame, Processor, ProcessorContext, SourceFace
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.processors.registry import resolve_processors


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture and the largest face in it.

    Attributes:
        name: name of the file without suffix.
        image: RGB uint8 (H, W, 3).
        face: the face, with its identity vector.
    """

    name: str
    image: Image
    face: Face

    @property
    def turn(self) -> float:
        """How far the face is turned to either side, in degrees."""
        return abs(self.face.pose.yaw)

    @property
    def embedding(self) -> Vector:
        """Identity vector, float32 (128,)."""
        if self.face.embedding is None:
            raise ValueError(f"{self.name} has no identity vector")
        return self.face.embedding


class Studio:
    """Opens portraits and swaps faces between them, exactly as a job on a picture does."""

    def __init__(self) -> None:
        self._options = Options()
        self._sessions = SessionFactory(("cpu",))
        self._portraits: dict[Path, Portrait | None] = {}
        self._swappers: dict[str, Processor] = {}

    @cached_property
    def analyser(self) -> FaceAnalyser:
        """Finds faces and computes identities."""
        return FaceAnalyser.create(FaceSelectionOptions(), self._sessions)

    def portrait(self, path: Path) -> Portrait | None:
        """Open a picture; None when no face is found in it."""
        if path not in self._portraits:
            image = read_picture(path, LimitOptions()).image
            faces = self.analyser.find(image)
            self._portraits[path] = (
                Portrait(path.stem, image, self.analyser.embed(image, faces[:1])[0]) if faces else None
            )
        return self._portraits[path]

    def swap(self, source: Portrait, target: Portrait) -> Portrait:
        """Put the source's face on the target and find the result's face anew."""
        frame = FaceFrame(Frame(0, 0, 1, Fraction(1), target.image), (target.face,))
        image = self._swapper(source).process([frame])[0].frame.image
        return self._found(f"{source.name} on {target.name}", image, target)

    def swap_model(self, model: SourceModel, target: Portrait) -> Portrait:
        """Put the face of a source model on the target and find the result's face anew."""
        image = target.image.copy()
        MeshSwapper(model, self._options.face_swapper).swap(image, target.face)
        return self._found(f"model on {target.name}", image, target)

    def _found(self, name: str, image: Image, target: Portrait) -> Portrait:
        fits = self.analyser.fit(image, [region_of_mesh(target.face.mesh)], refine=True)
        # Where the new face is not seen as one, it is judged where the old one was.
        face = self.analyser.embed(image, [fits[0] or target.face])[0]
        return Portrait(name, image, face)

    def mask(self, source: Portrait, target: Portrait) -> npt.NDArray[np.float32]:
        """Return the new face's share of each pixel of the target's picture, float32 (H, W), 0 to 1."""
        model = SourceModel.build(source.image, source.face)
        rendering = MeshSwapper(model, self._options.face_swapper).render(target.image, target.face)
        whole = np.zeros(target.image.shape[:2], np.float32)
        if rendering is not None:
            rendering.region.view(whole)[:] = rendering.mask
        return whole

    def processor(self, source: Portrait) -> Processor:
        """Make the face swapper for a source, as it is made for a new job: it remembers nothing."""
        given = SourceFace(source.image, source.face, sharpness(source.image, source.face))
        context = ProcessorContext(self._options, (given,), self._sessions)
        return resolve_processors(("face_swapper",))[0].create(context)

    def _swapper(self, source: Portrait) -> Processor:
        if source.name not in self._swappers:
            self._swappers[source.name] = self.processor(source)
        return self._swappers[source.name]
