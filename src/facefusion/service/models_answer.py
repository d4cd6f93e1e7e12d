"""What clients are told of models."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.families import Families
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store.overview import Entry, overview
from facefusion.options import Options
from facefusion.service.values import Answer


class ModelAnswer(Answer):
    """A model of the catalogue."""

    name: str
    task: str
    family: str
    state: str = Field(description="ready, missing, incomplete, untrusted, damaged, unsafe, not allowed, …")
    bundled: bool = Field(description="whether it comes with the package")
    licence: str
    commercial: bool
    size: int | None = Field(description="of the weights in bytes")
    sha256: str | None
    requires: list[str] = Field(description="models without which it does not run; they are fetched with it")
    can_be_fetched: bool = Field(description="whether its entry names an address; else whoever wants it finds it")


class ModelDetails(ModelAnswer):
    """All that is known of a model."""

    card: dict[str, Any] = Field(description="its entry in the catalogue")


def entries_of(options: Options) -> dict[str, Entry]:
    """Return all models by name.

    Raises:
        CatalogueError: an entry of a catalogue is not what it should be.
    """
    tasks = overview(catalogue_of(options), open_store(options.models), Families())
    return {entry.card.name: entry for task in tasks for entry in task.entries}


def catalogue_of(options: Options) -> Catalogue:
    """Return the catalogue; errors as of `entries_of`."""
    return open_catalogue(options.models)


def model_answer(entry: Entry) -> ModelAnswer:
    """Return what a list tells of a model."""
    return ModelAnswer(**_facts(entry))


def model_details(entry: Entry) -> ModelDetails:
    """Return all that is known of a model."""
    card = entry.card.model_dump(mode="json", exclude_defaults=True)
    return ModelDetails(**_facts(entry), card=card)


def _facts(entry: Entry) -> dict[str, Any]:
    card, holding = entry.card, entry.holding
    return {
        "name": card.name,
        "task": card.task,
        "family": card.family,
        "state": entry.state,
        "bundled": entry.is_bundled,
        "licence": card.licence,
        "commercial": card.commercial,
        "size": entry.bytes,
        "sha256": card.sha256 if holding is None else holding.sha256,
        "requires": list(card.requires),
        "can_be_fetched": bool(card.urls),
    }
