"""The portrait animator: a still picture that does what the target's face does."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.portrait_animator.processor import PortraitAnimator, portrait_format

SPEC = ProcessorSpec(
    name="portrait_animator",
    summary="shows the source picture, and moves its face as the target's face moves",
    needs_source=True,
    create=PortraitAnimator.create,
    format=portrait_format,
    needs=frozenset({"landmarks5"}),
)
