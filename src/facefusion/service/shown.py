"""Answers that show a value of another part as it is, so that its fields are named in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, get_type_hints

from pydantic import Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema

from facefusion.service.values import Answer


class _FromValue(Answer, from_attributes=True):
    """An answer that is read from the fields of a value."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Has a dataclass answered field by field: `Annotated[FailedJob, Shown("FailedJobAnswer", "A job that failed.")]`.

    Attributes:
        name: of the answer, in the document of the API.
        about: what it is, in the same place.
        described: what fields are that do not tell it by their names.
        without: fields that are not shown.
    """

    name: str
    about: str
    described: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    without: frozenset[str] = frozenset({"tenant"})

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the answer, for pydantic."""
        types = get_type_hints(source)
        shown: dict[str, Any] = {
            each.name: (types[each.name], Field(description=self.described.get(each.name)))
            for each in fields(source)
            if each.name not in self.without
        }
        return handler.generate_schema(create_model(self.name, __base__=_FromValue, __doc__=self.about, **shown))
