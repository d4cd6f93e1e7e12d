"""Conversion of the bundled face models from their published weights to ONNX."""
