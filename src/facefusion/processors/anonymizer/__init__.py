"""The anonymizer: faces that nobody can be recognised by."""

from facefusion.processors.anonymizer.processor import DELAY, Anonymizer
from facefusion.processors.base import ProcessorSpec

SPEC = ProcessorSpec(
    name="anonymizer",
    summary="makes faces unrecognisable: others that nobody has, or blurred, in squares, or masked",
    needs_source=False,
    create=Anonymizer.create,
    takes_every_face=True,
    delay=lambda options: DELAY,
)
