"""Options of the machine: what networks run on, how exactly, and how much memory is taken."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from facefusion.options.base import Names, OptionGroup
from facefusion.options.every import number_or_auto

Precision = Literal["auto", "fp32", "fp16", "bf16"]
ShareBatches = Literal["auto", "on", "off"]


class RuntimeOptions(OptionGroup):
    """Devices and memory."""

    execution_providers: Annotated[tuple[str, ...], Names(also=("execution_provider",))] = Field(
        default=("auto",),
        min_length=1,
        description="what networks run on, in order of preference: 'auto' (the best that is installed), cpu, cuda,"
        " tensorrt, openvino, directml, coreml, migraphx, rocm; a colon adds the device, as in cuda:1 or openvino:gpu",
    )
    execution_device_id: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        default=(0,),
        min_length=1,
        description="number of the graphics card, for providers that name no device themselves; the work is shared out"
        " among several",
    )
    execution_thread_count: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="threads that a network computes with on the CPU; as many as there are cores when not given;"
        " the bundled networks are so small that they always take one",
    )
    execution_batch_size: Annotated[int | Literal["auto"], BeforeValidator(number_or_auto(64))] = Field(
        default="auto",
        description="frames whose faces go through the networks together, 1 to 64, as far as max-memory holds them;"
        " 'auto' is 2 on the CPU, and more on cards, by their memory",
    )
    share_batches: ShareBatches = Field(
        default="auto",
        description="whether jobs that one process does at the same time go through a network in one batch: 'auto', on"
        " graphics cards and where each result is to the bit what it is alone; 'on', everywhere, last bits may differ",
    )
    execution_precision: Precision = Field(
        default="auto",
        description="numbers that networks compute pictures with; 'auto' is what the provider is fast with at an error"
        " nobody sees; boxes, landmarks and identities are always computed in fp32",
    )
    max_memory: float | None = Field(
        default=None,
        gt=0,
        description="memory in GiB that frames in flight and loaded models may take together; when not given, a quarter"
        " of a GiB for frames, one with a graphics card, and half of the machine's memory for models",
    )
    max_device_memory: float | None = Field(
        default=None,
        ge=1,
        description="memory of each graphics card in GiB that a job may take, with cuda and tensorrt; all of it when"
        " not given",
    )
    video_chunk_size: int = Field(
        default=1000,
        ge=1,
        description="frames in a segment of a video: an interrupted job loses no more than the segment it was at",
    )
