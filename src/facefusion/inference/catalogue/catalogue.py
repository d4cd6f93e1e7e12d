"""Models by name."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Self

from pydantic import ValidationError

from facefusion.errors import CatalogueError, ModelUnknownError
from facefusion.inference.catalogue.card import ModelCard

_BUNDLED, _PUBLIC = "bundled", "public"


class Catalogue:
    """Models by name.

    Args:
        cards: the entries; of two with one name the later counts.
        faults: why entries of plug-ins were left out, one sentence each.

    Attributes:
        faults: as given.
    """

    def __init__(self, cards: Iterable[ModelCard], faults: Iterable[str] = ()) -> None:
        self.faults = tuple(faults)
        self._cards = {card.name: card for card in sorted(cards, key=lambda card: card.name)}

    @classmethod
    def bundled(cls) -> Self:
        """Read the entries of the weights that ship with the package."""
        return cls(_shipped(_BUNDLED))

    @classmethod
    def known(cls) -> Self:
        """Read all entries that ship with the package, those of public weights included, which do not."""
        return cls([*_shipped(_PUBLIC), *_shipped(_BUNDLED)])

    def __iter__(self) -> Iterator[ModelCard]:
        """Yield the cards by name."""
        return iter(self._cards.values())

    def __contains__(self, name: str) -> bool:
        """Return whether there is a model of this name."""
        return name in self._cards

    def __getitem__(self, name: str) -> ModelCard:
        """Return the card of a model.

        Raises:
            ModelUnknownError: there is none of this name.
        """
        if name not in self._cards:
            near = difflib.get_close_matches(name, self._cards, n=3, cutoff=0.5)
            meant = f"Perhaps you meant {' or '.join(near)}; " if near else ""
            hint = " ".join([*self.faults, f"{meant}`facefusion models list --details` shows all"])
            raise ModelUnknownError(f"There is no model {name!r}", hint)
        return self._cards[name]

    def look_up(self, name: str, task: str) -> ModelCard:
        """Return the card of a model for a task.

        Raises:
            ModelUnknownError: there is none of this name for this task.
        """
        others = ", ".join(card.name for card in self.of_task(task)) or "none"
        if name not in self._cards:
            raise ModelUnknownError(f"There is no {task} model {name!r}", f"There is: {others}")
        card = self._cards[name]
        if card.task != task:
            raise ModelUnknownError(f"Model {name!r} is a {card.task}, not a {task}", f"There is: {others}")
        return card

    def of_task(self, task: str) -> list[ModelCard]:
        """Return the models for a task, by name."""
        return [card for card in self if card.task == task]


def read_cards(text: str, place: str) -> list[ModelCard]:
    """Return the entries of one TOML file: one on its own, or a list of tables `model`.

    Args:
        text: the file's text.
        place: how messages call the file.

    Raises:
        CatalogueError: it is no TOML, or an entry is not what it should be.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{place} is no TOML: {error}", "Mend it there") from error
    except RecursionError as error:
        raise CatalogueError(f"{place} has tables too deep within one another", "Mend it there") from error
    entries = table["model"] if isinstance(table.get("model"), list) else [table]
    return [_card(entry, place) for entry in entries]


def _card(entry: object, place: str) -> ModelCard:
    name = entry.get("name", "without a name") if isinstance(entry, dict) else "that is no table"
    try:
        return ModelCard.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{place}: entry {name}: {field}: {first['msg']}", "Mend it there") from error


@cache
def _shipped(folder: str) -> tuple[ModelCard, ...]:
    """Return the entries of a folder of the package, whose files stay as they are for as long as it runs."""
    place = resources.files("facefusion.inference.catalogue") / folder
    files = [entry for entry in (place.iterdir() if place.is_dir() else ()) if entry.name.endswith(".toml")]
    return tuple(card for file in files for card in read_cards(file.read_text("utf-8"), file.name))
