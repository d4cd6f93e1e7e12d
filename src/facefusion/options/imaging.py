"""Options of the processors that hand frames or faces to an image-to-image network."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from facefusion.options.base import OptionGroup


def _colour(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(numbers) not in (3, 4) or any(not 0 <= number <= 255 for number in numbers):
        raise ValueError("a colour is red,green,blue or red,green,blue,opacity, each 0 to 255")
    return numbers if len(numbers) == 4 else (*numbers, 255)


class FrameEnhancerOptions(OptionGroup):
    """How frames are enlarged or made better as a whole."""

    frame_enhancer_model: str = Field(
        default="auto",
        description="model of the frame enhancer; it says how far frames are enlarged. 'auto' doubles them by"
        " real_esrgan_x2 where its weights are here, and else by edge_filters_x2, which needs none",
    )
    frame_enhancer_blend: int = Field(
        default=80, ge=0, le=100, description="share of the enhanced frame in the result, in percent"
    )


class FrameColorizerOptions(OptionGroup):
    """How black-and-white frames get colours."""

    frame_colorizer_model: str = Field(default="ddcolor", description="model of the frame colorizer")
    frame_colorizer_size: int = Field(
        default=256,
        ge=64,
        le=1024,
        multiple_of=32,
        description="side of the square in which the network sees a frame; larger ones give finer colours",
    )
    frame_colorizer_blend: int = Field(
        default=100, ge=0, le=100, description="share of the new colours in the result, in percent"
    )


class BackgroundRemoverOptions(OptionGroup):
    """How the background is taken away."""

    background_remover_model: str = Field(default="modnet", description="model of the background remover")
    background_remover_fill_color: Annotated[tuple[int, ...], AfterValidator(_colour)] = Field(
        default=(0, 0, 0, 0),
        min_length=1,
        description="what takes the background's place: red,green,blue,opacity, each 0 to 255;"
        " with an opacity of 0 it is transparent",
    )


class AgeModifierOptions(OptionGroup):
    """How faces are made younger or older."""

    age_modifier_model: str = Field(default="fran", description="model of the age modifier")
    age_modifier_direction: int = Field(
        default=0, ge=-100, le=100, description="below 0 makes faces younger, above 0 older, 0 leaves them"
    )


class FaceTranslatorOptions(OptionGroup):
    """How faces are given to a network of the user's own."""

    face_translator_model: str | None = Field(
        default=None, description="model of the face translator, an entry of your own"
    )
    face_translator_blend: int = Field(
        default=100, ge=0, le=100, description="share of the new face in the result, in percent"
    )
