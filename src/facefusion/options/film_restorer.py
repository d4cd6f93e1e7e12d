"""Options of the film restorer: how strongly each step works."""

from __future__ import annotations

from pydantic import Field

from facefusion.options.base import OptionGroup


class FilmRestorerOptions(OptionGroup):
    """How old film is restored; each step has a strength from 0, off, to 100."""

    film_restorer_flicker: int = Field(
        default=100, ge=0, le=100, description="how much of the flicker of the light is taken away; 0: the step is off"
    )
    film_restorer_dust: int = Field(
        default=50, ge=0, le=100, description="how faint dust and hairs may be that are repaired; 0: the step is off"
    )
    film_restorer_scratches: int = Field(
        default=50, ge=0, le=100, description="how faint upright scratches may be that are repaired; 0: the step is off"
    )
    film_restorer_fade: int = Field(
        default=0, ge=0, le=100, description="how much of faded contrast and colours is given back; 0: the step is off"
    )
