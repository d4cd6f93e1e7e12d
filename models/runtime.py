"""ONNX Runtime without its telemetry, which its official builds switch on unless told not to before they are loaded."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
