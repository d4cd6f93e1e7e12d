"""What each execution provider is told.

Names and meanings are those of ONNX Runtime's documentation of its execution providers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.inference.providers import Device


@dataclass(frozen=True, slots=True)
class Request:
    """How one network shall run.

    Attributes:
        precision: `fp32`, `fp16` or `bf16`.
        is_exact: whether fp32 means all of its bits: a graphics card otherwise multiplies in TF32.
        threads: threads on the CPU.
        cache: folder for what providers compile.
        profile: sizes of the inputs for TensorRT, as its options want them: least, usual, most; None where not known.
        memory: bytes of the card's memory that the network may take; all of it when None.
    """

    precision: str
    is_exact: bool
    threads: int
    cache: Path
    profile: tuple[str, str, str] | None = None
    memory: int | None = None


def options_of(device: Device, request: Request) -> dict[str, str]:
    """Return the options of a provider, as ONNX Runtime takes them."""
    tell = _TOLD.get(device.provider.name)
    return tell(device, request) if tell else {}


def _cuda(device: Device, request: Request) -> dict[str, str]:
    # Batches change their size with the number of faces, and a search for the best algorithm would be made for each.
    options = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0" if request.is_exact else "1"}
    if request.memory is not None:
        options |= {"gpu_mem_limit": str(request.memory), "cudnn_conv_use_max_workspace": "0"}
    return _rocm(device, request) | options


def _rocm(device: Device, request: Request) -> dict[str, str]:
    # The usual strategy doubles what is held whenever more is needed.
    return {"device_id": device.id, "arena_extend_strategy": "kSameAsRequested"}


def _tensorrt(device: Device, request: Request) -> dict[str, str]:
    cache = str(_folder(request.cache / "tensorrt"))
    options = {
        "device_id": device.id,
        "trt_fp16_enable": _flag(request.precision == "fp16"),
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": cache,
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": cache,
    }
    if request.memory is not None:
        options["trt_max_workspace_size"] = str(request.memory // 4)
    if request.profile is not None:
        names = ("trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes")
        options |= dict(zip(names, request.profile, strict=True))
    return options


def _openvino(device: Device, request: Request) -> dict[str, str]:
    name = device.id.upper()
    kind = name.partition(".")[0]
    config = {"INFERENCE_PRECISION_HINT": {"fp32": "f32", "fp16": "f16", "bf16": "bf16"}[request.precision]}
    if kind == "CPU":
        config["INFERENCE_NUM_THREADS"] = str(request.threads)
        return {"device_type": name, "load_config": json.dumps({kind: config})}
    cache = str(_folder(request.cache / "openvino"))
    return {"device_type": name, "load_config": json.dumps({kind: config}), "cache_dir": cache}


def _coreml(device: Device, request: Request) -> dict[str, str]:
    # The neural engine computes in fp16 whatever it is told.
    units = "ALL" if request.precision == "fp16" else "CPUAndGPU"
    return {"ModelFormat": "MLProgram", "MLComputeUnits": units}


def _directml(device: Device, request: Request) -> dict[str, str]:
    return {"device_id": device.id}


def _migraphx(device: Device, request: Request) -> dict[str, str]:
    return {
        "device_id": device.id,
        "migraphx_fp16_enable": _flag(request.precision == "fp16"),
        "migraphx_model_cache_dir": str(_folder(request.cache / "migraphx")),
    }


_TOLD: Final[dict[str, Callable[[Device, Request], dict[str, str]]]] = {
    "cuda": _cuda,
    "rocm": _rocm,
    "tensorrt": _tensorrt,
    "openvino": _openvino,
    "coreml": _coreml,
    "directml": _directml,
    "migraphx": _migraphx,
}


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _folder(path: Path) -> Path:
    with suppress(OSError):  # without it providers compile each time
        path.mkdir(parents=True, exist_ok=True)
    return path
