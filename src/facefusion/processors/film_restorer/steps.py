"""Which steps there are, and in which order they work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from facefusion.options.film_restorer import FilmRestorerOptions
from facefusion.processors.film_restorer.combing import Combing
from facefusion.processors.film_restorer.deflicker import Deflicker
from facefusion.processors.film_restorer.denoise import Denoise
from facefusion.processors.film_restorer.dust import Dust
from facefusion.processors.film_restorer.fade import Fade
from facefusion.processors.film_restorer.grain import Regrain
from facefusion.processors.film_restorer.scratches import Scratches
from facefusion.processors.film_restorer.steady import Steady, shake_steadying, weave_steadying
from facefusion.processors.film_restorer.step import Step

_MOTION: Final = 4
"""Frames of 720 lines that take as much memory as the motion between all frames that are held."""
Maker = tuple[int, Callable[[int], Step]]
"""The strength of a step, and what makes one of it."""


def steps_of(options: FilmRestorerOptions) -> list[Step]:
    """Return the steps that are asked for, made anew, in the order in which they work.

    Light first, so that neighbours can be compared; then what lies on the film, while it still lies where it was; then
    what moves the picture or its grain; colours last, for they are measured best in what is clean, and stretch grain
    that is laid on as they would have stretched the old.
    """
    makers: list[Maker] = [
        (options.film_restorer_combing, Combing),
        (options.film_restorer_flicker, Deflicker),
        (options.film_restorer_dust, Dust),
        (options.film_restorer_scratches, Scratches),
        *steady_makers(options),
        (options.film_restorer_noise, Denoise),
        (options.film_restorer_grain, lambda strength: Regrain(strength, options.film_restorer_grain_seed)),
        (options.film_restorer_fade, Fade),
    ]
    return [make(strength) for strength, make in makers if strength]


def steady_makers(options: FilmRestorerOptions) -> list[Maker]:
    """Return the step that moves frames; one that calms the camera takes gate weave away, too, in the same move."""
    borders, shake = options.film_restorer_borders, options.film_restorer_stabilise
    if shake:
        return [(shake, lambda strength: Steady("stabilise", strength, shake_steadying(strength), borders))]
    return [
        (options.film_restorer_weave, lambda strength: Steady("weave", strength, weave_steadying(strength), borders))
    ]


def delay_of_steps(steps: Sequence[Step]) -> int:
    """Return how many frames steps keep back at most, one after the other."""
    return sum(step.reach.after for step in steps)


def past_of_steps(steps: Sequence[Step]) -> int:
    """Return how many frames steps remember at most, one after the other; one that moves frames has drawn the last.

    Motion counts as so many frames as it takes in those of 720 lines: in larger ones it takes less of each.
    """
    past = sum(step.reach.before + (step.moves and not step.needs_motion) for step in steps)
    return past + (_MOTION if any(step.needs_motion for step in steps) else 0)
