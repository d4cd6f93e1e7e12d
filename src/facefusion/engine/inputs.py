"""Files that processors read beside sources and references."""

from __future__ import annotations

from pathlib import Path

from facefusion.options import Options


def worn_reference(options: Options) -> Path | None:
    """Return the picture whose make-up is worn, where a job wears any; a face that is used like a source's."""
    return options.makeup.makeup_reference if "makeup" in options.processors else None


def further_inputs(options: Options) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    named = {
        "expression_restorer": options.expression_restorer.expression_restorer_driving,
        "stylizer": options.stylizer.stylizer_lut,
        "makeup": options.makeup.makeup_reference,
    }
    return [path for name, path in named.items() if path is not None and name in options.processors]
