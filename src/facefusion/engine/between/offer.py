"""Whether frames may get their edit from those before and after them, in a job."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.faces.pace import Every
from facefusion.options import Options
from facefusion.processors.base import spec_delay
from facefusion.processors.chained.links import ChainLink


def frame_sampling(options: Options, links: Sequence[ChainLink], *, has_hooks: bool) -> tuple[Every, list[str]]:
    """Return in which frames of a video work is done in full, and what the user should know of it.

    Args:
        options: all options.
        links: the job's processors.
        has_hooks: whether there are steps of the user.
    """
    every = options.faces.frame_sampling
    if every == 1:
        return 1, []
    reason = _unsuited(links, has_hooks=has_hooks)
    if reason is None:
        return every, []
    return 1, [f"Every frame is worked on in full, whatever frame-sampling says: {reason}"]


def _unsuited(links: Sequence[ChainLink], *, has_hooks: bool) -> str | None:
    """Return why the pictures alone do not tell what an edit between two frames would be; None where they do."""
    if has_hooks:
        return "there is a step of your own"
    return next((reason for link in links if (reason := _reason(link))), None)


def _reason(link: ChainLink) -> str | None:
    """Return the same of one processor."""
    name, spec = link.spec.name, link.spec
    if link.is_limited:
        return f"{name} works in a part of the {'time' if link.stretches else 'picture'} alone"
    if spec.needs_speech:
        return f"{name} goes by the sound"
    if not spec.needs_faces or spec.format is not None:
        return f"{name} changes whole frames"
    if spec_delay(spec, link.options):
        return f"{name} goes by the frames around each"
    if name == "expression_restorer" and link.options.expression_restorer.expression_restorer_driving:
        return f"{name} goes by a driving clip"
    return None
