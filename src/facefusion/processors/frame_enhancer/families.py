"""Families of networks that enlarge or clear up pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.errors import ModelUnfitError
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.crop_editing import from_network, to_network
from facefusion.processors.frame_enhancer.luma import joined, luma_chroma
from facefusion.processors.frame_enhancer.tiles import Enlarger, Tiling

TASK = "frame_enhancer"

Tiles = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class EnhancerSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        scale: how many times it enlarges; 1 where it keeps the size.
        tile: side of the pieces that it is given; a file that fixes its input decides itself.
        pad: pixels at each side of a piece that are not used.
        overlap: least pixels over which neighbouring pieces give way to each other.
    """

    scale: int = Field(ge=1, le=16)
    tile: int = Field(default=256, ge=16, le=4096)
    pad: int = Field(default=16, ge=0)
    overlap: int = Field(default=8, ge=0)


class RgbSettings(EnhancerSettings):
    """What sets a network of RGB pictures apart.

    Attributes:
        mean: that the network's pixels of 0 to 1 have been shifted by, for all channels.
        std: that they have then been divided by.
    """

    mean: float = 0.0
    std: float = Field(default=1.0, gt=0)


class RgbEnhancer:
    """Networks from RGB to RGB, such as Real-ESRGAN (Wang et al., 2021).

    Args:
        model: of the family.

    Raises:
        ModelUnfitError: its pieces would be too small for what is cut off them.
    """

    def __init__(self, model: Model[RgbSettings]) -> None:
        self._model = model
        self.scale = model.settings.scale
        self.tiling = _tiling(model)

    def enlarge(self, tiles: Tiles) -> Floats:
        """Return pictures enlarged; see `Enlarger`."""
        mean, std = [self._model.settings.mean], [self._model.settings.std]
        output = self._model.session.run(to_network(list(tiles), mean, std))["output"]
        _check_scale(self._model, tiles, output)
        return from_network(output, mean, std)


class LumaEnhancer:
    """Networks of luma alone, such as FSRCNN (Dong et al., 2016) and ESPCN (Shi et al., 2016).

    Colour is enlarged smoothly.

    Args:
        model: of the family.

    Raises:
        ModelUnfitError: its pieces would be too small for what is cut off them.
    """

    def __init__(self, model: Model[EnhancerSettings]) -> None:
        self._model = model
        self.scale = model.settings.scale
        self.tiling = _tiling(model)

    def enlarge(self, tiles: Tiles) -> Floats:
        """Return pictures enlarged; see `Enlarger`."""
        colours = [luma_chroma(tile) for tile in tiles]
        luma = np.stack([colour[None, :, :, 0] for colour in colours])
        output = self._model.session.run(luma)["output"]
        _check_scale(self._model, tiles, output)
        return np.stack([joined(new[0], old) for new, old in zip(output, colours, strict=True)])


def _tiling(model: Model[Any]) -> Tiling:
    """Return how frames are cut; a file that fixes its input decides on the size."""
    settings = model.settings
    sides = [side for side in model.session.inputs["input"].shape[2:] if isinstance(side, int)]
    if len(set(sides)) > 1:
        raise ModelUnfitError(f"Model {model.card.name} takes no squares but {sides[1]}x{sides[0]}", "Export it anew")
    tiling = Tiling(sides[0] if sides else settings.tile, settings.pad, settings.overlap)
    if tiling.core <= 2 * tiling.overlap:
        raise ModelUnfitError(
            f"Model {model.card.name}: of {tiling.size} pixels nothing is left after pad {tiling.pad} and overlap "
            f"{tiling.overlap}",
            "Give its entry a larger tile, or a smaller pad",
        )
    return tiling


def _check_scale(model: Model[Any], tiles: Tiles, output: Floats) -> None:
    scale = model.settings.scale
    if output.shape[2] != tiles.shape[1] * scale or output.shape[3] != output.shape[2]:
        was, got = f"{tiles.shape[2]}x{tiles.shape[1]}", f"{output.shape[3]}x{output.shape[2]}"
        raise ModelUnfitError(
            f"Model {model.card.name} makes {got} of {was}, but its entry says that it enlarges {scale} times",
            "Correct the scale in its entry",
        )


def _contract(channels: int) -> Contract:
    return Contract(
        inputs=(TensorSpec("input", ("batch", channels, "height", "width")),),
        outputs=(TensorSpec("output", ("batch", channels, "new_height", "new_width")),),
    )


def _rgb(model: Model[RgbSettings]) -> Enlarger:
    return RgbEnhancer(model)


def _luma(model: Model[EnhancerSettings]) -> Enlarger:
    return LumaEnhancer(model)


RGB = Family("rgb_super_resolution", TASK, RgbSettings, lambda settings: _contract(3), _rgb)
LUMA = Family("luma_super_resolution", TASK, EnhancerSettings, lambda settings: _contract(1), _luma)
