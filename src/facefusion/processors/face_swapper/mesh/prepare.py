"""From source faces, or what a face file keeps of them, to the source model."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.faces.quality import merit
from facefusion.processors.base import KeptFace, Source, SourceFace
from facefusion.processors.face_swapper.mesh.saved import restored_model
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.view import View


def source_model(sources: Sequence[Source]) -> SourceModel:
    """Return the model of one person.

    Args:
        sources: pictures of the person, or what one face file keeps.

    Raises:
        StateError: the face file keeps what can be no model.
    """
    for source in sources:
        if isinstance(source, KeptFace):
            return restored_model(source.models["mesh"])
    return SourceModel.gather(views_of([source for source in sources if isinstance(source, SourceFace)]))


def views_of(sources: Sequence[SourceFace]) -> list[View]:
    """Return the views of one person that pictures give.

    Who surely wears glasses in one picture wears them in others, too: there a hint of them is enough, so that no frame
    that was overlooked comes back as a ghost.

    Args:
        sources: pictures of the person.
    """
    views = [_view(source) for source in sources]
    if not any(view.glasses for view in views):
        return views
    return [view if view.glasses else _view(source, glasses=True) for source, view in zip(sources, views, strict=True)]


def _view(source: SourceFace, *, glasses: bool = False) -> View:
    return View.of(source.image, source.face, merit=merit(source.face, source.sharpness), glasses=glasses)
