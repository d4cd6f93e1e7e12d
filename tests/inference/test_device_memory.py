"""What devices have room for: asked of the driver, a stub of which stands for the real one."""

from __future__ import annotations

import ctypes

import onnxruntime
import pytest

from facefusion.inference import execution as execution_module
from facefusion.inference.device_memory import cuda_memory, device_memory
from facefusion.inference.execution import Execution
from facefusion.inference.file import items_in_memory
from facefusion.inference.machine import GIB
from facefusion.inference.pool import model_budget
from facefusion.inference.provider_options import options_of
from facefusion.inference.providers import CPU, PROVIDERS
from facefusion.options import Options


class Driver:
    """A driver of cards of so many bytes, by CUDA's names."""

    def __init__(self, *sizes):
        self.sizes = sizes

    def cuInit(self, flags):  # noqa: N802 - the driver's own name
        return 0 if self.sizes else 100

    def cuDeviceGet(self, card, number):  # noqa: N802
        ctypes.cast(card, ctypes.POINTER(ctypes.c_int))[0] = number
        return 0 if number < len(self.sizes) else 101

    def cuDeviceTotalMem_v2(self, size, card):  # noqa: N802
        ctypes.cast(size, ctypes.POINTER(ctypes.c_size_t))[0] = self.sizes[card.value]
        return 0


def test_the_driver_tells_the_memory_of_each_card():
    driver = Driver(4 * GIB, 80 * GIB)
    assert [cuda_memory(number, lambda name: driver) for number in range(3)] == [4 * GIB, 80 * GIB, None]


def test_without_a_driver_or_a_card_nothing_is_known():
    def absent(name):
        raise OSError(name)

    assert cuda_memory(0, absent) is None
    assert cuda_memory(0, lambda name: Driver()) is None
    assert device_memory(CPU) is None


@pytest.mark.parametrize(
    ("provider", "cards", "sizes", "expected"),
    [
        ("cpu", "0", {}, (2, GIB)),
        ("cuda", "0", {0: 4 * GIB}, (4, GIB)),
        ("cuda", "0", {0: 12 * GIB}, (12, 3 * GIB)),
        ("cuda", "0", {0: 80 * GIB}, (16, 20 * GIB)),
        ("cuda", "0,1", {0: 80 * GIB, 1: 8 * GIB}, (16, 2 * GIB)),
        ("cuda", "0", {}, (4, GIB)),
        ("directml", "0", {}, (4, GIB)),
        ("migraphx", "0", {}, (2, GIB)),
    ],
)
def test_batches_are_as_large_as_the_device_has_room_for(monkeypatch, provider, cards, sizes, expected):
    there = [each.runtime_name for each in PROVIDERS.values()]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    known = lambda device: sizes.get(int(device.id)) if device.provider.memory == "cuda" else None  # noqa: E731
    monkeypatch.setattr(execution_module, "device_memory", known)
    options = Options.parse({"execution_providers": provider, "execution_device_id": cards}).runtime
    execution = Execution.of(options)
    assert (execution.frames_at_once, execution.work) == expected


def test_more_memory_takes_more_items():
    picture = 4 * 3 * 512 * 512
    assert [items_in_memory(None, work, picture) for work in (GIB // 4, GIB, 20 * GIB)] == [1, 4, 85]


@pytest.mark.parametrize(
    ("known", "limit", "expected"), [(80 * GIB, 4, 4 * GIB), (2 * GIB, 4, 2 * GIB), (None, 4, 4 * GIB)]
)
def test_a_job_takes_no_more_of_a_card_than_it_may(monkeypatch, known, limit, expected):
    there = [each.runtime_name for each in PROVIDERS.values()]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    monkeypatch.setattr(execution_module, "device_memory", lambda device: known)
    options = Options.parse({"execution_providers": "cuda", "max_device_memory": limit}).runtime
    execution = Execution.of(options)
    assert execution.memory == expected
    request = execution.request(execution.devices[0], is_exact=False, threads=1)
    told = options_of(execution.devices[0], request)
    assert told["gpu_mem_limit"] == str(4 * GIB)
    assert model_budget(options) <= 2 * GIB


def test_the_limit_of_a_card_is_none_of_the_processor():
    options = Options.parse({"execution_providers": "cpu", "max_device_memory": 1}).runtime
    execution = Execution.of(options)
    assert (execution.memory, execution.limit) == (None, None)
    assert model_budget(options) == model_budget(Options.parse({"execution_providers": "cpu"}).runtime)
