"""Files that processors read beside sources and references."""

from __future__ import annotations

from pathlib import Path

from facefusion.options import Options


def further_inputs(options: Options) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    read = {
        "expression_restorer": options.expression_restorer.expression_restorer_driving,
        "colour_matcher": options.colour_matcher.colour_matcher_reference,
    }
    return [path for name, path in read.items() if path is not None and name in options.processors]
