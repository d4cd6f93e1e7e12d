"""Which steps there are, and in which order they work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facefusion.options.film_restorer import FilmRestorerOptions
from facefusion.processors.film_restorer.deflicker import Deflicker
from facefusion.processors.film_restorer.dust import Dust
from facefusion.processors.film_restorer.fade import Fade
from facefusion.processors.film_restorer.scratches import Scratches
from facefusion.processors.film_restorer.step import Step


def steps_of(options: FilmRestorerOptions) -> list[Step]:
    """Return the steps that are asked for, made anew, in the order in which they work.

    Light first, so that neighbours can be compared; then what lies on the film, while it still lies where it was; then
    what moves the picture or its grain; colours last, for they are measured best in what is clean.
    """
    makers: list[tuple[int, Callable[[int], Step]]] = [
        (options.film_restorer_flicker, Deflicker),
        (options.film_restorer_dust, Dust),
        (options.film_restorer_scratches, Scratches),
        (options.film_restorer_fade, Fade),
    ]
    return [make(strength) for strength, make in makers if strength]


def delay_of_steps(steps: Sequence[Step]) -> int:
    """Return how many frames steps keep back at most, one after the other."""
    return sum(step.reach.after for step in steps)
