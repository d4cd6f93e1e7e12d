"""The background remover: people and things without what is behind them."""

from facefusion.processors.background_remover.processor import BackgroundRemover, cut_out_format
from facefusion.processors.base import ProcessorSpec

SPEC = ProcessorSpec(
    name="background_remover",
    summary="takes the background away, or fills it with a colour",
    needs_source=False,
    create=BackgroundRemover.create,
    needs_faces=False,
    format=cut_out_format,
    model_option="background_remover_model",
)
