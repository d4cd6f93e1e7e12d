"""How many frames the film restorer keeps back: what it declares is the true maximum, whatever is switched on."""

from __future__ import annotations

import pytest
from tests.processors.worn_film import items, scene

from facefusion.options import Options
from facefusion.processors.film_restorer import SPEC
from facefusion.processors.film_restorer.processor import FilmRestorer
from facefusion.processors.film_restorer.steps import steps_of


@pytest.mark.parametrize(
    ("settings", "delay"),
    [
        ({}, 12),
        ({"film_restorer_combing": 60, "film_restorer_grain": 60, "film_restorer_fade": 60}, 14),
        ({"film_restorer_weave": 0, "film_restorer_noise": 0}, 5),
    ],
)
def test_as_many_frames_as_declared_are_kept_back_and_never_more(settings: dict[str, int], delay: int) -> None:
    """The declared number is reached within a shot, and not passed where a cut comes."""
    film = items([*scene(17, seed=1), *(255 - image for image in scene(2, seed=9))])
    processor, given, most = FilmRestorer(steps_of(Options.parse(settings).film_restorer)), 0, 0
    for count, item in enumerate(film, 1):
        given += len(processor.process([item]))
        most = max(most, count - given)
    assert most == processor.delay == delay
    assert given + len(processor.finish()) == len(film)
    assert SPEC.delay is not None
    assert SPEC.delay(Options.parse(settings)) == delay
