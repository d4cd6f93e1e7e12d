"""What a job is to do, as it comes from strangers: checked before it is kept, and again by the worker that does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from facefusion.errors import FaceFusionError, OptionsError
from facefusion.jobs.allowed import found_option, use_of
from facefusion.jobs.links import checked_links, files_of_links, located_links
from facefusion.jobs.own_files import own_references
from facefusion.jobs.reference import Reference
from facefusion.jobs.rendition import rendition_at, rendition_parts
from facefusion.media.forms import written_suffixes
from facefusion.options import Leaf, Options
from facefusion.options.own import as_texts
from facefusion.options.people import read_map

Files = Callable[[str], str | Path]
"""Returns the path of a file, given what a request calls it."""

_MOST_OPTIONS: Final = 65_536
_LONGEST_NAME: Final = 150
_DIGEST: Final = r"^[0-9a-f]{64}$"
_OF_A_MAP: Final = ("reference", "position")


def _reference(text: str) -> str:
    return str(Reference.parse(text))


def file_name(text: object) -> str:
    """Return the name of a file to write.

    Raises:
        ValueError: it names a folder, too, or asks for no form that is written.
    """
    if not isinstance(text, str) or not 0 < len(text.encode("utf-8", "replace")) <= _LONGEST_NAME:
        raise ValueError(f"a file's name has 1 to {_LONGEST_NAME} bytes")
    if text.startswith(".") or any(sign in '/\\%,:*?"<>|' or not sign.isprintable() for sign in text):
        raise ValueError(f"{text!r} is no plain name of a file, such as result.mp4")
    if Path(text).suffix.lower() not in written_suffixes():
        raise ValueError(f"{text!r} asks for no form that is written; there are {', '.join(written_suffixes())}")
    return text


def _address(text: str | None) -> str | None:
    if text is not None and Reference.parse(text).kind != "address":
        raise ValueError("a result is delivered to an address such as s3://bucket/results/")
    return text


_Digests = dict[Annotated[str, AfterValidator(_reference)], Annotated[str, Field(pattern=_DIGEST)]]
_DIGESTS: Final = TypeAdapter(_Digests)


class JobRequest(BaseModel):
    """What a job is to do.

    Attributes:
        sources: pictures and clips of the new face, or a face file of it.
        target: picture or video to edit.
        output: name of the result; its ending chooses the form.
        deliver_to: address that the result is copied to as well; one that ends in / is that of a folder.
        options: by name, as of `facefusion.options.Options`; those that are files take references, and those that are
            written take names.
        digests: SHA-256 that files have, by their references; they are held against what the worker gets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sources: tuple[Annotated[str, AfterValidator(_reference)], ...] = Field(default=(), max_length=64)
    target: Annotated[str, AfterValidator(_reference)]
    output: Annotated[str, AfterValidator(file_name)]
    deliver_to: Annotated[str | None, AfterValidator(_address)] = None
    options: dict[str, Any] = {}
    digests: _Digests = {}

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read a request.

        Args:
            values: JSON values.

        Raises:
            OptionsError: something in it is unknown, impossible or not for a request to say; the message names it.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the request"
            message = first["msg"].removeprefix("Value error, ")
            raise OptionsError(f"In the request, {place}: {message}", "Mend it and send it again") from error

    @field_validator("options")
    @classmethod
    def _checked_options(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            if len(json.dumps(given)) > _MOST_OPTIONS:
                raise ValueError(f"options are longer than {_MOST_OPTIONS} characters")
        except (TypeError, RecursionError):
            raise ValueError("options are not JSON values") from None
        options: dict[str, Any] = {}
        for key, value in given.items():
            leaf = found_option(key)
            if leaf.name in options:
                raise ValueError(f"option {leaf.name} is given twice, also as {key!r}")
            options[leaf.name] = _checked(leaf, value)
        if options.get("chain"):  # so that whoever looks for jobs by their processors finds it
            options.setdefault("processors", [link["processor"] for link in options["chain"]])
        return options

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        try:
            Options.parse(self.values(lambda reference: reference, lambda name: name))
        except FaceFusionError as error:
            raise ValueError(error.what) from None
        names = [name.lower() for name in self.outputs()]
        if len({*names}) < len(names):
            raise ValueError("two outputs have one name")
        self._check_named(self.digests)
        return self

    def references(self) -> tuple[str, ...]:
        """Return all files that the request names, each once."""
        return tuple(dict.fromkeys(self._references()))

    def outputs(self) -> tuple[str, ...]:
        """Return the names of all files that are written, the result first."""
        names = [self.output, *(rendition_parts(text)[0] for text in self.options.get("renditions", ()))]
        return (*names, *(value for leaf, value in self._leaves() if use_of(leaf) == "output" and value is not None))

    def pinned(self, digests: Mapping[str, str]) -> Self:
        """Return the request with the SHA-256 of some of its files, so that no other content can take their places.

        Raises:
            ValueError: one is no SHA-256, or is that of a file which the request does not name.
        """
        pinned = _DIGESTS.validate_python({**self.digests, **digests})
        self._check_named(pinned)
        return self.model_copy(update={"digests": pinned})

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, as `parse` takes them."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def values(self, read: Files, written: Files) -> dict[str, Any]:
        """Return the values of options that the request stands for.

        Args:
            read: returns the path of a file, given its reference.
            written: returns the path of an output, given its name.
        """
        values: dict[str, Any] = {leaf.name: _located(leaf, value, read, written) for leaf, value in self._leaves()}
        values |= {"source_paths": tuple(map(read, self.sources)), "target_path": read(self.target)}
        return values | {"output_path": written(self.output)}

    def _check_named(self, digests: Mapping[str, str]) -> None:
        if unknown := digests.keys() - set(self.references()):
            raise ValueError(f"digests: {min(unknown)} is named nowhere else")

    def _leaves(self) -> Iterator[tuple[Leaf, Any]]:
        return ((found_option(name), value) for name, value in self.options.items())

    def _references(self) -> Iterator[str]:
        yield self.target
        yield from self.sources
        yield from own_references(self.options)
        for leaf, value in self._leaves():
            if leaf.name == "chain":
                yield from files_of_links(value)
            elif leaf.name == "face_map":
                yield from (each for entry in value for each in (*entry["sources"], entry.get("reference")) if each)
            elif use_of(leaf) == "input" and value is not None:
                yield value


def _checked(leaf: Leaf, value: Any) -> Any:
    """Return the value of one option, in the form in which it is kept.

    Raises:
        ValueError: it is impossible; whether it is of the right type is found out later.
    """
    if leaf.name in _READ:
        return _READ[leaf.name](value)
    if leaf.name == "renditions":
        parts = [rendition_parts(text) for text in (value if isinstance(value, list) else [value])]
        return [rendition_at(file_name(name), words) for name, words in parts]
    if leaf.name == "license_policy" and value == "any":
        raise ValueError("a request may ask for commercial licences only, and not for less than the service does")
    if value is None:
        return None
    use = use_of(leaf)
    if use == "value":
        return [value] if leaf.is_list and not isinstance(value, list) else value
    return file_name(value) if use == "output" else str(Reference.parse(value))


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str):
            raise ValueError("options of other processors are texts such as NAME.OPTION=VALUE")
        yield value


def _checked_own(value: Any) -> list[str]:
    """Return options of processors from other packages as texts."""
    return list(_texts(as_texts(tuple(value) if isinstance(value, list) else (value,))))


def _checked_map(value: Any) -> list[dict[str, Any]]:
    """Return a map as a list of tables."""
    try:
        entries = read_map(value)
    except OptionsError as error:
        raise ValueError(error.what) from None
    return [_checked_entry(entry) for entry in entries]


def _checked_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = {"sources": [str(Reference.parse(source)) for source in entry["sources"]]}
    table |= {name: entry[name] for name in _OF_A_MAP if entry.get(name) is not None}
    if "reference" in table:
        table["reference"] = str(Reference.parse(table["reference"]))
    options = {found_option(name).name: each for name, each in entry.get("options", {}).items()}
    if any(use_of(found_option(name)) != "value" for name in options):
        raise ValueError("a person of the map has no files of their own beside sources and reference")
    return table | options


_READ: Final[Mapping[str, Callable[[Any], list[Any]]]] = MappingProxyType(
    {"face_map": _checked_map, "chain": checked_links, "processor_options": _checked_own}
)
"""What reads options that are no plain values."""


def _located(leaf: Leaf, value: Any, read: Files, written: Files) -> Any:
    """Return the value of an option with paths in place of references and names."""
    if leaf.name == "face_map":
        return [_located_entry(entry, read) for entry in value]
    if leaf.name == "chain":
        return located_links(value, read)
    if leaf.name == "renditions":
        parts = map(rendition_parts, value)
        return tuple(rendition_at(str(written(name)), words) for name, words in parts)
    use = use_of(leaf)
    if value is None or use == "value":
        return value
    return read(value) if use == "input" else written(value)


def _located_entry(entry: Mapping[str, Any], read: Files) -> dict[str, Any]:
    located: dict[str, Any] = {"sources": tuple(map(read, entry["sources"]))}
    if "reference" in entry:
        located["reference"] = read(entry["reference"])
    return {**entry, **located}
