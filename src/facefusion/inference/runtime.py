"""ONNX Runtime, told to keep to itself.

Its official builds report usage to their maker, from a thread of their own, unless they are told not to before they are
loaded. Nothing may leave the machine, so every import of ONNX Runtime goes through this module.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

# For a program that had loaded it before us.
onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
