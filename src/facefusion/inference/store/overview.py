"""What can run now, and what is missing for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from facefusion.errors import CatalogueError, LicenceError, ModelUnsafeError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.families import Families
from facefusion.inference.store.pull import ALL
from facefusion.inference.store.store import Holding, ModelStore

Readiness = Literal[
    "ready", "missing", "incomplete", "untrusted", "damaged", "unsafe", "not allowed", "no family", "wrong entry"
]


@dataclass(frozen=True, slots=True)
class Entry:
    """A model, and whether it can run.

    Attributes:
        card: its entry.
        state: `ready`; `missing`; `incomplete` where a model that it requires is not ready; `untrusted`, `damaged` and
            `unsafe` as the file is; `not allowed` by the licence policy, which holds for what it requires too;
            `no family` where none is installed that knows it; `wrong entry` where the family knows not its settings.
        holding: what lies in the store; None where the file is unsafe.
        is_bundled: whether it comes with the package.
        because_of: the model that it requires and that is why it cannot run; None where it is itself the reason.
        flags: what commands about the store need besides.
    """

    card: ModelCard
    state: Readiness
    holding: Holding | None
    is_bundled: bool
    because_of: ModelCard | None = None
    flags: str = ""

    @property
    def bytes(self) -> int | None:
        """Size of the weights; None where nobody knows."""
        return self.card.bytes if self.holding is None else self.holding.bytes


@dataclass(frozen=True, slots=True)
class TaskOverview:
    """The models of a task.

    Attributes:
        task: the task.
        entries: its models, by name.
        flags: what commands about the store need besides.
    """

    task: str
    entries: tuple[Entry, ...]
    flags: str = ""

    @property
    def ready(self) -> tuple[Entry, ...]:
        """Those that can run now."""
        return tuple(entry for entry in self.entries if entry.state == "ready")

    @property
    def command(self) -> str:
        """The command that gets the rest; empty where there is nothing to get."""
        wanted = ("missing", "incomplete", "damaged")
        can_be_had = any(entry.state in wanted and entry.card.urls for entry in self.entries)
        return f"facefusion models pull {self.task}{self.flags}" if can_be_had else ""


def overview(catalogue: Catalogue, store: ModelStore, families: Families) -> list[TaskOverview]:
    """Return all models by task; nothing is read but names and sizes of files."""
    bundled = Catalogue.bundled()
    entries = {card.name: _entry(card, store, families, card.name in bundled) for card in catalogue}
    tasks = sorted({card.task for card in catalogue})
    return [
        TaskOverview(
            task, tuple(_complete(entries[card.name], entries) for card in catalogue.of_task(task)), store.flags
        )
        for task in tasks
    ]


def rest_command(tasks: list[TaskOverview]) -> str:
    """Return the one command that gets all that is missing; empty where nothing is."""
    return next((f"facefusion models pull {ALL}{task.flags}" for task in tasks if task.command), "")


def _entry(card: ModelCard, store: ModelStore, families: Families, is_bundled: bool) -> Entry:
    try:
        holding = store.look(card)
    except ModelUnsafeError:
        return Entry(card, "unsafe", None, is_bundled, flags=store.flags)
    state = _state(card, holding, store, families, is_bundled)
    return Entry(card, state, holding, is_bundled, flags=store.flags)


def _state(card: ModelCard, holding: Holding, store: ModelStore, families: Families, is_bundled: bool) -> Readiness:
    try:
        store.check_licence(card)
    except LicenceError:
        return "not allowed"
    wrong = None if is_bundled else _fault(card, families)  # what ships is used by the package itself
    return wrong or ("ready" if holding.state == "here" else holding.state)


def _fault(card: ModelCard, families: Families) -> Literal["no family", "wrong entry"] | None:
    """Return what is wrong with an entry that ships without weights."""
    try:
        family = families[card.family]
    except CatalogueError:
        return "no family"
    try:
        family.read_settings(card)
    except CatalogueError:
        return "wrong entry"
    return None


def _complete(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """Look at what a model requires too."""
    if entry.state not in ("ready", "missing") or not entry.card.requires:
        return entry
    names = _required(entry.card, entries, {})
    required = [entries[name] for name in names if name in entries]
    if forbidden := next((each for each in required if each.state == "not allowed"), None):
        return replace(entry, state="not allowed", because_of=forbidden.card)
    lacking = next((each for each in required if each.state != "ready"), None)
    can_be_had = len(required) == len(names) and entry.card.name not in names
    if entry.state == "missing" or (lacking is None and can_be_had):
        return entry
    return replace(entry, state="incomplete", because_of=None if lacking is None else lacking.card)


def _required(card: ModelCard, entries: Mapping[str, Entry], found: dict[str, None]) -> dict[str, None]:
    """Return the names of all that a model requires, and of what that requires."""
    for name in card.requires:
        if name not in found:
            found[name] = None
            if name in entries:
                _required(entries[name].card, entries, found)
    return found
