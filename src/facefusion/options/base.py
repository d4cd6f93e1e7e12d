"""What every group of options is made of."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


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

    def asks_for(self, name: str) -> bool:
        """Whether the call itself gave an option of this group another value than the usual one.

        What stands in a file or in the environment is meant for all jobs, whether it concerns them or not.
        """
        return name in self.model_fields_set and getattr(self, name) != type(self).model_fields[name].default
