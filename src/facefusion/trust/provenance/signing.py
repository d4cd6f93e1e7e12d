"""Putting a signed manifest into a finished file."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import c2pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from facefusion.errors import DisclosureError, FaceFusionError, SigningError
from facefusion.media.faults import writing
from facefusion.media.forms import Form
from facefusion.media.output import atomic_output
from facefusion.trust.provenance.algorithms import Algorithm, signing_public_key
from facefusion.trust.provenance.carriers import can_hold, mime_type, sidecar_path
from facefusion.trust.provenance.definition import CREATED, definition, target_ingredient
from facefusion.trust.provenance.engine import offline_context
from facefusion.trust.provenance.facts import ManifestFacts
from facefusion.trust.provenance.media_box import is_hashed_in_blocks
from facefusion.trust.provenance.parent import Parent, look_at_parent
from facefusion.trust.provenance.seal import NoRoomError, place_seal
from facefusion.trust.provenance.signer import Signer, checked_leaf

_FILLERS: Final = (0, 120, 240, 60)
"""Where a file is cut up, as a GIF is every 255 bytes, one of these moves the seal to where it is in one piece."""


def sign(path: Path, form: Form, facts: ManifestFacts, signer: Signer) -> Path | None:
    """Sign a finished file; nothing of its pixels, samples or packets changes.

    The file takes its new form whole or not at all. It is read and written in pieces, whatever its length.

    Args:
        path: of the file; what it bears of metadata has to be in it already, for nothing may be changed afterwards.
        form: of the file.
        facts: what is said of it.
        signer: who says so.

    Returns:
        The file beside it that holds the manifest, of forms that cannot hold one (`can_hold`), else None.

    Raises:
        SigningError: the certificate or the key does not sign.
        DisclosureError: the file cannot take a manifest.
        OutputError: it cannot be written.
    """
    beside = None if can_hold(form) else sidecar_path(path)
    work = _Work(path, form, facts, signer, look_at_parent(facts.target))
    with atomic_output(beside or path) as temporary:
        for filler in _FILLERS:
            try:
                work.write(temporary, filler, embed=beside is None)
            except NoRoomError:
                continue
            return beside
        raise DisclosureError(f"The {form.name} leaves no room for a sealed manifest", "Choose another form")


class _Work:
    """One file that is signed."""

    def __init__(self, path: Path, form: Form, facts: ManifestFacts, signer: Signer, parent: Parent) -> None:
        self._path, self._form, self._facts, self._parent = path, mime_type(form), facts, parent
        self._callback = _Callback(signer)
        self._in_blocks = is_hashed_in_blocks(path, form)
        self._chain = signer.chain

    def write(self, temporary: Path, filler: int, *, embed: bool) -> None:
        """Write the signed file, or the manifest alone, and seal it.

        Raises:
            NoRoomError: the seal does not fit where it came to lie.
        """
        key = Ed25519PrivateKey.generate()
        with writing(temporary), temporary.open("w+b") as output:
            if embed:
                manifest = self._signed(output, key, filler, embed=True)
            else:
                with Path(os.devnull).open("w+b") as nowhere:  # for the copy of the file, which nobody wants
                    manifest = self._signed(nowhere, key, filler, embed=False)
                output.write(manifest)
            place_seal(output, manifest, key)

    def _signed(self, file: BinaryIO, key: Ed25519PrivateKey, filler: int, *, embed: bool) -> bytes:
        output = _Watched(file)
        said = definition(self._facts, self._form, key.public_key().public_bytes_raw(), self._parent.redactions, filler)
        try:
            with (
                offline_context(created=CREATED, in_blocks=self._in_blocks) as context,
                self._callback.signer(self._chain) as signer,
            ):
                builder = c2pa.Builder(self._with_parent_named(said), context=context)
                self._add_parent(builder)
                if not embed:
                    builder.set_no_embed()
                with self._path.open("rb") as source:
                    return bytes(builder.sign(signer, self._form, source, output))
        except c2pa.C2paError as error:
            raise self._callback.error or output.error or _refused(error) from error

    def _with_parent_named(self, said: dict[str, Any]) -> dict[str, Any]:
        """Name a target that is not given on as a file."""
        if self._parent.path is None:
            said["ingredients"].append(target_ingredient(self._facts) | {"format": self._parent.form})
        return said

    def _add_parent(self, builder: c2pa.Builder) -> None:
        if self._parent.path is not None:
            with self._parent.path.open("rb") as target:
                builder.add_ingredient(target_ingredient(self._facts), self._parent.form, target)


class _Callback:
    """Signs for the C2PA library, which tells nobody why a signature could not be made.

    Attributes:
        error: why the last one could not.
    """

    def __init__(self, signer: Signer) -> None:
        self._sign = signer.sign
        self._key = signing_public_key(checked_leaf(signer.chain, datetime.now(UTC)))
        self._algorithm = Algorithm.of(self._key)
        self.error: FaceFusionError | None = None

    def signer(self, chain: str) -> c2pa.Signer:
        """Return what the library takes."""
        return c2pa.Signer.from_callback(self._signed, c2pa.C2paSigningAlg[self._algorithm.name], chain)

    def _signed(self, data: bytes) -> bytes:
        try:
            signature = self._sign(data)
        except FaceFusionError as error:
            self.error = error
            return b""
        except Exception as error:  # noqa: BLE001 - whatever a signer of somebody else's raises is told, not lost
            self.error = SigningError(f"The signer failed: {type(error).__name__}: {error}", "Check the signer")
            return b""
        with suppress(ValueError):
            signature = self._algorithm.plain(signature)
            if self._algorithm.holds(self._key, signature, data):
                return signature
        self.error = SigningError("The signature is not that of the certificate's key", "Give the two that belong")
        return b""


class _Watched:
    """An output of which the C2PA library is told only that it failed; we keep why.

    Attributes:
        error: what the system said.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.read, self.seek, self.tell, self.flush = file.read, file.seek, file.tell, file.flush

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise


def _refused(error: c2pa.C2paError) -> FaceFusionError:
    """Return what the C2PA library said, in the words of the tree; it names no path."""
    if isinstance(error, c2pa.C2paError.Signature):
        return SigningError(f"The manifest cannot be signed: {error}", "Check certificate and key")
    return DisclosureError(f"The file cannot take a manifest: {error}", "Write it in another form, such as MP4 or JPEG")
