"""The age modifier: faces made younger or older."""

from facefusion.processors.age_modifier.processor import AgeModifier
from facefusion.processors.base import ProcessorSpec

SPEC = ProcessorSpec(
    name="age_modifier",
    summary="makes faces younger or older",
    needs_source=False,
    create=AgeModifier.create,
    needs=frozenset({"landmarks5"}),
    model_option="age_modifier_model",
)
