"""A processor of another package that reads a picture, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import Field

from facefusion.options.base import OptionGroup
from facefusion.processors.base import FaceFrame, ProcessorContext, ProcessorSpec
from facefusion.state import State
from material import Array, read


class TintOptions(OptionGroup):
    """What it is told."""

    tint_picture: Path | None = Field(default=None, description="whose colour frames take")


class Tinting:
    """Gives frames the mean colour of a picture."""

    def __init__(self, picture: Array) -> None:
        self._colour = picture.mean((0, 1)).round().astype(np.uint8)

    @classmethod
    def create(cls, context: ProcessorContext) -> Tinting:
        path = context.own_options("tint", TintOptions).tint_picture
        assert path is not None
        return cls(read(path))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        return [each.with_frame(each.frame.with_image(np.full_like(each.frame.image, self._colour))) for each in batch]

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None:
        pass


SPEC = ProcessorSpec("tint", "one colour", False, Tinting.create, needs_faces=False, options=TintOptions)


def install_tint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it, as pip would."""
    information = folder / "tint-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tint\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[facefusion.processors]\ntint = tinted:SPEC\n")
    monkeypatch.syspath_prepend(str(folder))
