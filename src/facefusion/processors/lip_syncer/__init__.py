"""The lip syncer: moves the mouths of faces to speech."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.lip_syncer.processor import create

SPEC = ProcessorSpec(
    name="lip_syncer",
    summary="moves mouths to the target's sound or to other speech; needs weights",
    needs_source=False,
    create=create,
    needs_speech=True,
    needs=frozenset({"landmarks5"}),
    model_option="lip_syncer_model",
)
