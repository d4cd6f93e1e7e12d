"""Options of processors from other packages: `NAME.OPTION=VALUE`, checked by a group that the processor has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from facefusion.errors import OptionsError
from facefusion.options.base import OptionGroup
from facefusion.options.leaves import leaf_table, nest

G = TypeVar("G", bound=OptionGroup)


def as_texts(values: object) -> object:
    """Take `{"name": {"option": value}}`, as Python callers may write it, as texts."""
    if not isinstance(values, tuple):
        return values
    return tuple(text for value in values for text in _texts(value))


def texts_of(name: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return options of one processor as texts."""
    return tuple(str(text) for text in _texts({name: options}))


def own_names(texts: Iterable[str]) -> list[str]:
    """Return whose options the texts give.

    Raises:
        OptionsError: a text is not `NAME.OPTION=VALUE`.
    """
    return list(dict.fromkeys(_parts(text)[0] for text in texts))


def own_place(text: str) -> tuple[str, str]:
    """Return whose option a text gives, and which; errors as of `own_names`."""
    return _parts(text)[:2]


def own_values(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return option and value of each text, whoever's they are; errors as of `own_names`."""
    return [_parts(text)[1:] for text in texts]


def own_group(group: type[G], name: str, texts: Sequence[str]) -> G:
    """Return the options of one processor.

    Args:
        group: what options it has.
        name: of the processor.
        texts: `NAME.OPTION=VALUE`, also of other processors; of an option that takes several values each text adds one.

    Raises:
        OptionsError: an option is unknown or given twice, or its value is impossible.
    """
    values: dict[str, Any] = {}
    lists = {spelling for spelling, leaf in leaf_table(group).items() if leaf.is_list}
    for owner, option, value in map(_parts, texts):
        if owner != name:
            continue
        if option in values and option not in lists:
            raise OptionsError(f"Option {name}.{option} is given twice", "Give it once")
        values[option] = (*values.get(option, ()), value) if option in lists else value
    try:
        return group.model_validate(nest(group, values))
    except ValidationError as error:
        first = error.errors()[0]
        option = next((str(part) for part in first["loc"] if isinstance(part, str)), "options")
        problem = first["msg"].removeprefix("Value error, ")
        raise OptionsError(
            f"Option {name}.{option}: {problem[:1].lower()}{problem[1:]}, got {first['input']!r}", _see(group)
        ) from error
    except OptionsError as error:
        raise OptionsError(f"Processor {name}: {error.what[:1].lower()}{error.what[1:]}", _see(group)) from error


def _see(group: type[OptionGroup]) -> str:
    return f"It has {', '.join(group.model_fields)}"


def _parts(text: str) -> tuple[str, str, str]:
    place, sign, value = text.partition("=")
    name, dot, option = place.partition(".")
    if not (sign and dot and name and option):
        raise OptionsError(f"Option processor-options: {text!r} is not NAME.OPTION=VALUE", "As in blur.strength=3")
    return name.strip().replace("-", "_"), option.strip().replace("-", "_"), value.strip()


def _texts(value: object) -> list[object]:
    if not isinstance(value, Mapping):
        return [value]
    return [
        f"{name}.{option}={_text(single)}"
        for name, options in value.items()
        for option, given in (options.items() if isinstance(options, Mapping) else [("", options)])
        for single in (given if isinstance(given, list | tuple) else (given,))
    ]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
