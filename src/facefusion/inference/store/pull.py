"""Getting weights into the user's own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from facefusion.errors import (
    CatalogueError,
    DownloadError,
    FaceFusionError,
    LicenceError,
    ModelDamagedError,
    ModelUnknownError,
    ModelUnsafeError,
    ModelUntrustedError,
    OutputUnwritableError,
)
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.graph import read_graph
from facefusion.inference.store.download import Downloader, Part
from facefusion.inference.store.files import digest_of, make_folder, put_in_place, writing
from facefusion.inference.store.lock import LOCKS, LockFile, Pin
from facefusion.inference.store.store import ModelStore
from facefusion.inference.weights import opened

ALL = "all"
REFUSED = ".refused"


@dataclass(frozen=True, slots=True)
class Transfer:
    """How far a file is.

    Attributes:
        name: of the model.
        done: bytes that are there.
        total: bytes that there will be; None where nobody knows.
    """

    name: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a model.

    Attributes:
        name: of the model.
        outcome: `pulled`; `there` where it was there already; `left out` where the licence policy does not allow it, or
            it cannot be fetched; `failed`.
        pin: what was recorded of it, where the catalogue names no digest.
        error: why it was left out or failed.
    """

    name: str
    outcome: Literal["pulled", "there", "left out", "failed"]
    pin: Pin | None = None
    error: FaceFusionError | None = None


def chosen_cards(catalogue: Catalogue, words: Sequence[str]) -> list[ModelCard]:
    """Return the models that names, tasks or `all` stand for, each after those that it requires.

    Raises:
        ModelUnknownError: there is no such model or task.
        CatalogueError: a model requires itself, or one that there is not.
    """
    chosen: dict[str, ModelCard] = {}
    for word in words:
        for card in _cards(catalogue, word):
            _with_required(catalogue, card, chosen)
    return list(chosen.values())


class Puller:
    """Fetches weights into the user's own folder.

    Args:
        catalogue: models by name.
        store: with a folder of the user's own.
        downloader: fetches files.
        listener: told of progress.
        notify: told what people should know while they wait, one sentence each.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        store: ModelStore,
        downloader: Downloader,
        *,
        listener: Callable[[Transfer], None] = lambda transfer: None,
        notify: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._downloader = downloader
        self._listener = listener
        self._notify = notify
        self._bundled = Catalogue.bundled()
        self._folder = own_folder_of(store)

    def pull(self, words: Sequence[str]) -> Iterator[Pulled]:
        """Get models, one after the other; one that fails does not keep the others away.

        Args:
            words: names of models, tasks, or `all`.

        Yields:
            what became of each, bundled ones left out unless they are named.

        Raises:
            ModelUnknownError: there is no such model or task.
            CatalogueError: a model that is named requires itself, or one that there is not.
            LicenceError: the policy does not allow a model that is named, or one that it requires.
            OutputError: the folder cannot be written, or is full.
        """
        named = chosen_cards(self._catalogue, [word for word in words if word in self._catalogue])
        for card in named:
            self._store.check_licence(card)
        cards, impossible = self._wanted(words)
        yield from impossible
        for card in cards:
            if card.name not in self._bundled or card in named:
                yield self._outcome(card, is_named=card in named)

    def _wanted(self, words: Sequence[str]) -> tuple[list[ModelCard], list[Pulled]]:
        """Return the models that words stand for, and what became of those whose entries require what cannot be."""
        chosen: dict[str, ModelCard] = {}
        impossible: dict[str, Pulled] = {}
        for card in (card for word in words for card in _cards(self._catalogue, word)):
            try:
                _with_required(self._catalogue, card, chosen)
            except CatalogueError as error:
                impossible[card.name] = Pulled(card.name, "failed", error=error)
        return list(chosen.values()), list(impossible.values())

    def _outcome(self, card: ModelCard, *, is_named: bool) -> Pulled:
        try:
            self._check_licences(card)
            return self.get(card)
        except LicenceError as error:
            return Pulled(card.name, "left out", error=error)
        except DownloadError as error:
            return Pulled(card.name, "failed" if card.urls or is_named else "left out", error=error)
        except (ModelDamagedError, ModelUnsafeError, ModelUntrustedError) as error:
            return Pulled(card.name, "failed", error=error)

    def _check_licences(self, card: ModelCard) -> None:
        for needed in chosen_cards(self._catalogue, [card.name]):
            self._store.check_licence(needed)

    def get(self, card: ModelCard) -> Pulled:
        """Get one model, without those that it requires.

        Raises:
            ModelUntrustedError: a file lies there of which nobody has said what it is.
            DownloadError: it is not to be had.
            ModelDamagedError: what came is not what the catalogue or the lock file says; it was set aside.
            ModelUnsafeError: what came is no harmless ONNX file; it was set aside.
            OutputError: it cannot be written.
        """
        if self._is_there(card):
            return Pulled(card.name, "there")
        with self._alone(card):
            if self._is_there(card):  # another run was faster
                return Pulled(card.name, "there")
            return Pulled(card.name, "pulled", self._fetch(card))

    def _is_there(self, card: ModelCard) -> bool:
        held = self._store.look(card)
        if held.path is None:
            return False
        try:
            self._store.path(card)
        except ModelDamagedError:
            if held.path.parent != self._folder:
                return False
            self._set_aside(held.path, "it is not what the catalogue or the lock file says")
            return False
        return True

    @contextmanager
    def _alone(self, card: ModelCard) -> Iterator[None]:
        """Keep other runs from fetching the same file."""
        make_folder(self._folder / LOCKS)
        lock = FileLock(self._folder / LOCKS / card.file)
        with writing(self._folder):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._notify(f"{card.name}: waiting for another run that fetches it")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _fetch(self, card: ModelCard) -> Pin | None:
        """Try one address after the other."""
        if not card.urls:
            raise DownloadError(f"The entry of model {card.name} names no address", self._store.advice(card))
        failures: list[FaceFusionError] = []
        for url in card.urls:
            try:
                return self._fetch_from(url, card)
            except (DownloadError, ModelDamagedError, ModelUnsafeError) as error:
                failures.append(error)
        refused = [error for error in failures if not isinstance(error, DownloadError)]
        if refused:
            raise refused[0]
        reasons = "; ".join(error.what for error in failures)
        hint = "Run the same command again, which goes on where it ended; proxies are taken from the environment"
        raise DownloadError(f"The weights of model {card.name} could not be fetched: {reasons}", hint)

    def _fetch_from(self, url: str, card: ModelCard) -> Pin | None:
        """Fetch a file from one address, check it and put it in place; return what was recorded of it."""
        held = self._store.look(card)
        part = Part(self._folder / f"{card.file}.part")
        while True:
            joined = self._downloader.fetch(
                url,
                part,
                size=held.bytes if held.path is None else None,
                may_join=held.sha256 is not None,
                listener=lambda done, total: self._listener(Transfer(card.name, done, total)),
            )
            digest = digest_of(part.path)
            if held.sha256 in (None, digest):
                break
            reason = f"its SHA-256 is {digest}, not {held.sha256}"
            aside = self._set_aside(part.path, f"{reason}; it came from {url}", card.file)
            part.close()
            if not joined:
                hint = f"It was set aside as {aside}; nothing of it is used"
                if held.pinned_by:
                    forget = self._store.command(f"remove {card.name}")
                    hint += f". If it was published anew, `{forget}` forgets the old digest"
                raise ModelDamagedError(f"What {urlsplit(url).hostname} has is not model {card.name}: {reason}", hint)
        self._check_graph(part, url, card)
        pin = None if held.sha256 else Pin.now(card.file, digest, part.size, url)
        if pin is not None:
            LockFile(self._folder).record({card.name: pin})
        with writing(self._folder):
            put_in_place(part.path, self._folder / card.file)
        part.close()
        return pin

    def _check_graph(self, part: Part, url: str, card: ModelCard) -> None:
        try:
            with opened(part.path) as content:
                read_graph(content, card.file)
        except ModelUnsafeError as error:
            aside = self._set_aside(part.path, f"{error.what}; it came from {url}", card.file)
            part.close()
            raise ModelUnsafeError(
                f"{error.what}, as it came from {urlsplit(url).hostname}", f"It was set aside as {aside}"
            ) from error

    def _set_aside(self, path: Path, reason: str, name: str | None = None) -> Path:
        """Rename a file that is not to be used, and write beside it why."""
        aside = self._folder / f"{name or path.name}{REFUSED}"
        with writing(self._folder):
            path.replace(aside)
            aside.with_name(f"{aside.name}.txt").write_text(f"{reason}\n", "utf-8")
        return aside


def own_folder_of(store: ModelStore) -> Path:
    """Return the user's own folder.

    Raises:
        OutputUnwritableError: the store has none.
    """
    if store.own is None:
        raise OutputUnwritableError("The store has no folder of your own", "Name one with --models-dir")
    return store.own


def _cards(catalogue: Catalogue, word: str) -> list[ModelCard]:
    if word == ALL:
        return list(catalogue)
    if word in catalogue:
        return [catalogue[word]]
    if cards := catalogue.of_task(word):
        return cards
    tasks = sorted({card.task for card in catalogue})
    raise ModelUnknownError(
        f"There is no model and no task {word!r}",
        f"The tasks are {', '.join(tasks)}; `facefusion models list` shows the models",
    )


def _with_required(catalogue: Catalogue, card: ModelCard, chosen: dict[str, ModelCard], *within: str) -> None:
    if card.name in within:
        raise CatalogueError(f"Model {card.name} requires itself", "Mend its entry")
    if card.name not in chosen:
        for name in card.requires:
            if name not in catalogue:
                raise CatalogueError(f"Model {card.name} requires {name!r}, which there is not", "Mend its entry")
            _with_required(catalogue, catalogue[name], chosen, card.name, *within)
        chosen[card.name] = card
