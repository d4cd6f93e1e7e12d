"""The fingerprint of a job: everything that decides its frames and how they are encoded."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from facefusion.engine.plan import Plan
from facefusion.media.sequence import find_sequence, is_sequence
from facefusion.options import Options

_LIBRARIES = ("facefusion", "av", "numpy", "onnxruntime", "opencv-python-headless", "pillow")
_PATHS = ("source_paths", "target_path", "output_path")
# What changes only how the work is done, or what is done when the segments are joined.
_WITHOUT_EFFECT = {
    "faces": ("reference_face_path",),
    "output": (
        *("overwrite", "resume", "keep_audio", "keep_subtitles", "keep_metadata"),
        *("thumbnail", "contact_sheet", "sequence_start"),
    ),
    "runtime": ("max_memory",),
}


def fingerprint(plan: Plan, *, has_hooks: bool) -> str:
    """Return a digest that is the same for two jobs only if the segments of one serve the other.

    Inputs count by their bytes, not by name or date; options by their values; the software by the versions of
    whatever touches pixels. The target is read once for it, which takes about a second for each gigabyte. Of a user's
    own step nothing is known: the fingerprint of such a job is like no other.

    Args:
        plan: the job.
        has_hooks: whether there are such steps.

    Raises:
        OSError: an input cannot be read.
    """
    if has_hooks:
        return secrets.token_hex(32)
    facts = {
        "libraries": {name: version(name) for name in _LIBRARIES},
        "options": _options(plan.options),
        "extras": [plan.options.output.thumbnail is not None, plan.options.output.contact_sheet is not None],
        "inputs": [_content(path) for path in _inputs(plan)],
        "encodings": [rendition.encoding.key() for rendition in plan.renditions],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _options(options: Options) -> dict[str, Any]:
    """Return the values that have an effect, as JSON."""
    values = options.model_dump(mode="json", exclude={*_PATHS, "limits"})
    for group, names in _WITHOUT_EFFECT.items():
        for name in names:
            del values[group][name]
    return values


def _inputs(plan: Plan) -> Iterator[Path]:
    yield plan.target.path
    yield from plan.options.source_paths
    if plan.options.faces.reference_face_path is not None:
        yield plan.options.faces.reference_face_path


def _content(path: Path) -> Any:
    """Return the digest of a file, or those of the files that a folder or a pattern of pictures stands for."""
    if is_sequence(path):
        pattern, numbers = find_sequence(path)
        return [(number, _content(pattern.path(number))) for number in numbers]
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
