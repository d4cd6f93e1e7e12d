"""Files that processors read by options of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from facefusion.options import Options, iter_leaves
from facefusion.options.own import own_group
from facefusion.processors.base import ProcessorSpec

_OF_THE_JOB: Final = ("source_audio",)
"""Files by options of a processor that are more than its own: the result has this sound."""


def file_options(spec: ProcessorSpec) -> tuple[str, ...]:
    """Return the options of a processor, by name, that are files which it reads."""
    if spec.options is not None:
        return tuple(leaf.name for leaf in iter_leaves(spec.options) if leaf.kind is Path)
    ours = (leaf for leaf in iter_leaves(Options) if leaf.path == (spec.name,) and leaf.kind is Path)
    return tuple(leaf.name for leaf in ours if leaf.name not in _OF_THE_JOB)


def files_of(spec: ProcessorSpec, options: Options) -> tuple[Path, ...]:
    """Return the files that a processor reads, beside what shows sources and references.

    Args:
        spec: of the processor.
        options: all options as they hold for it.

    Raises:
        OptionsError: one of its own options is impossible.
    """
    names = file_options(spec)
    if not names:
        return ()
    ours = spec.options is None
    group: Any = getattr(options, spec.name) if ours else _own(spec, options)
    return tuple(path for name in names for path in _paths(getattr(group, name)))


def _own(spec: ProcessorSpec, options: Options) -> object:
    assert spec.options is not None
    return own_group(spec.options, spec.name, options.processor_options)


def _paths(value: object) -> Iterator[Path]:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, Path):
            yield each
