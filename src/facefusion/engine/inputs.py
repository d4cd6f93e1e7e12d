"""Files that processors read beside sources and references."""

from __future__ import annotations

from pathlib import Path

from facefusion.options import Options


def further_inputs(options: Options) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    named = {
        "expression_restorer": options.expression_restorer.expression_restorer_driving,
        "stylizer": options.stylizer.stylizer_lut,
        "makeup": options.makeup.makeup_reference,
    }
    return [path for name, path in named.items() if path is not None and name in options.processors]
