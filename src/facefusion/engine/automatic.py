"""Options in which the models are named that `auto` stands for, so that records and outputs go by what is used."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.inference.opening import open_catalogue, open_store
from facefusion.options import Options
from facefusion.options.leaves import leaf_table
from facefusion.processors.automatic import AUTO, first_ready
from facefusion.processors.base import ProcessorSpec


def with_models_named(options: Options, processors: Sequence[ProcessorSpec]) -> Options:
    """Return options in which no processor's model is `auto` any more.

    Args:
        options: all options.
        processors: of the job; the models of others do not matter.

    Raises:
        CatalogueError: an entry of a catalogue is not what it should be.
        ModelUnsafeError: a file that is there is something that is never loaded.
    """
    table = leaf_table(Options)
    places = [(spec, table[spec.model_option].path[0]) for spec in processors if spec.automatic]
    unnamed = [(spec, group) for spec, group in places if getattr(getattr(options, group), spec.model_option) == AUTO]
    if not unnamed:
        return options
    catalogue, store = open_catalogue(options.models), open_store(options.models)
    update = {}
    for spec, group in unnamed:
        model = first_ready(spec.automatic, lambda name: name in catalogue and store.is_here(catalogue[name]))
        update[group] = getattr(options, group).model_copy(update={spec.model_option: model})
    return options.model_copy(update=update)
