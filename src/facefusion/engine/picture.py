"""Editing one picture."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

from facefusion.engine.doors.door import Count, Door
from facefusion.engine.glimpses import GlimpseListener, Glimpses
from facefusion.engine.plan import Plan
from facefusion.engine.post.fill import RegionFill
from facefusion.engine.problem import shown_beside
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.work import Edited, Work
from facefusion.errors import CancelledError
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Frame
from facefusion.media.load import load_picture
from facefusion.media.picture import Picture
from facefusion.media.region import Rectangle
from facefusion.processors.base import FaceFrame


def edit_picture(
    plan: Plan,
    work: Work,
    door: Door,
    *,
    progress: ProgressListener | None,
    cancel: threading.Event,
    glimpse: GlimpseListener | None = None,
) -> Edited:
    """Edit a picture, which counts as one frame.

    Raises:
        FaceFusionError: see `facefusion.engine.run.run`.
    """
    start = time.perf_counter()
    with work.clock.measure("decode"):
        door.begin(Fingerprint.of(plan, has_hooks=work.has_hooks, place=door.facts))
        picture = _read(plan)
    fill = RegionFill.of(plan.options.output).fill
    frame = fill(work.prepare(Frame(0, 0, 0, Fraction(1), picture.image)))
    watch = door.watch("target")
    watch.see(frame.image, None)
    faces: tuple[Face, ...] = ()
    if (finding := work.finding) is not None:
        with work.clock.measure("analyse"):
            found = order_faces(finding.analyser.find(frame.image), plan.options.faces.face_selector_order)
            faces = finding.selector.select(frame.image, found)
        overwrite = plan.options.output.overwrite
        with shown_beside(plan.output, frame.image, found, of=plan.target.path, overwrite=overwrite):
            if not faces:
                raise finding.selector.problem(plan.target.path)
        watch.meet(frame.image, faces, None)
        work.notes.tell(*finding.selector.notes(plan.target.path))
    with work.clock.measure("process"):
        [item] = work.edit([FaceFrame(frame, faces)])
        edited, worked_on = item.frame, len(work.edited_faces(item, Fraction(0)))
    work.tell()
    if cancel.is_set():
        raise CancelledError("The job was stopped", "Nothing was written")
    door.watch("output").see(edited.image, None)
    with work.clock.measure("encode"), door.leaving(Count(1, worked_on)) as way:
        quality = plan.options.output.output_image_quality
        finished = _edited(picture, door.labelled(edited, 0))
        work.notes.tell(*way.picture(plan.output, finished, quality=quality, is_labelled=True))
    if glimpse is not None:
        Glimpses(door, work.notes, glimpse, frames=1).offer(edited, 0, 0.0, faces)
    if progress is not None:
        progress(Progress("editing", 1, 1, time.perf_counter() - start))
    return Edited(1, worked_on)


def _edited(picture: Picture, frame: Frame) -> Picture:
    """Return the picture as the frame shows it."""
    is_same_size = frame.image.shape == picture.image.shape
    result = picture.with_image(frame.image) if is_same_size else picture.enlarged(frame.image)
    result = result if frame.opacity is None else result.with_opacity(frame.opacity)
    return result if frame.opaque is None else result.with_opaque(frame.opaque)


def _read(plan: Plan) -> Picture:
    """Read the picture, or the part of it that is wanted."""
    picture = load_picture(plan.target.path, plan.options.limits)
    crop = Rectangle.several(plan.options.input.crop)
    return picture.cropped(crop[0]) if crop else picture
