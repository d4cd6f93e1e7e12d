"""Files that processors read beside sources and references."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from facefusion.options import Options
from facefusion.processors.chained.links import ChainLink

_MAKEUP = "makeup"


def worn_references(options: Options) -> tuple[Path, ...]:
    """Return the pictures whose make-up is worn, each once, where a job wears any; faces that are used like sources."""
    wearing = (options.for_link(link) for link in options.links if link.processor == _MAKEUP)
    named = (each.makeup.makeup_reference for each in wearing)
    return tuple(dict.fromkeys(path for path in named if path is not None))


def further_inputs(links: Iterable[ChainLink]) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    return [path for link in links for path in link.files]
