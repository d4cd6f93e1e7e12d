"""Who gets whose face: the entries of the option `map`, in all the ways in which they may be written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from facefusion.errors import OptionsError
from facefusion.options.base import OptionGroup

_OPTION = re.compile(r"\s([a-z][a-z_-]*)=([^=\s]+)$")
"""What may follow an entry that is written as text, such as ` shape=0.4`."""
_EXAMPLE = (
    "Write it like a.jpg=them.jpg, or 'a1.jpg,a2.jpg=them.jpg shape=0.4'; a = or , that belongs to a name is doubled"
)
_PLACES = {"source": "sources", "sources": "sources", "reference": "reference", "position": "position"}


class MapEntry(OptionGroup):
    """One person of the target, and the face that they get."""

    sources: tuple[Path, ...] = Field(min_length=1, description="pictures of the new face")
    reference: Path | None = Field(default=None, description="picture of the person of the target")
    position: int | None = Field(default=None, ge=0, description="of a picture: which face, when no reference is given")
    options: dict[str, Any] = Field(default={}, description="options that differ for this person")

    @property
    def person(self) -> str:
        """Who is meant, in words."""
        return f"the person of {self.reference}" if self.reference is not None else f"the face at {self.position}"


def read_map(value: Any) -> list[Any]:
    """Return the entries of a map, each as a `MapEntry` or as what makes one.

    Args:
        value: text; a list of texts, of pairs (source, person), of tables with `source`, `reference` or `position`
            and options; or a mapping of sources to persons. A person is a reference picture or a position.

    Raises:
        OptionsError: it is none of these.
    """
    if isinstance(value, str):
        return [_of_text(text) for text in _entries(value)]
    if isinstance(value, Mapping):
        return [_of_pair(source, person) for source, person in value.items()]
    if isinstance(value, list | tuple):
        return [entry for each in value for entry in _of_item(each)]
    raise _misread(value)


def _of_item(item: Any) -> list[Any]:
    if isinstance(item, str):
        return read_map(item)
    if isinstance(item, Mapping):
        return [_of_table(item)]
    if isinstance(item, list | tuple) and len(item) == 2:
        return [_of_pair(*item)]
    if isinstance(item, MapEntry):
        return [item]
    raise _misread(item)


def _of_pair(sources: Any, person: Any) -> dict[str, Any]:
    """Return an entry of a source, or several, and one person."""
    several = sources if isinstance(sources, list | tuple) else (sources,)
    if not several or not all(isinstance(each, str | Path) for each in several):
        raise _misread(sources)
    return {"sources": tuple(several), **_person(person)}


def _person(person: Any) -> dict[str, Any]:
    """Return who is meant: a whole number is a position, all else a picture."""
    if isinstance(person, bool) or not isinstance(person, str | Path | int):
        raise _misread(person)
    if isinstance(person, int) or (isinstance(person, str) and person.isascii() and person.isdigit()):
        return {"position": int(person)}
    return {"reference": person}


def _of_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of a table: what says who is meant, and all else as options."""
    entry: dict[str, Any] = {"options": {}}
    for key, value in table.items():
        (entry if key in _PLACES else entry["options"])[_PLACES.get(key, key)] = value
    if isinstance(entry.get("sources"), str | Path):
        entry["sources"] = (entry["sources"],)
    if "sources" not in entry or ("reference" in entry) == ("position" in entry):
        raise _misread(dict(table))
    return entry


def _of_text(text: str) -> dict[str, Any]:
    """Return the entry that a text stands for."""
    rest, options = text, {}
    while found := _OPTION.search(rest):
        name = found[1].replace("-", "_")
        if name in options:
            raise OptionsError(f"Option map: {text!r} gives {name.replace('_', '-')} twice", "Give it once")
        options[name] = found[2]
        rest = rest[: found.start()]
    left, *right = _cut(rest, "=")
    if len(right) != 1 or not right[0].strip():
        raise _misread(text)
    sources = tuple(_plain(part) for part in _cut(left, ",") if part.strip())
    if not sources:
        raise _misread(text)
    return {"sources": sources, "options": options, **_person(_plain(right[0]))}


def _entries(text: str) -> Iterator[str]:
    """Cut a text at the commas between entries: one that follows a source only joins a further picture of it."""
    waiting: list[str] = []
    for part in _cut(text, ","):
        waiting.append(part)
        if len(_cut(part, "=")) > 1:
            yield ",".join(waiting)
            waiting = []
    if any(part.strip() for part in waiting) or not text.strip():
        raise _misread(text)


def _cut(text: str, sign: str) -> Sequence[str]:
    """Cut a text at a sign, but not where that is doubled."""
    return re.split(rf"(?<!{sign}){sign}(?!{sign})", text)


def _plain(text: str) -> str:
    return text.strip().replace("==", "=").replace(",,", ",")


def _misread(value: Any) -> OptionsError:
    return OptionsError(f"Option map: {value!r} does not say who gets whose face", _EXAMPLE)
