"""Execution providers: which there are, which are here, how to get the others, and what people mean by their names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from facefusion.errors import ProviderError
from facefusion.inference.runtime import onnxruntime


@dataclass(frozen=True, slots=True)
class Provider:
    """An execution provider of ONNX Runtime.

    Attributes:
        name: as people give it.
        runtime_name: as ONNX Runtime has it.
        package: build of ONNX Runtime that has it, in place of `onnxruntime`; empty where that one has it.
        extra: extra of this package that brings it and what it needs; empty where there is none.
        systems: values of `sys.platform` for which it is published.
        memory: ONNX Runtime's name of the memory that it computes in, where inputs and outputs are bound to it.
        precisions: what it can be told to compute in.
        takes_small: whether it is worth its while for networks of a few megabytes.
        is_static: whether it compiles a network anew for each size of a batch, so that all batches are of one.
        device_names: names of its devices, where they are no numbers; the first is the usual one.
        has_devices: whether one of several devices can be chosen.
        copies: how often it holds the weights of a network in memory, as measured.
    """

    name: str
    runtime_name: str
    package: str = ""
    extra: str = ""
    systems: tuple[str, ...] = ("linux", "win32", "darwin")
    memory: str = "cpu"
    precisions: tuple[str, ...] = ("fp32",)
    takes_small: bool = False
    is_static: bool = False
    device_names: tuple[str, ...] = ()
    has_devices: bool = True
    copies: int = 1


_GPU: Final = ("linux", "win32")
_ALL: Final = (
    Provider("cpu", "CPUExecutionProvider", takes_small=True, has_devices=False),
    Provider("cuda", "CUDAExecutionProvider", "onnxruntime-gpu", "cuda", _GPU, memory="cuda", takes_small=True),
    Provider(
        *("tensorrt", "TensorrtExecutionProvider", "onnxruntime-gpu", "tensorrt", _GPU),
        memory="cuda",
        precisions=("fp32", "fp16"),
    ),
    Provider(
        *("openvino", "OpenVINOExecutionProvider", "onnxruntime-openvino", "openvino", _GPU),
        precisions=("fp32", "fp16", "bf16"),
        device_names=("cpu", "gpu", "npu"),
        copies=2,
    ),
    Provider("directml", "DmlExecutionProvider", "onnxruntime-directml", "directml", ("win32",), takes_small=True),
    Provider(
        *("coreml", "CoreMLExecutionProvider", "", "coreml", ("darwin",)),
        precisions=("fp32", "fp16"),
        is_static=True,
        has_devices=False,
    ),
    Provider(
        *("migraphx", "MIGraphXExecutionProvider", "onnxruntime-migraphx", "", ("linux",)),
        precisions=("fp32", "fp16"),
        is_static=True,
    ),
    Provider("rocm", "ROCMExecutionProvider", "onnxruntime-rocm", "", ("linux",), takes_small=True),
)
PROVIDERS: Final = {provider.name: provider for provider in _ALL}
"""All providers that are known, by name."""

_PREFERENCE: Final = ("cuda", "migraphx", "rocm", "directml", "openvino", "cpu")
"""What `auto` takes: the first that is there, and the CPU. All but the CPU come with a build that somebody chose to
install. TensorRT, which builds engines for minutes, and CoreML, which every macOS build has, want to be named."""


@dataclass(frozen=True, slots=True)
class Device:
    """A provider, and which of its devices.

    Attributes:
        provider: the provider.
        id: number or name of the device; empty where there is no choice.
    """

    provider: Provider
    id: str = ""

    def __str__(self) -> str:
        """The provider, and the device where it is not the usual one, as people give them."""
        is_usual = self.id in ("", "0", *self.provider.device_names[:1])
        return self.provider.name if is_usual else f"{self.provider.name}:{self.id}"


CPU: Final = Device(PROVIDERS["cpu"])


def available_providers() -> tuple[str, ...]:
    """Return the short names of the providers that this installation of ONNX Runtime has."""
    there = set(onnxruntime.get_available_providers())
    return tuple(name for name, provider in PROVIDERS.items() if provider.runtime_name in there)


def resolve_providers(names: Sequence[str], device_id: int = 0) -> list[Device]:
    """Turn the names people give into devices, in order of preference, with the CPU as last resort.

    Args:
        names: `auto`, or short names such as `cuda`, `cpu`, each perhaps with a device, as in `cuda:1`.
        device_id: of the graphics card, where a name does not say it.

    Raises:
        ProviderError: a provider is unknown or not there, or has no such device; the message names those that are.
    """
    there = available_providers()
    best = next(name for name in _PREFERENCE if name in there)
    devices = [_device(best if name == "auto" else name, there, device_id) for name in names]
    # What TensorRT does not know the card itself had better do.
    after = {"tensorrt": "cuda"}
    found: list[Device] = []
    for device in devices:
        found.append(device)
        follower = after.get(device.provider.name)
        if follower in there:
            found.append(Device(PROVIDERS[follower], device.id))
    return list(dict.fromkeys([*found, CPU]))


def install_line(name: str) -> str:
    """Return the command that gets a provider; empty where there is none for this system.

    The builds of ONNX Runtime share one folder and so exclude one another, and an extra can only add. So the plain
    build, which the package itself asks for, is taken out, and the other one laid down anew over what that left.
    """
    provider = PROVIDERS[name]
    if sys.platform not in provider.systems or not provider.package:
        return ""
    swap = f"pip uninstall -y onnxruntime && pip install --force-reinstall --no-deps {provider.package}"
    return f'pip install "facefusion[{provider.extra}]" && {swap}' if provider.extra else swap


def _device(text: str, there: Sequence[str], device_id: int) -> Device:
    name, colon, device = text.partition(":")
    if name not in there:
        raise ProviderError(f"Execution provider {name!r} is not available here", _ways_out(name, there))
    provider = PROVIDERS[name]
    if not colon:
        usual = str(device_id) if not provider.device_names else provider.device_names[0]
        return Device(provider, usual if provider.has_devices else "")
    kind, dot, number = device.partition(".")
    is_named = kind in provider.device_names and (number.isdecimal() if dot else True)
    is_numbered = provider.has_devices and not provider.device_names and device.isdecimal()
    if not (is_named or is_numbered):
        forms = ", ".join(f"{name}:{each}" for each in provider.device_names) or f"{name}:0"
        hint = f"Name it as in {forms}" if provider.has_devices else f"Give {name} alone"
        raise ProviderError(f"Execution provider {name!r} has no device {device!r}", hint)
    return Device(provider, device)


def _ways_out(name: str, there: Sequence[str]) -> str:
    use = f"Use one of: {', '.join((*there, 'auto'))}"
    if name not in PROVIDERS:
        return use
    line = install_line(name)
    systems = " and ".join(
        {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}[s] for s in PROVIDERS[name].systems
    )
    return f"{use}; or install it: {line}" if line else f"{use}; {name} is for {systems}"
