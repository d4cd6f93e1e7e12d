"""Sources as swappers with weights take them: pictures of a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from facefusion.faces.mesh import five_landmarks
from facefusion.faces.quality import merit
from facefusion.processors.base import KeptFace, Source, SourceFace
from facefusion.processors.face_swapper.base import Portrait
from facefusion.processors.face_swapper.mesh.portrait import portrait
from facefusion.processors.face_swapper.mesh.saved import restored_model


def portraits(sources: Sequence[Source]) -> list[Portrait]:
    """Return pictures of one person; a face file, which holds none, gives the portrait that can be made of it."""
    return list(_portraits(sources))


def _portraits(sources: Sequence[Source]) -> Iterator[Portrait]:
    for source in sources:
        if isinstance(source, KeptFace):
            model = restored_model(source.models["mesh"])
            yield Portrait(portrait(model), five_landmarks(model.mesh), 1.0)
        elif isinstance(source, SourceFace):
            yield Portrait(source.image, source.face.landmarks5, merit(source.face, source.sharpness))
