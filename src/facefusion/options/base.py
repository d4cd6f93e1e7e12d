"""What every group of options is made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator


@dataclass(frozen=True, slots=True)
class Names:
    """Further names under which an option is accepted.

    Attributes:
        also: other spellings, with underscores (`source` makes `--source`).
        short: one letter for the command line.
        shown: the spelling that help shows first; the option's own name when empty.
    """

    also: tuple[str, ...] = ()
    short: str = ""
    shown: str = ""


class OptionGroup(BaseModel):
    """Base of every group: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @field_validator("*")
    @classmethod
    def _can_be_named(cls, value: Any) -> Any:
        """Refuse paths that no system takes, of which each call would complain in words of its own."""
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, Path) and "\0" in os.fsdecode(os.fsencode(path)):
                raise ValueError("a path cannot hold the character NUL")
        return value

    def asks_for(self, name: str) -> bool:
        """Whether the call itself gave an option of this group another value than the usual one.

        What stands in a file or in the environment is meant for all jobs, whether it concerns them or not.
        """
        return name in self.model_fields_set and getattr(self, name) != type(self).model_fields[name].default


def described(error: ValidationError) -> str:
    """Return the first problem in one sentence that names the option as the user knows it."""
    first = error.errors()[0]
    name = next((str(part) for part in reversed(first["loc"]) if isinstance(part, str)), "options")
    message = first["msg"].removeprefix("Value error, ")
    problem = "input should be a path" if first["type"] == "path_type" else message[:1].lower() + message[1:]
    return f"Option {name.replace('_', '-')}: {problem}, got {first['input']!r}"
