"""Templates of faces: keyed, renewed every quarter, and of no use to anybody without the key."""

from facefusion.trust.templates.template import (
    THRESHOLD,
    Template,
    TemplateMaker,
    difference,
    differences,
    epoch_at,
    match,
)

__all__ = ["THRESHOLD", "Template", "TemplateMaker", "difference", "differences", "epoch_at", "match"]
