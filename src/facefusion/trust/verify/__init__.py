"""Looking at a file: which marks it bears, which of them hold, and what was taken away."""

from facefusion.trust.verify.layers import LayerReader, LayerReading, LayerState
from facefusion.trust.verify.report import Report, verify_file

__all__ = ["LayerReader", "LayerReading", "LayerState", "Report", "verify_file"]
