"""Chains: processors in the order in which they run, each with settings of its own, and when and where it works."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from facefusion.errors import OptionsError
from facefusion.options.base import OptionGroup
from facefusion.options.chain_files import named_tables
from facefusion.options.moments import Stretch

_OWN: Final = ("processor", "when", "region", "feather")
BESIDE_CHAIN: Final = ("processors", "when", "region")
"""Options that say what a chain says."""
_EDGE: Final = 1e-6
"""How far a box may reach out of the frame, because parts of it such as 0.7 + 0.3 are not exact."""
_EXAMPLE: Final = "Name a saved chain or a file of one, or give tables with processor, settings, when and region"


def _split(value: object) -> object:
    """Take `a,b` for several."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(piece.strip() for part in value for piece in part.split(",") if piece.strip())
    return value


def _stretches(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        Stretch.parse(text)
    return texts


def _box(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if not numbers:
        return numbers
    if len(numbers) != 4:
        raise ValueError("a region is x,y,width,height in parts of the frame")
    x, y, width, height = numbers
    if min(x, y) < 0 or min(width, height) <= 0 or max(x + width, y + height) > 1 + _EDGE:
        raise ValueError("a region lies inside the frame, in parts of it: 0,0,0.5,1 is its left half")
    return numbers


class Link(OptionGroup):
    """One processor of a chain. A table that has other names than these gives options by them."""

    processor: str = Field(min_length=1, description="which")
    when: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_stretches)] = Field(
        default=(), description="stretches of the result in which it works, such as 00:10-00:20; none: all of it"
    )
    region: Annotated[tuple[float, ...], BeforeValidator(_split), AfterValidator(_box)] = Field(
        default=(),
        description="part of the frame in which its edit is seen: x,y,width,height, from 0 to 1; none: all of it",
    )
    feather: float = Field(
        default=0.02,
        ge=0,
        le=0.5,
        description="width of the region's soft edge, in parts of the frame's shorter side",
    )
    options: dict[str, Any] = Field(default={}, description="options that hold for it, by name")

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said but which processor."""
        return not (self.when or self.region or self.options)

    def table(self) -> dict[str, Any]:
        """Return it as it stands in a file: names and values of TOML, and no value that is the usual one."""
        own: dict[str, Any] = {"processor": self.processor}
        own |= {"when": list(self.when)} if self.when else {}
        own |= {"region": list(self.region), "feather": self.feather} if self.region else {}
        return own | {name: _plain(value) for name, value in self.options.items() if value is not None}


def read_chain(value: Any) -> list[Any]:
    """Return the links of a chain, each as a `Link` or as what makes one.

    Args:
        value: the name of a saved chain or the path of a file; tables, `Link`s, names of processors; or a list of
            them, in which chains follow one another.

    Raises:
        OptionsError: it is none of these, or there is no such chain.
        InputError: a file cannot be read.
    """
    if isinstance(value, Path):
        return list(map(_of_table, named_tables(str(value))))
    if isinstance(value, str):
        names = [value] if value.endswith(".toml") and "," not in value else value.split(",")
        return [_of_table(table) for name in names if name.strip() for table in named_tables(name.strip())]
    if isinstance(value, Mapping):
        return [_of_table(value)]
    if isinstance(value, Link):
        return [value]
    if isinstance(value, list | tuple):
        return [link for each in value for link in read_chain(each)]
    raise OptionsError(f"Option chain: {value!r} is no chain", _EXAMPLE)


def _of_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a link: what has a field of its own, and all else as options."""
    given = {str(key).replace("-", "_"): value for key, value in table.items()}
    own = {name: given.pop(name) for name in _OWN if name in given}
    if not isinstance(own.get("processor"), str):
        raise OptionsError(f"Option chain: {dict(table)!r} does not say which processor", "Give it as processor")
    own["processor"] = own["processor"].strip().replace("-", "_")
    options = given.pop("options", {})
    if not isinstance(options, Mapping):
        raise OptionsError(f"Option chain: options of {own['processor']} are no table", "Give them by name")
    named = {str(key).replace("-", "_"): value for key, value in options.items()}
    if taken := {name for name in _OWN if name in named}:
        raise OptionsError(
            f"Option chain: {min(taken)} of {own['processor']} cannot be said in a chain",
            "It is a name that every link has; give it with --processor-options",
        )
    return own | {"options": named | given}


def by_processor(option: str, texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what is said of each processor, and under the empty name what is said of all others.

    Args:
        option: the option's name, for messages.
        texts: `face_swapper=00:10-00:20`, and what goes on with it, as a list with commas is taken apart; without a
            name it is said of all.

    Raises:
        OptionsError: of one processor it is said twice.
    """
    said: dict[str, tuple[str, ...]] = {}
    name = ""
    for text in texts:
        named, sign, value = text.partition("=")
        if sign:
            name = named.strip().replace("-", "_")
            if name in said:
                raise OptionsError(f"Option {option}: {name} is named twice", "Join what it gets by commas")
        said[name] = (*said.get(name, ()), (value if sign else text).strip())
    return said


def chosen_links(processors: Iterable[str], when: Sequence[str], region: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield what makes the link of each processor, where there is no chain.

    Args:
        processors: in their order.
        when: stretches, as of `by_processor`.
        region: boxes, likewise.

    Raises:
        OptionsError: something is said of a processor that does not run.
    """
    names = list(processors)
    said = {"when": by_processor("when", when), "region": by_processor("region", region)}
    for option, each in said.items():
        if unknown := each.keys() - {"", *names}:
            raise OptionsError(
                f"Option {option}: {min(unknown)} is not among the processors", f"There are {', '.join(names)}"
            )
    for name in names:
        given = {option: each.get(name, each.get("", ())) for option, each in said.items()}
        yield {"processor": name, **given}


def replaced(given: Collection[str]) -> tuple[str, ...]:
    """Return the options of which nothing holds any more that was said before, given those that are said now.

    A chain takes the place of what else says which processors run, and these take that of a chain.
    """
    if "chain" in given:
        return BESIDE_CHAIN
    return ("chain",) if "processors" in given else ()


def check_alone(beside: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Make sure that a chain alone says what is done.

    Raises:
        OptionsError: something else does, too.
    """
    for name, value in beside.items():
        if value and tuple(value) != names:
            raise OptionsError(f"Both a chain and {name} say what is done", "Leave out one, or say it in the chain")


def _plain(value: Any) -> Any:
    """Return a value as TOML has it."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | str) else str(value)
