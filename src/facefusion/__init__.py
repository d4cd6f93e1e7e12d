"""Edits faces in pictures and video, privately, on your own machine.

The names below are the public API. Importing this package is cheap: each name brings its part in on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefusion.core import Engine, build_face, open_preview, process_batch, process_image, process_video
    from facefusion.engine.batch.report import BatchReport
    from facefusion.engine.batch.run import BatchListener
    from facefusion.engine.facefile.file import FaceFile
    from facefusion.engine.preview.preview import Preview
    from facefusion.engine.progress import Progress
    from facefusion.engine.run import Result
    from facefusion.errors import FaceFusionError
    from facefusion.face_analyser import analyse
    from facefusion.faces.types import Face
    from facefusion.media.frame import Frame
    from facefusion.options import Options, set_options

__version__ = "0.1.0"

_HOMES = {
    "BatchListener": "facefusion.engine.batch.run",
    "BatchReport": "facefusion.engine.batch.report",
    "Engine": "facefusion.core",
    "Face": "facefusion.faces.types",
    "FaceFile": "facefusion.engine.facefile.file",
    "FaceFusionError": "facefusion.errors",
    "Frame": "facefusion.media.frame",
    "Options": "facefusion.options",
    "Preview": "facefusion.engine.preview.preview",
    "Progress": "facefusion.engine.progress",
    "Result": "facefusion.engine.run",
    "analyse": "facefusion.face_analyser",
    "build_face": "facefusion.core",
    "open_preview": "facefusion.core",
    "process_batch": "facefusion.core",
    "process_image": "facefusion.core",
    "process_video": "facefusion.core",
    "set_options": "facefusion.options",
}

__all__ = [
    "BatchListener",
    "BatchReport",
    "Engine",
    "Face",
    "FaceFile",
    "FaceFusionError",
    "Frame",
    "Options",
    "Preview",
    "Progress",
    "Result",
    "analyse",
    "build_face",
    "open_preview",
    "process_batch",
    "process_image",
    "process_video",
    "set_options",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
