"""The expression restorer: what a face expressed before it was edited, or what another one does, put back on it."""

from facefusion.processors.base import Processor, ProcessorContext, ProcessorSpec
from facefusion.processors.expression_restorer.mesh import MODEL, MeshExpressions
from facefusion.processors.expression_restorer.processor import ExpressionRestorer


def _create(context: ProcessorContext) -> Processor:
    is_mesh = context.options.expression_restorer.expression_restorer_model == MODEL
    return MeshExpressions.create(context) if is_mesh else ExpressionRestorer.create(context)


SPEC = ProcessorSpec(
    name="expression_restorer",
    summary="puts the expression of the target, or of a driving clip, back on edited faces",
    needs_source=False,
    create=_create,
    needs=frozenset({"landmarks5"}),
    model_option="expression_restorer_model",
    without_weights=frozenset({MODEL}),
)
