"""Operations on faces, which are built once and used by many jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from facefusion.client.call import Ask, content, model, nothing, operation
from facefusion.client.pages import Page
from facefusion.client.values import Face


@operation("POST", "/v1/faces", model(Face))
def build(name: str, uploads: Sequence[str], *, options: Mapping[str, Any] | None = None) -> Ask:
    """Build a face from uploads; it is ready some seconds later.

    Args:
        name: of the face.
        uploads: identifiers of pictures and clips of one person.
        options: how the face is found in them.
    """
    return Ask(json={"name": name, "uploads": list(uploads), "options": dict(options or {})})


@operation("GET", "/v1/faces", model(Page[Face]))
def page(*, limit: int = 50, cursor: str | None = None) -> Ask:
    """Return a page of faces, the newest first.

    Args:
        limit: most of them.
        cursor: of the page before; None for the first.
    """
    return Ask(query={"limit": limit, "cursor": cursor})


@operation("GET", "/v1/faces/{face_id}", model(Face))
def show(face_id: str) -> Ask:
    """Return a face."""
    return Ask({"face_id": face_id})


@operation("GET", "/v1/faces/{face_id}/portrait", content)
def portrait(face_id: str) -> Ask:
    """Return a picture of a face, in PNG."""
    return Ask({"face_id": face_id})


@operation("DELETE", "/v1/faces/{face_id}", nothing)
def remove(face_id: str) -> Ask:
    """Forget a face, with its file."""
    return Ask({"face_id": face_id})
