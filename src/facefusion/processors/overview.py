"""Which processors can run now, with which model, and what is missing for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

from facefusion.errors import OptionsError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.families import Families
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store import ModelStore
from facefusion.inference.store.overview import Entry, overview
from facefusion.options import Options
from facefusion.options.leaves import leaf_table
from facefusion.options.own import own_group
from facefusion.processors.automatic import AUTO, first_ready
from facefusion.processors.base import ProcessorSpec
from facefusion.processors.registry import Found, found_processors


@dataclass(frozen=True, slots=True)
class ProcessorOverview:
    """A processor, and whether it can run with the options given.

    Attributes:
        found: the processor.
        model: that it would take; empty where it takes none, None where the options name none.
        entry: what is known of that model; None where it needs no weights, or there is no such model.
        others: names of further models of its task that can run now.
        problem: why it cannot be used, whatever its model; empty where it can.
        advice: what gets it to run, a command where there is one; empty where it can.
    """

    found: Found
    model: str | None = ""
    entry: Entry | None = None
    others: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""

    @property
    def can_run(self) -> bool:
        """Whether it can run now."""
        spec = self.found.spec
        if spec is None or self.problem or self.model is None:
            return False
        if not self.model or self.model in spec.without_weights:
            return True
        return self.entry is not None and self.entry.state == "ready"


def processors_overview(options: Options) -> tuple[list[ProcessorOverview], Catalogue]:
    """Return all processors installed, by name, and the catalogue that their models are of.

    Raises:
        CatalogueError: an entry in a folder of weights is not what it should be.
    """
    catalogue = open_catalogue(options.models)
    store = open_store(options.models)
    tasks = overview(catalogue, store, Families())
    entries = {entry.card.name: entry for task in tasks for entry in task.entries}
    found = (_one(found, options, entries) for found in found_processors())
    return [replace(each, advice=_advice(each, store)) for each in found], catalogue


def chosen_model(spec: ProcessorSpec, options: Options) -> str | None:
    """Return the model that the options name for a processor; empty where it takes none, None where they name none.

    Raises:
        OptionsError: an option of its own is impossible, or there is none of the name that it gives.
    """
    if not spec.model_option:
        return ""
    own = {} if spec.options is None else dict(own_group(spec.options, spec.name, options.processor_options))
    leaf = leaf_table(Options).get(spec.model_option)
    if spec.model_option in own:
        value = own[spec.model_option]
    elif leaf is not None:
        value = getattr(reduce(getattr, leaf.path, options), leaf.name)
    else:
        raise OptionsError(f"It says that {spec.model_option!r} names its model, and there is no such option")
    return None if value is None else str(value)


def _one(found: Found, options: Options, entries: Mapping[str, Entry]) -> ProcessorOverview:
    if found.spec is None:
        return ProcessorOverview(found, problem=found.problem)
    try:
        model = chosen_model(found.spec, options)
    except OptionsError as error:
        return ProcessorOverview(found, problem=error.what)
    if model == AUTO and found.spec.automatic:
        model = first_ready(found.spec.automatic, lambda name: name in entries and entries[name].state == "ready")
    entry = entries.get(model or "")
    task = found.spec.task or found.name
    if entry is not None and entry.card.task != task:
        wrong = f"model {model} is of task {entry.card.task}, not {task}"
        return ProcessorOverview(found, problem=wrong, advice=f"facefusion models list {task}")
    ready = (each.card for each in entries.values() if each.state == "ready" and model != "")
    others = tuple(card.name for card in ready if card.task == task and card.name != model)
    return ProcessorOverview(found, model, entry, others)


def _advice(each: ProcessorOverview, store: ModelStore) -> str:
    if each.can_run or each.problem:
        return each.advice or each.found.advice
    if each.entry is None:
        return store.command("list" if each.model else "add FILE.onnx --entry FILE.toml")
    card, state = each.entry.card, each.entry.state
    if state == "untrusted":
        return store.command(f"verify {card.name} --trust")
    if state not in {"missing", "incomplete", "damaged"}:
        return store.command(f"show {card.name}")
    if card.urls:
        return store.command(f"pull {card.name}")
    return f"{store.advice(card)}; others: `{store.command(f'list {card.task}')}`"
