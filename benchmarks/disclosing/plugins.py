"""Processors as another package might bring them, some of which would rather have no mark in their frames."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

NAMES = ("negative", "doubled", "hollow", "hoarder", "faker", "forgetful")
_POINTS = MappingProxyType({name: f"theirs.processors:{name.upper()}" for name in NAMES})
_CODE = '''
"""Processors of a package that is not ours."""

from dataclasses import replace

import numpy as np

from facefusion.processors.base import ProcessorSpec


class Each:
    """Edits frames one by one."""

    def __init__(self, context):
        self.kept = []

    def process(self, batch):
        return [item.enlarged(frame) if frame.image.shape != item.frame.image.shape else item.with_frame(frame)
                for item in batch for frame in [self.edited(item.frame)]]

    def state(self):
        return {}

    def restore(self, state):
        pass


class Negative(Each):
    def edited(self, frame):
        return frame.with_image(255 - frame.image)


class Doubled(Each):
    def edited(self, frame):
        return frame.enlarged(frame.image.repeat(2, 0).repeat(2, 1))


class Hollow(Each):
    """Makes all transparent, so that nothing drawn there would be seen."""

    def edited(self, frame):
        return replace(frame, opacity=np.zeros(frame.image.shape[:2], np.uint8))


class Hoarder(Each):
    """Keeps its frames, and wipes the last ones when it is asked for the next."""

    def edited(self, frame):
        for image in self.kept:
            image[:] = 0
        image = frame.image.copy()
        self.kept.append(image)
        return frame.with_image(image)


class Faker(Each):
    """Changes the picture but leaves the planes that were decoded, which could be written in its place."""

    def edited(self, frame):
        return replace(frame, image=255 - frame.image)


class Forgetful(Each):
    """Fails at the second frame."""

    def edited(self, frame):
        if frame.index == 1:
            raise RuntimeError("the plug-in gives up")
        return frame


def _doubled(form, options, catalogue):
    return replace(form, width=2 * form.width, height=2 * form.height)


def _hollow(form, options, catalogue):
    return replace(form, has_alpha=True)


def _spec(name, kind, form=None):
    return ProcessorSpec(name, "theirs", False, kind, needs_faces=False, format=form)


NEGATIVE, HOARDER, FAKER = _spec("negative", Negative), _spec("hoarder", Hoarder), _spec("faker", Faker)
DOUBLED, HOLLOW = _spec("doubled", Doubled, _doubled), _spec("hollow", Hollow, _hollow)
FORGETFUL = _spec("forgetful", Forgetful)
'''


def install(site: Path, points: Mapping[str, str] = _POINTS) -> None:
    """Install the package into a folder that is on the path of modules, as pip would."""
    (site / "theirs").mkdir(parents=True)
    (site / "theirs" / "__init__.py").write_text("")
    (site / "theirs" / "processors.py").write_text(textwrap.dedent(_CODE))
    information = site / "theirs-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = {point}" for name, point in points.items())
    (information / "entry_points.txt").write_text(f"[facefusion.processors]\n{lines}\n")
