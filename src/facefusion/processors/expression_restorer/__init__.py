"""The expression restorer: what a face expressed before it was edited, or what another one does, put back on it."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.expression_restorer.processor import ExpressionRestorer

SPEC = ProcessorSpec(
    name="expression_restorer",
    summary="puts the expression of the target, or of a driving clip, back on edited faces",
    needs_source=False,
    create=ExpressionRestorer.create,
    needs=frozenset({"landmarks5"}),
    model_option="expression_restorer_model",
)
