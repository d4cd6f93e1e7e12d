"""Which checks of content can be made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from facefusion.inference.catalogue import Catalogue
from facefusion.trust.content.base import CLASSIFIER_TASK, DETECTOR_TASK

PRIMARY: Final = "nudenet_320n"
"""The detector without which nothing is checked, and so nothing is done."""
_AGE_TASK: Final = "face_classifier"


@dataclass(frozen=True, slots=True)
class ActiveChecks:
    """Which models check content.

    Attributes:
        has_primary: whether the detector is here without which nothing is done.
        further: names of the models that check besides, with their tasks.
        age: the model that tells ages; None where none is here, so that apparent minors are not looked for.
    """

    has_primary: bool
    further: tuple[tuple[str, str], ...] = ()
    age: str | None = None

    def __str__(self) -> str:
        """Return one line that people read."""
        names = [name for name, _ in self.further]
        also = f", with {', '.join(names)}" if names else ""
        age = f"apparent minors by {self.age}" if self.age else "no age model, so apparent minors are not looked for"
        return f"explicit content by {PRIMARY}{also}; {age}" if self.has_primary else f"{PRIMARY} is not here"


def active_checks(catalogue: Catalogue, is_here: Callable[[str], bool], *, age_model: str = "fairface") -> ActiveChecks:
    """Return which models check content.

    Args:
        catalogue: models by name.
        is_here: whether the weights of a model may be used and are there.
        age_model: the model that tells ages, where it is here; else whichever is.

    Raises:
        ModelUnsafeError: a file is something that is never loaded.
        CatalogueError: a lock file is damaged.
    """
    further = tuple(
        (card.name, task)
        for task in (DETECTOR_TASK, CLASSIFIER_TASK)
        for card in catalogue.of_task(task)
        if card.name != PRIMARY and is_here(card.name)
    )
    ages = [card.name for card in catalogue.of_task(_AGE_TASK) if is_here(card.name)]
    age = age_model if age_model in ages else next(iter(ages), None)
    return ActiveChecks(PRIMARY in catalogue and is_here(PRIMARY), further, age)
