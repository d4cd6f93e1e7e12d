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
    """Return pictures of one person.

    A face file holds none; it gives the portrait that can be made of it, without eyes and hair. A recogniser still
    knows the person, though less surely than in a picture.
    """
    return list(_portraits(sources))


def _portraits(sources: Sequence[Source]) -> Iterator[Portrait]:
    for source in sources:
        if isinstance(source, KeptFace):
            model = restored_model(source.models["mesh"])
            yield Portrait(portrait(model), five_landmarks(model.mesh), 1.0)
        elif isinstance(source, SourceFace):
            yield Portrait(source.image, source.face.landmarks5, merit(source.face, source.sharpness))
