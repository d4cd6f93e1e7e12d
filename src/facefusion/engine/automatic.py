"""Options in which the models are named that `auto` stands for, so that records and outputs go by what is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from facefusion.inference.opening import open_catalogue, open_store
from facefusion.options import Link, Options
from facefusion.options.leaves import leaf_table
from facefusion.processors.automatic import AUTO, first_ready
from facefusion.processors.base import ProcessorSpec


def with_models_named(options: Options, processors: Sequence[ProcessorSpec]) -> Options:
    """Return options in which no model is `auto` any more, of no processor and in no link of the chain.

    Args:
        options: all options.
        processors: of the job; the models of others do not matter.

    Raises:
        CatalogueError: an entry of a catalogue is not what it should be.
        ModelUnsafeError: a file that is there is something that is never loaded.
    """
    unnamed = {spec.name: spec for spec in processors if spec.automatic and _is_unnamed(options, spec)}
    if not unnamed:
        return options
    catalogue, store = open_catalogue(options.models), open_store(options.models)

    def is_ready(name: str) -> bool:
        return name in catalogue and store.is_here(catalogue[name])

    models = {spec.model_option: first_ready(spec.automatic, is_ready) for spec in unnamed.values()}
    update: dict[str, Any] = {"chain": tuple(_named(link, models) for link in options.chain)}
    for spec in unnamed.values():
        group = _group(spec)
        own = getattr(options, group)
        if getattr(own, spec.model_option) == AUTO:
            update[group] = own.model_copy(update={spec.model_option: models[spec.model_option]})
    return options.model_copy(update=update)


def _is_unnamed(options: Options, spec: ProcessorSpec) -> bool:
    """Whether a processor's model is `auto` for the job, or for a link."""
    if getattr(getattr(options, _group(spec)), spec.model_option) == AUTO:
        return True
    return any(link.processor == spec.name and AUTO in link.options.values() for link in options.chain)


def _group(spec: ProcessorSpec) -> str:
    """Return the group in which the option stands that says a processor's model."""
    return leaf_table(Options)[spec.model_option].path[0]


def _named(link: Link, models: Mapping[str, str]) -> Link:
    """Return a link in which models are named, given what they are by option."""
    auto = {name: models.get(_spelt(name)) for name, value in link.options.items() if value == AUTO}
    named = {name: model for name, model in auto.items() if model is not None}
    return link.model_copy(update={"options": link.options | named}) if named else link


def _spelt(option: str) -> str:
    """Return the name of an option, given any of its spellings."""
    leaf = leaf_table(Options).get(option)
    return option if leaf is None else leaf.name
