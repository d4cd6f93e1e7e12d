"""`facefusion models`: which weights there are, and how to get, check, pass on and add them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from facefusion.cli.context import Context
from facefusion.cli.downloads import show_downloads
from facefusion.cli.flags import option_values
from facefusion.cli.models_text import card_facts, card_lines, entry_facts, megabytes, reason, task_lines
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import FaceFusionError, ModelUnknownError, OptionsError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.families import Families
from facefusion.inference.graph import Graph, read_graph
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store import ModelStore
from facefusion.inference.store.bundle import export_bundle
from facefusion.inference.store.download import Downloader
from facefusion.inference.store.overview import Entry, TaskOverview, overview, rest_command
from facefusion.inference.store.own import add_model, check_fit, remove_model, trust_model
from facefusion.inference.store.pull import Pulled, Puller, chosen_cards
from facefusion.inference.store.unpack import import_bundle
from facefusion.inference.weights import opened
from facefusion.options import load_options


@dataclass(frozen=True, slots=True)
class _Shop:
    """What every verb needs."""

    arguments: argparse.Namespace
    terminal: Terminal
    catalogue: Catalogue
    store: ModelStore
    families: Families

    def overview(self) -> list[TaskOverview]:
        """Return all models by task."""
        return overview(self.catalogue, self.store, self.families)

    def entries(self) -> list[Entry]:
        """Return all models."""
        return [entry for task in self.overview() for entry in task.entries]


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    store = open_store(options.models)
    shop = _Shop(arguments, context.terminal, open_catalogue(options.models), store, Families())
    for fault in shop.catalogue.faults:
        context.terminal.warn(one_line(fault))
    if arguments.verb == "pull":
        return _pull(shop, context)
    if arguments.verb == "export":
        return _export(shop, options.output.overwrite if "overwrite" in option_values(arguments) else False)
    return _VERBS[arguments.verb](shop)


def _list(shop: _Shop) -> int:
    tasks = shop.overview()
    names = shop.arguments.names
    for name in names:
        if name not in {task.task for task in tasks}:
            raise ModelUnknownError(f"There is no task {name!r}", f"There are {', '.join(task.task for task in tasks)}")
    tasks = [task for task in tasks if task.task in names or not names]
    if shop.arguments.json:
        shop.terminal.result(
            json.dumps({"tasks": list(map(_task_facts, tasks)), "command": rest_command(tasks)}, indent=2)
        )
        return 0
    for line in task_lines(tasks, details=shop.arguments.details or bool(names)):
        shop.terminal.result(line)
    if not names and rest_command(tasks):
        shop.terminal.say(f"\nAll that can be fetched: {rest_command(tasks)}")
    return 0


def _task_facts(task: TaskOverview) -> dict[str, object]:
    return {"task": task.task, "command": task.command, "models": [entry_facts(entry) for entry in task.entries]}


def _show(shop: _Shop) -> int:
    card = shop.catalogue[shop.arguments.names[0]]
    entry = next(each for each in shop.entries() if each.card.name == card.name)
    graph, problem = _graph(card, entry, shop)
    if shop.arguments.json:
        shop.terminal.result(json.dumps(card_facts(entry, graph, problem), indent=2))
    else:
        shop.terminal.result("\n".join(card_lines(entry, graph, problem)))
    return 0


def _graph(card: ModelCard, entry: Entry, shop: _Shop) -> tuple[Graph | None, str]:
    """Return what a file takes and gives, and why it cannot be used."""
    if entry.holding is None:
        return None, reason(entry)
    if entry.holding.path is None:
        return None, ""
    graph = None
    try:
        with opened(entry.holding.path) as content:
            graph = read_graph(content, card.file)
            if not entry.is_bundled:
                check_fit(card, content, shop.families)
        shop.store.path(card)
    except FaceFusionError as error:
        return graph, str(error)
    except OSError as error:
        return graph, f"It cannot be read: {error.strerror}."
    return graph, ""


def _pull(shop: _Shop, context: Context) -> int:
    status = 0
    with show_downloads(shop.terminal) as listener, Downloader(context.transport) as downloader:
        puller = Puller(shop.catalogue, shop.store, downloader, listener=listener, notify=shop.terminal.say)
        for pulled in puller.pull(shop.arguments.names):
            _tell(pulled, shop)
            if pulled.outcome == "failed" and pulled.error is not None:
                status = status or pulled.error.exit_code
    return status


def _tell(pulled: Pulled, shop: _Shop) -> None:
    if pulled.error is not None:
        why = "" if pulled.outcome == "failed" else "left out: "
        shop.terminal.warn(one_line(f"{pulled.name}: {why}{pulled.error}"))
        return
    held = shop.store.look(shop.catalogue[pulled.name])
    what = "is there already" if pulled.outcome == "there" else f"pulled, {megabytes(held.bytes)}"
    shop.terminal.say(one_line(f"{pulled.name}: {what}, {_licence(shop.catalogue[pulled.name])}"))
    if pulled.pin is not None:
        shop.terminal.say(
            one_line(
                f"{pulled.name}: its entry names no digest, so that of this file was recorded in {held.pinned_by}: "
                f"{pulled.pin.sha256}"
            )
        )
    shop.terminal.result(str(held.path))


def _licence(card: ModelCard) -> str:
    return f"{card.licence}, {'commercial use allowed' if card.commercial else 'no commercial use'}"


def _verify(shop: _Shop) -> int:
    names = shop.arguments.names
    if shop.arguments.trust and not names:
        raise OptionsError("Nothing is named", "Name the models whose files you vouch for")
    cards = chosen_cards(shop.catalogue, names) if names else _held(shop)
    if not shop.arguments.trust:
        return _each(shop, cards, lambda card: _check(shop, card))
    return _each(shop, [card for card in cards if card.name in names], lambda card: _trust(shop, card))


def _trust(shop: _Shop, card: ModelCard) -> str:
    pin = trust_model(card, shop.store, shop.families)
    return "its digest was known" if pin is None else f"recorded as sha256 {pin.sha256}"


def _check(shop: _Shop, card: ModelCard) -> str:
    path = shop.store.verify(card)
    with opened(path) as content:
        read_graph(content, card.file)
    return f"as it should be, {megabytes(path.stat().st_size)}"


def _each(shop: _Shop, cards: Iterable[ModelCard], do: Callable[[ModelCard], str]) -> int:
    """Do something with each model and print how it went; the exit status is that of the first that failed."""
    status, report = 0, []
    for card in cards:
        try:
            report.append({"name": card.name, "ok": True, "found": do(card)})
        except FaceFusionError as error:
            status = status or error.exit_code
            report.append({"name": card.name, "ok": False, "found": str(error)})
        if not shop.arguments.json:
            shop.terminal.result(one_line(f"{card.name}: {report[-1]['found']}"))
    if shop.arguments.json:
        shop.terminal.result(json.dumps({"models": report}, indent=2))
    return status


def _held(shop: _Shop) -> list[ModelCard]:
    entries = (entry for entry in shop.entries() if entry.holding is None or entry.holding.path is not None)
    return [entry.card for entry in entries if entry.state != "not allowed"]


def _exportable(shop: _Shop) -> list[ModelCard]:
    """Return the models whose files are known to be theirs; say of the others that they are left out, and why."""
    cards = []
    for entry in shop.entries():
        if entry.holding is not None and entry.holding.state == "here" and entry.state != "not allowed":
            cards.append(entry.card)
        elif entry.holding is None or entry.holding.path is not None:
            shop.terminal.warn(one_line(f"{entry.card.name}: left out: {reason(entry)}"))
    return cards


def _export(shop: _Shop, overwrite: bool) -> int:
    names: Sequence[str] = shop.arguments.names
    bundled = Catalogue.bundled()
    cards = chosen_cards(shop.catalogue, names) if names else _exportable(shop)
    manifest = export_bundle(
        shop.arguments.file,
        [card for card in cards if card.name not in bundled],
        shop.store,
        overwrite=overwrite,
        listener=lambda name: shop.terminal.say(f"{name} ..."),
    )
    for name, licence in manifest.licences.items():
        shop.terminal.say(one_line(f"{name}: {licence}"))
    shop.terminal.result(str(shop.arguments.file))
    return 0


def _import(shop: _Shop) -> int:
    done = import_bundle(
        shop.arguments.file,
        shop.catalogue,
        shop.store,
        shop.families,
        listener=lambda name: shop.terminal.say(one_line(f"{name} ...")),
    )
    for name, why in done.left_out.items():
        shop.terminal.warn(one_line(f"{name}: left out: {why}"))
    for name in done.entered:
        shop.terminal.say(one_line(f"{name}: its entry came from the bundle"))
    for name in done.there:
        shop.terminal.say(one_line(f"{name}: is there already"))
    for name in done.put:
        shop.terminal.result(one_line(name))
    return 0


def _add(shop: _Shop) -> int:
    card = add_model(shop.arguments.file, shop.arguments.entry, shop.catalogue, shop.store, shop.families)
    shop.terminal.say(one_line(f"{card.name}: added as {card.task}, {megabytes(card.bytes)}, {_licence(card)}"))
    shop.terminal.result(str(shop.store.path(card)))
    return 0


def _remove(shop: _Shop) -> int:
    for name in shop.arguments.names:
        for path in remove_model(name, shop.catalogue, shop.store):
            shop.terminal.result(str(path))
    return 0


_VERBS = {"list": _list, "show": _show, "verify": _verify, "import": _import, "add": _add, "remove": _remove}
