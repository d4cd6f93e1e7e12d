"""Which forms of files hold a manifest, and where it lies for the others."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from facefusion.media import forms
from facefusion.media.forms import Form

_MIME: Final = {
    forms.PNG: "image/png",
    forms.JPEG: "image/jpeg",
    forms.WEBP: "image/webp",
    forms.AVIF: "image/avif",
    forms.TIFF: "image/tiff",
    forms.GIF: "image/gif",
    forms.ANIMATED_GIF: "image/gif",
    forms.ANIMATED_PNG: "image/png",
    forms.ANIMATED_WEBP: "image/webp",
    forms.MP4: "video/mp4",
    forms.MOV: "video/quicktime",
}
"""Forms that C2PA says how to put a manifest into."""
_BESIDE: Final = {forms.MATROSKA: "video/x-matroska", forms.WEBM: "video/webm"}


def can_hold(form: Form) -> bool:
    """Return whether a manifest lies within files of this form; where not, `sign` returns it to be kept beside them."""
    return form in _MIME


def mime_type(form: Form) -> str:
    """Return by which name C2PA knows a form; `application/octet-stream` where it does not."""
    return _MIME.get(form) or _BESIDE.get(form, "application/octet-stream")


def sidecar_path(path: Path) -> Path:
    """Return where the manifest of a file lies that cannot hold one: `clip.mkv.c2pa` beside `clip.mkv`."""
    return path.with_name(f"{path.name}.c2pa")
