"""One network on one chain of devices, and what happens when a device fails."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.errors import ModelUnfitError, ProviderError
from facefusion.inference.execution import Execution
from facefusion.inference.provider_options import options_of
from facefusion.inference.providers import CPU, Device
from facefusion.inference.runtime import FAILURES, MODEL_FAILURES, onnxruntime
from facefusion.inference.source import Source, references, whole

Notify = Callable[[str], None]
_FULL: Final = re.compile(r"out of memory|bad.?alloc|failed to allocate|8007000e|not enough memory", re.IGNORECASE)


class DeviceFullError(Exception):
    """The memory of the device did not hold what a run needs."""


class RunFailedError(Exception):
    """The device failed at a run."""


class Fallback:
    """Who takes over where a device fails, and that it is said once.

    Args:
        may_fall_back: whether the CPU takes over.
        notify: called with one sentence when it does.
    """

    def __init__(self, may_fall_back: bool = True, notify: Notify | None = None) -> None:
        self._may = may_fall_back
        self._notify = notify
        self._given_up: set[Device] = set()
        self._lock = threading.Lock()

    def remaining(self, devices: Sequence[Device]) -> tuple[Device, ...]:
        """Return the devices that were not given up."""
        with self._lock:
            return tuple(device for device in devices if device not in self._given_up)

    def give_up(self, device: Device, problem: str, hint: str = "Use auto or cpu", *, has_others: bool = False) -> None:
        """Use a device no more, for no network.

        Args:
            device: the device.
            problem: what is wrong with it, as the end of a sentence that begins with its name.
            hint: what to do, for those who asked for it by name.
            has_others: whether others that were asked for like it go on with its work.

        Raises:
            ProviderError: it was asked for by name.
        """
        if not has_others:
            self._check(device, problem, hint)
        with self._lock:
            is_new = device not in self._given_up
            self._given_up.add(device)
        if is_new:
            self.say(f"Execution provider {str(device)!r} {problem}, and is not used any more")

    def pass_over(self, device: Device, problem: str, *, has_others: bool = False) -> None:
        """Use another device for one network; errors as of `give_up`."""
        if not has_others:
            self._check(device, problem, "Use auto or cpu")
        self.say(f"Execution provider {str(device)!r} {problem}, which runs on another")

    def _check(self, device: Device, problem: str, hint: str) -> None:
        if device == CPU or not self._may:
            raise ProviderError(f"Execution provider {str(device)!r} {problem}", hint)

    def say(self, note: str) -> None:
        """Tell whoever listens."""
        if self._notify is not None:
            self._notify(note)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a network shall be run.

    Attributes:
        name: of the model, for messages.
        is_small: whether it is one of a few megabytes, which computes in one thread.
        is_exact: whether it is computed in fp32 whatever the others are.
        profile: see `facefusion.inference.provider_options.Request`.
        single: names of sizes that are set to 1, where the device wants all batches to be of one size.
    """

    name: str
    is_small: bool = False
    is_exact: bool = True
    profile: tuple[str, str, str] | None = None
    single: tuple[str, ...] = ()


class Runner:
    """A network that is ready to run.

    Args:
        session: an `onnxruntime.InferenceSession`.
        device: where it runs.
        is_limited: whether a card gets back after each run what the run took, for other networks to take.
    """

    def __init__(self, session: Any, device: Device, *, is_limited: bool = False) -> None:
        self._session = session
        self.device = device
        self._memory = device.provider.memory
        self._options = onnxruntime.RunOptions()
        if is_limited and self._memory != "cpu":
            self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", f"gpu:{device.id or 0}")

    @property
    def providers(self) -> list[str]:
        """ONNX Runtime's names of the providers that could be started."""
        return list(self._session.get_providers())

    @property
    def names(self) -> tuple[list[str], list[str]]:
        """The names of inputs and outputs, as the file has them."""
        return [each.name for each in self._session.get_inputs()], [each.name for each in self._session.get_outputs()]

    def run(self, outputs: Sequence[str], feeds: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Run the network once.

        Args:
            outputs: names of those that are wanted.
            feeds: arrays by the names of the file.

        Raises:
            ModelUnfitError: the network does not take such values.
            DeviceFullError: they need more memory than there is.
            RunFailedError: the device failed.
        """
        try:
            if self._memory == "cpu":
                return list(self._session.run(list(outputs), dict(feeds)))
            return self._run_bound(outputs, feeds)
        except FAILURES as error:
            reason = first_line(error)
            if _FULL.search(str(error)) or isinstance(error, MemoryError):
                raise DeviceFullError(reason) from error
            if isinstance(error, MODEL_FAILURES):
                raise ModelUnfitError(f"A network does not take what it was given: {reason}") from error
            raise RunFailedError(reason) from error

    def _run_bound(self, outputs: Sequence[str], feeds: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Run with inputs and outputs in the device's memory, so that the runtime makes no copies of its own."""
        number = int(self.device.id or 0)
        binding = self._session.io_binding()
        for name, value in feeds.items():
            held = onnxruntime.OrtValue.ortvalue_from_numpy(value, self._memory, number)
            binding.bind_ortvalue_input(name, held)
        for name in outputs:
            binding.bind_output(name, self._memory, number)
        self._session.run_with_iobinding(binding, self._options)
        return [np.asarray(value) for value in binding.copy_outputs_to_cpu()]


def open_runner(source: Source, execution: Execution, fallback: Fallback, wish: Wish) -> Runner:
    """Load a network on the best device that takes it.

    Args:
        source: the ONNX file.
        execution: how networks shall run.
        fallback: what became of devices so far.
        wish: how this one shall run.

    Raises:
        ProviderError: a device that was asked for by name cannot be started, or cannot run the network.
        ModelUnfitError: the CPU cannot run it either.
    """
    devices = [
        device for device in fallback.remaining(execution.devices) if not wish.is_small or device.provider.takes_small
    ]
    while len(devices) > 1:
        device = devices[0]
        try:
            session = _session(source, devices, execution, wish)
        except FAILURES as error:
            fallback.pass_over(device, f"cannot run model {wish.name} ({first_line(error)})")
        else:
            if device.provider.runtime_name in session.get_providers():
                return Runner(session, device, is_limited=execution.limit is not None)
            fallback.give_up(
                device, "is installed but cannot be started", "Check its driver and libraries, or use auto or cpu"
            )
        devices = devices[1:]
    try:
        return Runner(_session(source, [CPU], execution, wish), CPU)
    except FAILURES as error:
        raise ModelUnfitError(
            f"Model {wish.name} cannot be run ({first_line(error)})",
            "Get it from where it was published, or take another",
        ) from error


def first_line(error: BaseException) -> str:
    """Return what an error of the runtime says, in one line of a bearable length."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text if len(text) <= 200 else f"{text[:197]}..."


def _session(source: Source, devices: Sequence[Device], execution: Execution, wish: Wish) -> Any:
    threads = 1 if wish.is_small else execution.threads
    for device in devices:
        _preload(device)
    providers = [
        (
            device.provider.runtime_name,
            options_of(
                device,
                execution.request(device, is_exact=wish.is_exact, threads=threads, profile=wish.profile),
            ),
        )
        for device in devices
    ]

    def load(file: str | bytes, folder: Path | None = None) -> Any:
        options = _session_options(devices[0], threads, wish)
        if folder is not None:
            options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
        return onnxruntime.InferenceSession(file, options, providers=providers, enable_fallback=0)

    # Providers that compile a network want it whole.
    light = references(source) if [*devices] == [CPU] else None
    if light is not None:
        with suppress(*FAILURES):  # told of, if at all, when it is loaded in the other way
            return load(*light)
    with whole(source, execution.cache) as file:
        return load(file)


def _session_options(device: Device, threads: int, wish: Wish) -> Any:
    options = onnxruntime.SessionOptions()
    # What goes wrong is raised, and told in our own words.
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Decoder, encoder and the other stages work at the same time: threads that wait must not keep cores busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights are held as they are, not in an arena that takes more than they need.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    if device.provider.name == "directml":
        options.enable_mem_pattern = False
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    for size in wish.single:
        options.add_free_dimension_override_by_name(size, 1)
    return options


def _preload(device: Device) -> None:
    """Load the libraries that the extras bring, which lie where the system does not look."""
    if device.provider.memory == "cuda" and hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(sys.stderr):  # which says there what it misses
            onnxruntime.preload_dlls()
    if device.provider.name == "tensorrt":
        with suppress(ImportError):
            importlib.import_module("tensorrt")
