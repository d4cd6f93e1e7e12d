"""The documented call forms, over the engine.

    process_video()                                     # after set_options({...})
    process_video({"source_paths": [...], "target_path": ..., "output_path": ...})
    process_video("input.mp4", "output.mp4", source_paths="face.jpg")
    process_video("input.mp4", "output.mp4", pre_processor=fn)
    open_preview("input.mp4", source_paths="face.jpg").show(120).after
    build_face(["a.jpg", "b.jpg", "clip.mp4"], "anna.face")

Frames that hooks see are RGB uint8 (height, width, 3).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facefusion.engine.facefile.build import build_face as engine_build_face
from facefusion.engine.facefile.file import FaceFile
from facefusion.engine.notes import NoteListener
from facefusion.engine.preview.preview import Preview
from facefusion.engine.progress import ProgressListener
from facefusion.engine.run import FrameHook, Result, run
from facefusion.options import canonical, current_options, load_options

_OF_A_JOB = ("source_paths", "target_path", "output_path")

Target = Mapping[str, Any] | str | Path | None


def process_video(
    target: Target = None,
    output: str | Path | None = None,
    *,
    pre_processor: FrameHook | None = None,
    post_processor: FrameHook | None = None,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    **options: Any,
) -> Result:
    """Edit a video.

    Args:
        target: path of the video; or a mapping of all options; or None when `set_options` gave them.
        output: path to write.
        pre_processor: called with each frame before faces are looked for; returns the frame to go on with.
        post_processor: called with each frame after the processors; returns the frame to write.
        progress: called now and then with how far the job is.
        cancel: the job stops soon after this event is set.
        notify: called with each note of the result as soon as it is known, with most before any work.
        options: any further options by name, see `facefusion process --help`. With a hook, and neither source nor
            processors given in the call or by `set_options`, only the hook runs.

    Returns:
        What was done and how long it took.

    Raises:
        InputTypeError: the target is not a video.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    values = _merge(target, output, options, has_hook=pre_processor is not None or post_processor is not None)
    merged = load_options(values)
    return run(
        merged,
        expected="video",
        progress=progress,
        pre_processor=pre_processor,
        post_processor=post_processor,
        cancel=cancel,
        notify=notify,
    )


def process_image(
    target: Target = None,
    output: str | Path | None = None,
    *,
    pre_processor: FrameHook | None = None,
    post_processor: FrameHook | None = None,
    notify: NoteListener | None = None,
    **options: Any,
) -> Result:
    """Edit a picture; arguments as for `process_video`.

    Raises:
        InputTypeError: the target is not a picture.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    values = _merge(target, output, options, has_hook=pre_processor is not None or post_processor is not None)
    merged = load_options(values)
    return run(merged, expected="picture", pre_processor=pre_processor, post_processor=post_processor, notify=notify)


def open_preview(target: Target = None, *, notify: NoteListener | None = None, **options: Any) -> Preview:
    """Open a preview, which shows any frame of a video, or a picture, as a job would give it.

    Args:
        target: path of the target; or a mapping of all options; or None when `set_options` gave them.
        notify: called with what the user should know, one sentence each.
        options: any further options by name, see `facefusion process --help`; an output is not needed.

    Returns:
        The preview, to be closed after use, or used in a `with` block.

    Raises:
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    return Preview(load_options(_merge(target, None, options, has_hook=False)), notify=notify)


def build_face(
    sources: str | Path | Sequence[str | Path], output: str | Path, *, name: str | None = None, **options: Any
) -> FaceFile:
    """Build a face file from pictures and clips of one person, to be given as a source later.

    Args:
        sources: the files, or one.
        output: path to write, ending in `.face`.
        name: the face's name; that of the file when None.
        options: any further options by name, see `facefusion face build --help`.

    Returns:
        What was written.

    Raises:
        DifferentPeopleError: the files show different people.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    kept = {key: value for key, value in canonical(current_options()).items() if key not in _OF_A_JOB}
    values = kept | canonical({"source_paths": given, "output_path": output, **options})
    return engine_build_face(load_options(values), name=name)


def _merge(target: Target, output: str | Path | None, options: Mapping[str, Any], *, has_hook: bool) -> dict[str, Any]:
    """Join what `set_options` keeps with what the call gives; the call wins."""
    given: dict[str, Any] = dict(target) if isinstance(target, Mapping) else {}
    if target is not None and not isinstance(target, Mapping):
        given["target_path"] = target
    if output is not None:
        given["output_path"] = output
    values = canonical(current_options()) | canonical([*given.items(), *options.items()])
    if has_hook and not {"source_paths", "processors"} & values.keys():
        values["processors"] = ()
    return values
