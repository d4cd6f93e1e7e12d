"""The catalogue: what each model is, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from facefusion.errors import ModelUnknownError


class ModelCard(BaseModel):
    """One entry of the catalogue.

    Attributes:
        name: unique name.
        task: what it is for, for example `face_detector`.
        family: adapter that knows its inputs and outputs.
        file: file name of the weights.
        sha256: digest of the weights, hexadecimal.
        bytes: size of the weights.
        origin: where the weights come from, and by way of what.
        licence: SPDX identifier.
        commercial: whether the licence allows commercial use.
        input_size: height and width of the network's input in pixels.
        crop: how the crop is taken from the picture, in words.
        normalisation: what is done to RGB 0..255 values before the network, in words.
        precision: number format of the weights.
        citation: paper or page that describes the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    task: str
    family: str
    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int
    origin: tuple[str, ...]
    licence: str
    commercial: bool
    input_size: tuple[int, int]
    crop: str
    normalisation: str
    precision: str
    citation: str


class Catalogue:
    """Models by name."""

    def __init__(self, cards: Mapping[str, ModelCard]) -> None:
        self._cards = dict(cards)

    @classmethod
    def bundled(cls) -> Catalogue:
        """Read the entries that ship with the package."""
        folder = resources.files("facefusion.inference") / "catalogue"
        texts = (entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml"))
        cards = [ModelCard.model_validate(tomllib.loads(text)) for text in texts]
        return cls({card.name: card for card in sorted(cards, key=lambda card: card.name)})

    def __iter__(self) -> Iterator[ModelCard]:
        """Yield the cards by name."""
        return iter(self._cards.values())

    def __getitem__(self, name: str) -> ModelCard:
        """Return the card of a model.

        Raises:
            ModelUnknownError: there is none of this name.
        """
        if name not in self._cards:
            raise ModelUnknownError(f"There is no model {name!r}", f"The catalogue holds {', '.join(self._cards)}")
        return self._cards[name]
