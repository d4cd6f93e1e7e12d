"""Execution providers: which are there, and which to use."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.errors import ProviderError
from facefusion.inference.runtime import onnxruntime

PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu",
    "openvino": "onnxruntime-openvino",
    "directml": "onnxruntime-directml",
}
"""Package whose build of ONNX Runtime has a provider, in place of `onnxruntime`."""

_RUNTIME_NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
_PREFERENCE = ("cuda", "cpu")


def available_providers() -> tuple[str, ...]:
    """Return the short names of the providers that this installation of ONNX Runtime has."""
    there = set(onnxruntime.get_available_providers())
    return tuple(name for name, runtime_name in _RUNTIME_NAMES.items() if runtime_name in there)


def resolve_providers(names: Sequence[str]) -> list[str]:
    """Turn the names people give into the runtime's, in order of preference, with the CPU as last resort.

    Args:
        names: `auto`, or short names such as `cuda`, `cpu`.

    Raises:
        ProviderError: a provider is unknown or not there; the message names those that are.
    """
    there = available_providers()
    best = [name for name in _PREFERENCE if name in there]
    wanted = dict.fromkeys(part for name in names for part in (best if name == "auto" else [name]))
    for name in wanted:
        if name not in there:
            package = PACKAGES.get(name)
            hint = f"Install {package} in place of onnxruntime, or use" if package else "Use"
            raise ProviderError(
                f"Execution provider {name!r} is not available here", f"{hint} one of: {', '.join((*there, 'auto'))}"
            )
    runtime_names = [_RUNTIME_NAMES[name] for name in wanted]
    return runtime_names if _RUNTIME_NAMES["cpu"] in runtime_names else [*runtime_names, _RUNTIME_NAMES["cpu"]]


def check_started(required: Sequence[str], started: Sequence[str]) -> None:
    """Make sure that the runtime uses what was asked for, because it falls back to the CPU without an error.

    Args:
        required: the runtime's names of the providers asked for.
        started: those that it could start.

    Raises:
        ProviderError: one is installed but cannot be started.
    """
    names = {runtime_name: name for name, runtime_name in _RUNTIME_NAMES.items()}
    for missing in (name for name in required if name not in started):
        raise ProviderError(
            f"Execution provider {names[missing]!r} is installed but cannot be started",
            "Check its driver and libraries, or use auto or cpu",
        )
