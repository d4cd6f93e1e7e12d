"""Files that processors read beside sources and references."""

from __future__ import annotations

from pathlib import Path

from facefusion.options import Options


def further_inputs(options: Options) -> list[Path]:
    """Return the files that the processors of a job read, beside what shows sources and references."""
    driving = options.expression_restorer.expression_restorer_driving
    return [driving] if driving is not None and "expression_restorer" in options.processors else []
