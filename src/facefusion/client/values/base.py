"""What all values have in common, and why something failed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Base of all values."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Problem(Value):
    """Why something failed.

    Attributes:
        type: name of the error, such as `NoFaceError`.
        code: exit code of the command line for it.
        what: what happened.
        hint: what to do next; may be empty.
    """

    type: str
    code: int
    what: str
    hint: str = ""
