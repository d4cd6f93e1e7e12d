"""Whether frames may get their edit from those before and after them, in a job."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.faces.pace import Every
from facefusion.options import Options
from facefusion.processors.base import ProcessorSpec, spec_delay


def frame_sampling(options: Options, specs: Sequence[ProcessorSpec], *, has_hooks: bool) -> tuple[Every, list[str]]:
    """Return in which frames of a video work is done in full, and what the user should know of it.

    Args:
        options: all options.
        specs: the job's processors.
        has_hooks: whether there are steps of the user.
    """
    every = options.faces.frame_sampling
    if every == 1:
        return 1, []
    reason = _unsuited(options, specs, has_hooks=has_hooks)
    if reason is None:
        return every, []
    return 1, [f"Every frame is worked on in full, whatever frame-sampling says: {reason}"]


def _unsuited(options: Options, specs: Sequence[ProcessorSpec], *, has_hooks: bool) -> str | None:
    """Return why the pictures alone do not tell what an edit between two frames would be; None where they do."""
    if has_hooks:
        return "there is a step of your own"
    for spec in specs:
        if spec.needs_speech:
            return f"{spec.name} goes by the sound"
        if not spec.needs_faces or spec.format is not None:
            return f"{spec.name} changes whole frames"
        if spec_delay(spec, options):
            return f"{spec.name} goes by the frames around each"
    if options.expression_restorer.expression_restorer_driving and any(
        spec.name == "expression_restorer" for spec in specs
    ):
        return "expression_restorer goes by a driving clip"
    return None
