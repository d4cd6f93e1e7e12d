"""What is asked before a job begins: consent of those whose faces are used, lists of faces, and content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from facefusion.engine.doors.place import Place
from facefusion.engine.doors.record import Record
from facefusion.engine.plan import Plan
from facefusion.faces.types import Vector
from facefusion.inference.session import SessionFactory
from facefusion.options import Options
from facefusion.processors.base import KeptFace, Role, Source


class Admission:
    """Asks for one job."""

    def __init__(self, place: Place, options: Options, record: Record) -> None:
        self._place, self._options, self._record = place, options, record
        self.content: Any = None
