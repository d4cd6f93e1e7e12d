"""Handing in jobs: files go into storage by their digests, and options become a request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from facefusion.errors import InputMissingError, OptionsError
from facefusion.jobs.allowed import allowed_options, use_of
from facefusion.jobs.keys import upload_key
from facefusion.jobs.links import link_tables, located_links
from facefusion.jobs.own_files import handed_links, handed_texts
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage import Storage
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.options import Options, ServingOptions
from facefusion.options.people import read_map

Keep = Callable[[Path, int, str], str]
"""Keeps a file of this size and SHA-256, and returns its reference."""
_OF_A_MAP: Final = ("sources", "reference")


def is_cut(info: PictureInfo | VideoInfo, serving: ServingOptions) -> bool:
    """Return whether a job is cut into segments: where its target is a long video, or nobody knows how long.

    Args:
        info: of the target, as far as it is worked on.
        serving: says from how many frames on.
    """
    return isinstance(info, VideoInfo) and (info.frames is None or info.frames > serving.jobs.cut_after)


@dataclass(slots=True)
class HandingIn:
    """Puts files of this machine into storage.

    Attributes:
        storage: takes them.
        tenant: whose they are.
        keep: takes them instead, and accounts for them; None has them lie in storage by their digests.
        digests: SHA-256 of what was handed in, by reference.
        names: of the files that were handed in, by reference.
    """

    storage: Storage
    tenant: str
    keep: Keep | None = None
    digests: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def file(self, text: str | Path) -> str:
        """Return the reference of a file, put into storage if it is not there; a reference stays what it is.

        Raises:
            InputMissingError: there is no such file.
            JobQuotaError: there is no room for it.
            StorageError: it cannot be put.
        """
        try:
            return str(Reference.parse(str(text)))
        except ValueError:
            path = Path(text)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = path.stat().st_size
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputMissingError(f"{path} cannot be read: {reason}", "Jobs take pictures and videos") from error
        reference = self._by_digest(path, size, digest) if self.keep is None else self.keep(path, size, digest)
        self.digests[reference] = digest
        self.names[reference] = path.name
        return reference

    def request(self, values: Mapping[str, Any], *, deliver_to: str | None = None) -> JobRequest:
        """Return the request that options stand for; files that they name are handed in.

        Args:
            values: of options, by their own names; those that no request may set are left out.
            deliver_to: as of `JobRequest`.

        Raises:
            OptionsError: a value is impossible.
            InputMissingError: a file is not there.
            JobQuotaError: there is no room for one.
            StorageError: one cannot be put.
        """
        target, output = values.get("target_path"), values.get("output_path")
        if target is None or output is None:
            raise OptionsError("A job has a target and an output", "Name them with --target and --output")
        asked = {
            "sources": [self.file(path) for path in _paths(values.get("source_paths", ()))],
            "target": self.file(str(target)),
            "output": _name(output),
            "deliver_to": deliver_to,
            "options": {name: self._value(name, value) for name, value in values.items() if name in allowed_options()},
        }
        return JobRequest.parse(asked).pinned(self.digests)

    def _by_digest(self, path: Path, size: int, digest: str) -> str:
        key = upload_key(self.tenant, digest)
        if self.storage.size(key) != size:
            self.storage.put(path, key)
        return f"upload:{digest}"

    def _value(self, name: str, value: Any) -> Any:
        if name == "face_map":
            return [self._entry(entry) for entry in read_map(value)]
        if name == "chain":
            return handed_links(located_links(link_tables(value), self.file), self.file)
        if name == "processor_options":
            return handed_texts(value, self.file)
        use = use_of(allowed_options()[name])
        if value is None or use == "value":
            return list(value) if isinstance(value, tuple) else value
        return self.file(str(value)) if use == "input" else _name(value)

    def _entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        table = {**entry, **entry.get("options", {})}
        table.pop("options", None)
        table["sources"] = [self.file(source) for source in entry["sources"]]
        if entry.get("reference") is not None:
            table["reference"] = self.file(entry["reference"])
        return table


def _paths(given: Any) -> Iterator[str | Path]:
    """Yield sources; a list in one text is taken apart as options do it, but for addresses."""
    for entry in (given,) if isinstance(given, str | Path) else given:
        try:
            Reference.parse(str(entry))
        except ValueError:
            yield from Options.parse({"source_paths": [entry]}).source_paths
        else:
            yield entry


def _name(path: Any) -> str:
    """Return the name of an output; where it goes is said when it is fetched."""
    if Path(str(path)).name != str(path):
        raise OptionsError(
            f"The output {path} names a folder, which another machine may not have",
            "Give its name alone, and the folder to `facefusion job fetch`",
        )
    return str(path)
