"""The links of a job's chain: checked before any work, and made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facefusion.engine.casting import options_of_roles
from facefusion.errors import OptionsError
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.options.moments import Stretch
from facefusion.processors.base import Processor, ProcessorContext
from facefusion.processors.chained.links import ChainLink
from facefusion.processors.guarded import create_processor


def create_link(link: ChainLink, context: ProcessorContext) -> Processor:
    """Make the processor of a link for a job.

    Args:
        link: of the job.
        context: of the job, as all its processors have it.

    Raises:
        ProcessorError: one of another package cannot be made.
        FaceFusionError: an option or a model does not fit.
    """
    context = replace(context, is_first=link.is_first)
    if link.options is not context.options:
        own = options_of_roles(link.options) if context.roles else []
        roles = tuple(replace(role, options=each) for role, each in zip(context.roles, own, strict=True))
        context = replace(context, options=link.options, roles=roles)
    return link.limited(create_processor(link.spec, context))


def check_links(links: Sequence[ChainLink], target: PictureInfo | VideoInfo) -> None:
    """Refuse stretches of a picture.

    Raises:
        OptionsError: there are some.
    """
    for link in links:
        if link.stretches and isinstance(target, PictureInfo):
            raise OptionsError(
                f"{link.spec.name} is to work in a part of the time, but the target is a picture",
                "Leave out when",
            )


def idle_links(links: Sequence[ChainLink], target: VideoInfo) -> list[str]:
    """Return a sentence for each link none of whose stretches begins before the target ends, where that is known."""
    return [
        f"{link.spec.name} works in no frame: the target ends before any stretch of its when begins"
        for link in links
        if link.stretches and not any(_begins_within(stretch, target) for stretch in link.stretches)
    ]


def _begins_within(stretch: Stretch, target: VideoInfo) -> bool:
    if stretch.start is None:
        return True
    if stretch.start.frame is not None:
        return target.frames is None or stretch.start.frame < target.frames
    return target.duration is None or stretch.start.seconds is None or stretch.start.seconds < target.duration
