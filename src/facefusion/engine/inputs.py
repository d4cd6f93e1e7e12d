"""Files that processors read beside sources and references."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facefusion.options import Options
from facefusion.options.leaves import leaf_table


def worn_reference(options: Options) -> Path | None:
    """Return the picture whose make-up is worn, where a job wears any; a face that is used like a source's."""
    return options.makeup.makeup_reference if "makeup" in options.processors else None


def further_inputs(options: Options) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    named = {
        "expression_restorer": options.expression_restorer.expression_restorer_driving,
        "colour_matcher": options.colour_matcher.colour_matcher_reference,
        "stylizer": options.stylizer.stylizer_lut,
        "makeup": options.makeup.makeup_reference,
    }
    own = [path for name, path in named.items() if path is not None and name in options.processors]
    return [*own, *_of_links(options)]


def _of_links(options: Options) -> Iterator[Path]:
    """Yield the files that links of the chain name by options of their own."""
    for link in options.chain:
        if link.processor not in Options.model_fields:
            continue  # another package's, whose options are not in the tree
        own = options.for_link(link)
        for name in link.options:
            leaf = leaf_table(Options).get(name)
            value = None if leaf is None or not leaf.path else getattr(getattr(own, leaf.path[0]), leaf.name)
            yield from (each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, Path))
