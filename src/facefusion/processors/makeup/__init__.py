"""Make-up: lips, lids, brows, blush and wrinkles of a reference picture, laid on the target's own faces."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.makeup.processor import Makeup

SPEC = ProcessorSpec(
    name="makeup",
    summary="lays lips, lids, brows, blush and wrinkles of a reference picture on the target's own faces",
    needs_source=False,
    create=Makeup.create,
)
