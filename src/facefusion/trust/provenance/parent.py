"""The target as the parent of the output, with the manifest it may bear, and without the pictures in there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa

from facefusion.errors import InputError
from facefusion.media.sniff import open_input, sniff
from facefusion.trust.provenance.carriers import can_hold, mime_type
from facefusion.trust.provenance.engine import offline_context


@dataclass(frozen=True, slots=True)
class Parent:
    """What is known of the target.

    Attributes:
        path: the file; None where none is given on.
        form: MIME type.
        redactions: addresses of the thumbnails in its own manifests. They show what the edit was to change, such as the
            face of somebody who was made unrecognisable, and C2PA allows to leave them out by saying so.
    """

    path: Path | None
    form: str
    redactions: tuple[str, ...] = ()


def look_at_parent(path: Path | None) -> Parent:
    """Return what is to be said of a target, whatever it is; one that cannot hold a manifest is named only."""
    if path is None:
        return Parent(None, "application/octet-stream")
    try:
        with open_input(path) as file:
            form = sniff(file, path)
    except InputError:  # a folder of numbered pictures, or a stream
        return Parent(None, "application/octet-stream")
    if not can_hold(form):
        return Parent(None, mime_type(form))
    return Parent(path, mime_type(form), tuple(_thumbnails(path, mime_type(form))))


def _thumbnails(path: Path, form: str) -> Iterator[str]:
    for label, manifest in _manifests(path, form).items():
        for assertion in manifest.get("assertion_store", {}):
            if assertion.startswith("c2pa.thumbnail"):
                yield f"self#jumbf=/c2pa/{label}/c2pa.assertions/{assertion}"


def _manifests(path: Path, form: str) -> dict[str, Any]:
    """Return the manifests that a file bears, with what is in them; none where it has none, or a damaged one."""
    try:
        with (
            path.open("rb") as file,
            offline_context() as context,
            c2pa.Reader(form, file, context=context) as reader,
        ):
            return dict(json.loads(reader.detailed_json())["manifests"])
    except c2pa.C2paError:
        return {}
