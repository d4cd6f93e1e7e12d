"""Measuring a result: what can be told of it by itself, its target and its sources, with the bundled networks alone.

`judge` looks at some frames of both and returns figures; `flags` says which of them are outside usual bounds. Nothing
that tells a person is in the figures: distances and shares, no identity vectors and no pictures.
"""

from facefusion.engine.judged.bounds import BOUNDS, Bound, flags
from facefusion.engine.judged.judging import judge
from facefusion.engine.judged.measures import Measures

__all__ = ["BOUNDS", "Bound", "Measures", "flags", "judge"]
