"""How models look: by task, one by one, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from facefusion.cli.terminal import one_line
from facefusion.inference.graph import Graph
from facefusion.inference.store.overview import Entry, TaskOverview

_REASONS = {
    "missing": "not here",
    "incomplete": "lacks a model that it requires",
    "untrusted": "here, but nobody has said what the file is",
    "damaged": "the file is not the model",
    "unsafe": "the file is a link that leaves its folder",
    "not allowed": "not allowed by the licence policy",
    "no family": "nothing installed can run it",
    "wrong entry": "its entry has settings that its family does not know",
}
_NEEDS_NONE = {"face_swapper": ", and `mesh`, which needs no weights of its own"}


def task_lines(overviews: Sequence[TaskOverview], *, details: bool) -> Iterator[str]:
    """Yield for each task what can run now, under which licence, and what gets the rest."""
    for overview in overviews:
        ready, number = overview.ready, len(overview.entries)
        yield f"{overview.task}: {len(ready)} of {number} can run now{_NEEDS_NONE.get(overview.task, '')}"
        shown = overview.entries if details else ready
        width = max((len(entry.card.name) for entry in shown), default=0)
        yield from (f"  {_entry_line(entry, width, details)}" for entry in shown)
        if overview.command:
            yield f"  -> {overview.command}"


def card_lines(entry: Entry, graph: Graph | None, problem: str) -> Iterator[str]:
    """Yield all that is known of a model.

    Args:
        entry: the model.
        graph: what its file takes and gives; None where it is not here.
        problem: why the file cannot be used; empty where it can.
    """
    for name, value in card_facts(entry, graph, problem).items():
        for text in _texts(value):
            yield one_line(f"{name.replace('_', ' ') + ':':15}{text}")


def card_facts(entry: Entry, graph: Graph | None, problem: str) -> dict[str, Any]:
    """Return all that is known of a model, as JSON values; arguments as of `card_lines`."""
    facts = {**entry.card.model_dump(mode="json", exclude_defaults=True), **_state_facts(entry)}
    facts["problem"] = problem
    if graph is not None:
        facts["inputs"] = [str(tensor) for tensor in graph.inputs]
        facts["outputs"] = [str(tensor) for tensor in graph.outputs]
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def entry_facts(entry: Entry) -> dict[str, Any]:
    """Return what a list tells of a model, as JSON values."""
    card = entry.card
    return {"name": card.name, "licence": card.licence, "commercial": card.commercial, **_state_facts(entry)}


def megabytes(size: int | None) -> str:
    """Return a size in words."""
    return "size not known" if size is None else f"{size / 1e6:.1f} MB"


def _state_facts(entry: Entry) -> dict[str, Any]:
    holding = entry.holding
    return {
        "state": entry.state,
        "bundled": entry.is_bundled,
        "path": None if holding is None or holding.path is None else str(holding.path),
        "bytes": entry.bytes,
        "sha256": entry.card.sha256 if holding is None else holding.sha256,
        "recorded_in": None if holding is None or holding.pinned_by is None else str(holding.pinned_by),
    }


def _entry_line(entry: Entry, width: int, details: bool) -> str:
    state = f": {reason(entry)}" if entry.state != "ready" else ": ready" if details else ""
    return one_line(f"{entry.card.name:{width}}  {weights_facts(entry)}{state}")


def weights_facts(entry: Entry) -> str:
    """Return licence and size of a model's weights in words."""
    use = "commercial use allowed" if entry.card.commercial else "no commercial use"
    facts = [entry.card.licence, use, megabytes(entry.bytes)]
    return ", ".join([*facts, "comes with the package"] if entry.is_bundled else facts)


def reason(entry: Entry) -> str:
    """Say why a model cannot run."""
    vouch = f"`facefusion models verify {entry.card.name} --trust{entry.flags}`"
    if entry.state == "missing" and not entry.card.urls:
        trust = "" if entry.card.sha256 else f", and run {vouch}"
        return f"not here, and published at no lasting address: put {entry.card.file} into the folder{trust}"
    if entry.state == "untrusted":
        return f"{_REASONS[entry.state]}: {vouch} does"
    if entry.because_of is not None:
        return f"{_REASONS[entry.state]}: {entry.because_of.name} ({entry.because_of.licence})"
    return _REASONS[entry.state]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield ", ".join(f"{name} = {each}" for name, each in value.items())
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        yield from value
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    else:
        yield " x ".join(map(str, value)) if isinstance(value, list) else str(value)
