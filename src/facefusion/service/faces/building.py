"""Building a kept face beside requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from facefusion.engine.facefile.build import build_face
from facefusion.engine.facefile.file import SUFFIX, FaceFile
from facefusion.engine.facefile.sheet import view_shares
from facefusion.errors import CancelledError, OptionsError, ResourceUnknownError
from facefusion.jobs.database import writing
from facefusion.options import Options
from facefusion.service.faces.store import KeptFace, note_built
from facefusion.service.parts import ServiceParts
from facefusion.service.staging import stage
from facefusion.service.uploads.values import Upload

OPTIONS: Final = frozenset(
    {
        "source_face_position",
        "source_face_min_size",
        "source_face_max_yaw",
        "source_face_min_sharpness",
        "source_face_max_distance",
        "face_detector_score",
        "face_selector_order",
        "project",
        "territory",
    }
)
"""What a request may say of how a face is found."""


def checked(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return options that a request may set.

    Raises:
        OptionsError: one is unknown, may not be set, or is impossible.
    """
    for name in values:
        if name not in OPTIONS:
            raise OptionsError(f"A request cannot set the option {name[:80]!r}", f"It can set {', '.join(OPTIONS)}")
    Options.parse(values)
    return values


def build(
    parts: ServiceParts, face: KeptFace, uploads: Sequence[Upload], options: Options
) -> Callable[[Callable[[str], None], threading.Event], Mapping[str, Any]]:
    """Return what builds a face from uploads, puts it into storage and notes it.

    Args:
        parts: of the service.
        face: that is to be built.
        uploads: pictures and clips of one person.
        options: as they hold for the caller.
    """

    def work(notify: Callable[[str], None], stop: threading.Event) -> Mapping[str, Any]:
        if stop.is_set():
            raise CancelledError("The service was stopped before it did this", "Ask for it again")
        with stage(parts.storage, parts.scratch) as place:
            output = place.folder / f"face{SUFFIX}"
            sources = place.bring(uploads)
            job = options.changed({"source_paths": sources, "output_path": output})
            found = build_face(job, name=face.name, notify=notify)
            if stop.is_set():
                raise CancelledError("It was stopped before it was kept", "Ask for it again")
            parts.quotas.keep(face.tenant, f"faces/{face.id}", output.stat().st_size)
            stored = parts.storage.put(output, face.key)
        with writing(parts.engine) as connection:
            is_wanted = note_built(connection, face, size=stored.size, sha256=stored.sha256, facts=face_facts(found))
        if not is_wanted:
            parts.storage.delete(face.key)
            parts.quotas.free(face.tenant, f"faces/{face.id}")
            raise ResourceUnknownError(f"The face {face.id} was removed while it was built")
        return {"face": face.id}

    return work


def face_facts(face: FaceFile) -> dict[str, Any]:
    """Return what is known of a face, without its texture and identity, as JSON values."""
    shares = view_shares(face)
    views = [view.model_dump() | {"share": round(share, 4)} for view, share in zip(face.views, shares, strict=False)]
    return {
        "built": face.built,
        "software": face.software,
        "sources": [source.model_dump() for source in face.sources],
        "views": views,
        "mirrored_share": round(shares[-1], 4),
        "texture": list(face.texture_size),
    }
