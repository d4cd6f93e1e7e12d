"""Options of the weights: where they lie, and which licences will do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from facefusion.options.base import Names, OptionGroup

LicensePolicy = Literal["any", "commercial"]


class ModelOptions(OptionGroup):
    """Where weights lie, and which licences will do."""

    models_dir: Path | None = Field(
        default=None,
        description="folder of the weights that are pulled or added; one in the user's data folder when not given",
    )
    shared_models_dirs: tuple[Path, ...] = Field(
        default=(), description="further folders with weights, which are only read, looked into in this order"
    )
    license_policy: Annotated[LicensePolicy, Names(also=("licence_policy",))] = Field(
        default="any",
        description="'commercial' refuses weights whose licence is not known to allow commercial use",
    )
