"""Files that processors of other packages read by options of their own, as requests name them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from facefusion.errors import OptionsError
from facefusion.jobs.reference import Reference
from facefusion.options import Link, Options
from facefusion.options.own import as_texts, own_names, own_place, own_values
from facefusion.processors.files import file_options
from facefusion.processors.registry import processor_names, resolve_processors

Read = Callable[[str], str | Path]
"""Returns where a file lies, given its reference."""
_KEPT: Final = frozenset({"upload", "person", "face", "job"})


def own_references(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the references to files that are kept here among options of processors of other packages.

    Which options are files is known where such a processor is installed, and a request is also looked at where it is
    not: whatever has the form of such a reference is one. Addresses are looked at by who does the work.

    Args:
        options: of a request, by name.
    """
    for _, value in own_values(options.get("processor_options") or ()):
        yield from _kept(value)
    for link in options.get("chain") or ():
        if link["processor"] not in Options.model_fields:
            for value in link.values():
                for each in value if isinstance(value, list) else (value,):
                    yield from _kept(each)


def with_own_files(options: Options, said: Mapping[str, Any], read: Read) -> Options:
    """Return options in which the files of a request that such processors read lie where they can.

    Args:
        options: as the request stands for, in which these files are references still.
        said: what the request says, by name: what whoever runs the service says is left as it is.
        read: brings a file.

    Raises:
        OptionsError: a file is named that is no reference.
        FaceFusionError: one cannot be brought.
    """
    if not (said.get("processor_options") or said.get("chain")):
        return options
    files = {spec.name: file_options(spec) for spec in resolve_processors(options.processors) if spec.options}
    update: dict[str, Any] = {}
    if said.get("processor_options"):
        update["processor_options"] = tuple(_text(text, files, read) for text in options.processor_options)
    if said.get("chain"):
        update["chain"] = tuple(_link(link, files.get(link.processor, ()), read) for link in options.chain)
    return options.model_copy(update=update)


def _kept(value: object) -> Iterator[str]:
    with suppress(ValueError):
        reference = Reference.parse(value)
        if reference.kind in _KEPT:
            yield str(reference)


def _text(text: str, files: Mapping[str, Collection[str]], read: Read) -> str:
    name, option = own_place(text)
    if option not in files.get(name, ()):
        return text
    [(_, value)] = own_values([text])
    return f"{name}.{option}={_brought(name, option, value, read)}"


def _link(link: Link, files: Collection[str], read: Read) -> Link:
    options = dict(link.options)
    for name in options.keys() & set(files):
        value = options[name]
        many = isinstance(value, list | tuple)
        brought = [_brought(link.processor, name, each, read) for each in (value if many else [value])]
        options[name] = brought if many else brought[0]
    return link.model_copy(update={"options": options})


def _brought(processor: str, option: str, value: object, read: Read) -> str:
    try:
        reference = str(Reference.parse(value))
    except ValueError as error:
        raise OptionsError(f"Option {processor}.{option}: {error}", "A request names files by references") from error
    return str(read(reference))


def handed_texts(value: object, hand_in: Read) -> list[str]:
    """Return options of such processors with the files of this machine handed in, as far as it knows which are files.

    Args:
        value: as of the option `processor_options`.
        hand_in: returns the reference of a file.

    Raises:
        FaceFusionError: a file cannot be handed in.
    """
    texts = as_texts(tuple(value) if isinstance(value, list | tuple) else (value,))
    given = [str(text) for text in texts] if isinstance(texts, tuple) else []
    files = _installed(own_names(given))
    handed = []
    for text in given:
        name, option = own_place(text)
        [(_, path)] = own_values([text])
        handed.append(f"{name}.{option}={hand_in(path)}" if option in files.get(name, ()) else text)
    return handed


def handed_links(tables: Sequence[Mapping[str, Any]], hand_in: Read) -> list[dict[str, Any]]:
    """Return links of such processors in the same way; arguments and errors as of `handed_texts`."""
    files = _installed(table["processor"] for table in tables)
    return [{name: _handed(table, name, files, hand_in) for name in table} for table in tables]


def _installed(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the options that are files of those processors of other packages that are installed here, by name."""
    here = [name for name in dict.fromkeys(names) if name in processor_names()]
    return {spec.name: file_options(spec) for spec in resolve_processors(here) if spec.options}


def _handed(table: Mapping[str, Any], name: str, files: Mapping[str, Collection[str]], hand_in: Read) -> Any:
    value = table[name]
    if name not in files.get(table["processor"], ()):
        return value
    return [str(hand_in(str(each))) for each in value] if isinstance(value, list) else str(hand_in(str(value)))
