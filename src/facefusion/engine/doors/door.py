"""The door of one job: what its outputs have to bear, and the record of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facefusion.engine.doors.leaving import Way
from facefusion.engine.doors.seals import Seals
from facefusion.engine.doors.watching import Watch, Watching
from facefusion.media.forms import Form
from facefusion.media.frame import Frame
from facefusion.media.marking import Mark
from facefusion.media.picture import Picture


@dataclass(frozen=True, slots=True)
class Count:
    """How much was made.

    Attributes:
        frames: written.
        faces: edited, counted in every frame.
    """

    frames: int
    faces: int
