"""One entry of the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Url = Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class ModelCard(BaseModel):
    """One entry of the catalogue.

    Attributes:
        name: unique name.
        task: what it is for, for example `face_detector`.
        family: adapter that knows its inputs and outputs.
        file: file name of the weights.
        sha256: digest of the weights, hexadecimal; None where nobody has recorded it yet.
        bytes: size of the weights; None where it is not known.
        origin: where the weights come from, and by way of what, in words.
        urls: where they can be fetched, in order of preference.
        package: the Python package that brings the weights, as pip takes it, such as `name==1.2`; None where none does.
        licence: SPDX identifier, or `LicenseRef-` and a name.
        commercial: whether the licence is known to allow commercial use.
        requires: names of the models that it does not run without.
        input_size: height and width of the network's input in pixels; None where it takes several.
        crop: how the crop is taken from the picture, in words.
        normalisation: what is done to RGB 0..255 values before the network, in words.
        precision: number format of the weights.
        citation: paper or page that describes the model.
        settings: what sets it apart within its family; the family says what there may be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    task: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    family: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.onnx$")
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    bytes: int | None = Field(default=None, gt=0)
    origin: tuple[str, ...] = ()
    urls: tuple[Url, ...] = ()
    package: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*$")
    licence: str = Field(min_length=1)
    commercial: bool
    requires: tuple[str, ...] = ()
    input_size: tuple[int, int] | None = None
    crop: str = ""
    normalisation: str = ""
    precision: str = "float32"
    citation: str = ""
    settings: dict[str, Any] = {}
