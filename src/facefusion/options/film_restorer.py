"""Options of the film restorer: how strongly each step works."""

from __future__ import annotations

from typing import Literal

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
    film_restorer_combing: int = Field(
        default=0,
        ge=0,
        le=100,
        description="how faint combing may be that is repaired, in video that does not say that it is interlaced; 0:"
        " the step is off",
    )
    film_restorer_weave: int = Field(
        default=100, ge=0, le=100, description="how much of the gate weave is taken away; 0: the step is off"
    )
    film_restorer_stabilise: int = Field(
        default=0,
        ge=0,
        le=100,
        description="how calm a camera that was held by hand becomes; 0: it moves as it did",
    )
    film_restorer_borders: Literal["fill", "crop"] = Field(
        default="fill",
        description="what becomes of places that a moved frame leaves empty: fill, from the frames before; crop, the"
        " frames are cut and enlarged",
    )
    film_restorer_noise: int = Field(
        default=60, ge=0, le=100, description="how much of grain and noise is taken away; 0: the step is off"
    )
    film_restorer_grain: int = Field(
        default=0,
        ge=0,
        le=100,
        description="how much of the grain that the film came with is there again in the end; 0: none is laid on",
    )
    film_restorer_grain_seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="another number, another grain of the same kind"
    )
    film_restorer_fade: int = Field(
        default=0, ge=0, le=100, description="how much of faded contrast and colours is given back; 0: the step is off"
    )
