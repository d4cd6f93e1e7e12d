"""What bodies of requests and answers have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

ID_PATTERN: Final = "^[0-9a-f]{32}$"
Id = Annotated[str, Field(pattern=ID_PATTERN, description="32 hexadecimal digits")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal digits")]
Box = Annotated[list[float], Field(min_length=4, max_length=4)]
"""Left, top, right and bottom, in pixels."""
Moment = Annotated[datetime, Field(strict=False)]


class Body(BaseModel):
    """What a client sends: nothing unknown, nothing of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Query(BaseModel):
    """Parameters of an address: nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Answer(BaseModel):
    """What the service returns."""

    model_config = ConfigDict(extra="forbid", frozen=True)
