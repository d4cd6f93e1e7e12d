"""The temporal smoother: takes the flicker out of what the processors before it made."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.temporal_smoother.processor import REMEMBERED, TemporalSmoother

SPEC = ProcessorSpec(
    name="temporal_smoother",
    summary="takes the flicker out of what the processors before it made",
    needs_source=False,
    create=TemporalSmoother.create,
    needs_faces=False,
    remembers=lambda options: REMEMBERED if options.temporal_smoother.temporal_smoother_strength else 0,
)
