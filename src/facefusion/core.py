"""The documented call forms, over the engine.

    process_video()                                     # after set_options({...})
    process_video({"source_paths": [...], "target_path": ..., "output_path": ...})
    process_video("input.mp4", "output.mp4", source_paths="face.jpg")
    process_video("input.mp4", "output.mp4", pre_processor=fn)
    open_preview("input.mp4", source_paths="face.jpg").show(120).after
    build_face(["a.jpg", "b.jpg", "clip.mp4"], "anna.face")
    process_batch(["clips", "more/*.mov"], "results", source_paths="face.jpg")
    with Engine() as engine:                            # what one call loads, the next ones use
        engine.process_video("input.mp4", "output.mp4", source_paths="face.jpg")

Frames that hooks see are RGB uint8 (height, width, 3).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from facefusion.engine.batch.names import DEFAULT_NAME
from facefusion.engine.batch.order import BatchOrder
from facefusion.engine.batch.report import BatchReport
from facefusion.engine.batch.run import AtOnce, BatchListener, BatchWork, jobs_at_once
from facefusion.engine.facefile.build import build_face as engine_build_face
from facefusion.engine.facefile.file import FaceFile
from facefusion.engine.notes import NoteListener
from facefusion.engine.preview.preview import Preview
from facefusion.engine.progress import ProgressListener
from facefusion.engine.run import FrameHook, Result, run
from facefusion.engine.warm.parts import WarmParts
from facefusion.options import canonical, current_options, load_options

_OF_A_JOB = ("source_paths", "target_path", "output_path")

Target = Mapping[str, Any] | str | Path | None
Targets = str | Path | Sequence[str | Path | Mapping[str, Any]]


def process_video(
    target: Target = None,
    output: str | Path | None = None,
    *,
    pre_processor: FrameHook | None = None,
    post_processor: FrameHook | None = None,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    engine: Engine | None = None,
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
        engine: keeps what is loaded from call to call; nothing is kept when None.
        options: any further options by name, see `facefusion process --help`. With a hook, and neither source nor
            processors given in the call or by `set_options`, only the hook runs.

    Returns:
        What was done and how long it took.

    Raises:
        InputTypeError: the target is not a video.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    has_hook = pre_processor is not None or post_processor is not None
    return run(
        load_options(_merge(target, output, options, has_hook=has_hook)),
        expected="video",
        progress=progress,
        pre_processor=pre_processor,
        post_processor=post_processor,
        cancel=cancel,
        notify=notify,
        warm=engine.parts if engine else None,
    )


def process_image(
    target: Target = None,
    output: str | Path | None = None,
    *,
    pre_processor: FrameHook | None = None,
    post_processor: FrameHook | None = None,
    notify: NoteListener | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Result:
    """Edit a picture; arguments as for `process_video`.

    Raises:
        InputTypeError: the target is not a picture.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    has_hook = pre_processor is not None or post_processor is not None
    return run(
        load_options(_merge(target, output, options, has_hook=has_hook)),
        expected="picture",
        pre_processor=pre_processor,
        post_processor=post_processor,
        notify=notify,
        warm=engine.parts if engine else None,
    )


def process_batch(
    targets: Targets = (),
    output_dir: str | Path | None = None,
    *,
    table: str | Path | None = None,
    name: str = DEFAULT_NAME,
    recursive: bool = False,
    jobs: AtOnce = "auto",
    skip_existing: bool = False,
    dry_run: bool = False,
    listener: BatchListener | None = None,
    cancel: threading.Event | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> BatchReport:
    """Do many jobs, several at once, in one process that loads everything once; outputs are those of single calls.

    Args:
        targets: files, globs and folders, which all get the same options; or mappings, each of all options of one job.
        output_dir: folder below which outputs go that are given no path; it is made where it is not there.
        table: in place of targets, a CSV file whose columns are options, one job a row.
        name: how outputs are called there, with the fields `{stem}`, `{suffix}`, `{name}`, `{folder}`, `{number}` and
            `{source}`.
        recursive: whether folders within folders are looked into.
        jobs: how many run at once; `auto` goes by cores and memory.
        skip_existing: whether jobs are left out whose output is there already.
        dry_run: only find out whether the jobs can be done.
        listener: hears how it goes on.
        cancel: the batch stops soon after this event is set.
        engine: keeps what is loaded from call to call; it goes at the end when None.
        options: any further options by name, for all jobs that do not say otherwise.

    Returns:
        What became of each job. One that fails never stops the others.

    Raises:
        BatchError: jobs are not understood, or do not go together; nothing was done.
        OptionsError: an option is impossible; nothing was done.
        InputError: the table cannot be read.
    """
    given = [targets] if isinstance(targets, str | Path | Mapping) else list(targets)
    own = tuple(each for each in given if isinstance(each, Mapping))
    order = BatchOrder(
        targets=tuple(each for each in given if not isinstance(each, Mapping)),
        table=None if table is None else Path(table),
        jobs=own,
        output_dir=None if output_dir is None else Path(output_dir),
        name=name,
        recursive=recursive,
    )
    kept = {key: value for key, value in canonical(current_options()).items() if key not in _OF_A_JOB[1:]}
    batch = order.batch(kept | canonical(options), load_options)
    parts = engine.parts if engine else WarmParts()
    at_once = jobs_at_once(jobs, batch.jobs)
    work = BatchWork(parts, at_once, skip_existing=skip_existing, listener=listener, cancel=cancel)
    return work.rehearse(batch.jobs) if dry_run else work.do(batch.jobs)


class Engine:
    """Keeps what jobs load for the jobs that follow: networks, source faces, what was found out about devices.

    Its methods are the functions of the same names, and give the same outputs, to the byte. They may be called from
    several threads at once. Nothing else passes from one job to the next.

        with Engine() as engine:
            for path in clips:
                engine.process_video(path, path.with_stem(f"{path.stem}-swapped"), source_paths="face.jpg")

    Attributes:
        parts: what is kept.
    """

    def __init__(self) -> None:
        self.parts = WarmParts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of everything."""
        self.close()

    def close(self) -> None:
        """Let go of everything; the next job loads it anew."""
        self.parts.clear()

    def process_video(self, target: Target = None, output: str | Path | None = None, **further: Any) -> Result:
        """Edit a video; see `facefusion.process_video`."""
        return process_video(target, output, engine=self, **further)

    def process_image(self, target: Target = None, output: str | Path | None = None, **further: Any) -> Result:
        """Edit a picture; see `facefusion.process_image`."""
        return process_image(target, output, engine=self, **further)

    def process_batch(self, targets: Targets = (), output_dir: str | Path | None = None, **further: Any) -> BatchReport:
        """Do many jobs; see `facefusion.process_batch`."""
        return process_batch(targets, output_dir, engine=self, **further)


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
