"""ONNX Runtime, told to keep to itself.

Its official builds report usage to their maker, from a thread of their own, unless they are told not to before they are
loaded. Nothing may leave the machine, so every import of ONNX Runtime goes through this module.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _state

# For a program that had loaded it before us.
onnxruntime.disable_telemetry_events()

FAILURES: tuple[type[Exception], ...] = (
    *(kind for kind in vars(_state).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    *(RuntimeError, ValueError, MemoryError),
)
"""What ONNX Runtime raises; its own errors have no base in common."""

MODEL_FAILURES: tuple[type[Exception], ...] = tuple(
    getattr(_state, name)
    for name in ("InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NoModel", "NotImplemented")
)
"""Those that are the model's fault, or that of its inputs, not the provider's."""

__all__ = ["FAILURES", "MODEL_FAILURES", "onnxruntime"]
