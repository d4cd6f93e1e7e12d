"""Bounds: what figures of results usually are, and which results are outside them.

They are wide: what lies beyond is not bad for certain, but worth a look. Where they come from: `docs/quality.md` and
`benchmarks/RESULTS.md`, whose worst cases lie within.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from facefusion.engine.judged.measures import Measures

_MOVES_FACES: Final = frozenset(
    {"lip_syncer", "expression_restorer", "face_editor", "face_translator", "age_modifier", "portrait_animator"}
)
"""Processors that are asked to change expressions, or the shape of a face."""
_DRAWS: Final = "stylizer"
"""A processor after which a frame may be a drawing, in which little can be measured."""
_KEEPS_PEOPLE: Final = frozenset(
    (
        *("face_enhancer", "film_restorer", "frame_enhancer", "frame_colorizer", "lip_syncer", "makeup"),
        *("colour_matcher", "temporal_smoother"),
    )
)
"""Processors after which everybody is to be who they were."""
_SWAPPER: Final = "face_swapper"
_MOSTLY: Final = 0.5
_SOMETIMES: Final = 0.25


@dataclass(frozen=True, slots=True)
class Bound:
    """What one figure usually is.

    Attributes:
        figure: its name in `Measures`.
        least: it is not less.
        most: it is not more.
        holds_for: whether it is looked at, given the names of a job's processors.
    """

    figure: str
    least: float | None = None
    most: float | None = None
    holds_for: Callable[[frozenset[str]], bool] = lambda _names: True

    def is_broken(self, measures: Measures) -> bool:
        """Whether a figure is outside; one that could not be told is not."""
        value: float | None = getattr(measures, self.figure)
        if value is None:
            return False
        return (self.least is not None and value < self.least) or (self.most is not None and value > self.most)


def _swaps(names: frozenset[str]) -> bool:
    return _SWAPPER in names


def _keeps_people(names: frozenset[str]) -> bool:
    return bool(names) and names <= _KEEPS_PEOPLE


def _keeps_expressions(names: frozenset[str]) -> bool:
    return not names & _MOVES_FACES and _photographs(names)


def _photographs(names: frozenset[str]) -> bool:
    return _DRAWS not in names


BOUNDS: Final[Mapping[str, tuple[Bound, ...]]] = MappingProxyType(
    {
        "faces-lost": (Bound("found", least=0.75, holds_for=_photographs),),
        "not-the-source": (
            Bound("nearer", least=_MOSTLY, holds_for=_swaps),
            Bound("to_source", most=0.75, holds_for=_swaps),
        ),
        "another-person": (Bound("to_target", most=0.6, holds_for=_keeps_people),),
        "expression": (Bound("expression", most=0.04, holds_for=_keeps_expressions),),
        "pose": (Bound("pose", most=12.0, holds_for=_keeps_expressions),),
        "blurred": (Bound("sharpness", least=0.5, holds_for=_photographs),),
    }
)
"""By flag: what sets it. `unchanged` is set besides, where far fewer faces were edited than the job says."""


def flags(
    measures: Measures, processors: Sequence[str], *, edited: float, blend: float = 1.0, everywhere: bool = True
) -> tuple[str, ...]:
    """Return what is unusual about a result, by name; nothing where nothing is.

    Args:
        measures: of it.
        processors: that made it.
        edited: faces that the job says it edited, over its frames.
        blend: share of the new face that was asked for, 0 to 1; less than half asks for somebody in between.
        everywhere: whether faces are swapped in all frames and everywhere in these: others may have changed else.
    """
    names = frozenset(processors)
    found = [
        flag
        for flag, bounds in BOUNDS.items()
        if any(bound.is_broken(measures) for bound in bounds if bound.holds_for(names))
        and not (flag == "not-the-source" and (blend < _MOSTLY or not everywhere))
    ]
    if _is_unchanged(measures, min(1.0, edited)) and blend >= _SOMETIMES:
        found.append("unchanged")
    return tuple(found)


def _is_unchanged(measures: Measures, edited: float) -> bool:
    """Whether fewer than half of the frames are changed of those that were edited, by what the job says."""
    share = measures.changed_frames
    return share is not None and edited >= _SOMETIMES and share < edited / 2
