"""What sets one swapper with weights apart; each family has values that suit most of its models."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from facefusion.faces.templates import TemplateName
from facefusion.inference.family import FamilySettings

Channels = tuple[float, float, float]

_MEAN: Final = (0.485, 0.456, 0.406)
_STD: Final = (0.229, 0.224, 0.225)
_NONE: Final = (0.0, 0.0, 0.0)
_ONE: Final = (1.0, 1.0, 1.0)
_HALF: Final = (0.5, 0.5, 0.5)


class SwapperSettings(FamilySettings):
    """What sets a swapper apart.

    Attributes:
        size: side of the network's crop in pixels.
        template: how it is cut out.
        mean: taken from each channel, red first, 0 to 1.
        std: that it is divided by.
        restores: whether the network's output is normalised like its input; else it is 0 to 1.
    """

    size: int = Field(ge=16)
    template: TemplateName
    mean: Channels
    std: Channels
    restores: bool


class EmbeddingSettings(SwapperSettings):
    """What sets a swapper apart that takes an identity vector.

    Attributes:
        identity: whether it is ArcFace's, ArcFace's times the matrix within the file, or a converter's.
        has_unit_length: of a converter's vector: whether its length is made 1.
    """

    identity: Literal["arcface", "matrix", "converted"]
    has_unit_length: bool = True


class PortraitSettings(SwapperSettings):
    """What sets a swapper apart that takes a picture of the source, RGB, x / 255.

    Attributes:
        source_size: side of that picture in pixels.
        source_template: how it is cut out.
    """

    source_size: int = Field(ge=16)
    source_template: TemplateName


class InSwapperSettings(EmbeddingSettings):
    """InsightFace's inswapper."""

    size: int = Field(default=128, ge=16)
    template: TemplateName = "arcface_128"
    mean: Channels = _NONE
    std: Channels = _ONE
    restores: bool = False
    identity: Literal["arcface", "matrix", "converted"] = "matrix"


class SimSwapSettings(EmbeddingSettings):
    """SimSwap; the unofficial one of 512 pixels takes colours as they are."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "arcface_112_v1"
    mean: Channels = _MEAN
    std: Channels = _STD
    restores: bool = False
    identity: Literal["arcface", "matrix", "converted"] = "converted"


class GhostSettings(EmbeddingSettings):
    """GHOST."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "arcface_112_v1"
    mean: Channels = _HALF
    std: Channels = _HALF
    restores: bool = True
    identity: Literal["arcface", "matrix", "converted"] = "converted"
    has_unit_length: bool = False


class HifiFaceSettings(EmbeddingSettings):
    """HifiFace."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "mtcnn_512"
    mean: Channels = _HALF
    std: Channels = _HALF
    restores: bool = True
    identity: Literal["arcface", "matrix", "converted"] = "converted"


class HyperSwapSettings(EmbeddingSettings):
    """HyperSwap."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "arcface_128"
    mean: Channels = _HALF
    std: Channels = _HALF
    restores: bool = True
    identity: Literal["arcface", "matrix", "converted"] = "arcface"


class BlendSwapSettings(PortraitSettings):
    """BlendSwap."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "ffhq_512"
    mean: Channels = _NONE
    std: Channels = _ONE
    restores: bool = False
    source_size: int = Field(default=112, ge=16)
    source_template: TemplateName = "arcface_112_v2"


class UniFaceSettings(PortraitSettings):
    """UniFace."""

    size: int = Field(default=256, ge=16)
    template: TemplateName = "ffhq_512"
    mean: Channels = _HALF
    std: Channels = _HALF
    restores: bool = True
    source_size: int = Field(default=256, ge=16)
    source_template: TemplateName = "ffhq_512"
