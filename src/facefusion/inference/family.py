"""Families: networks that differ in their weights and some settings, not in what goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from facefusion.errors import CatalogueError
from facefusion.inference.catalogue import ModelCard
from facefusion.inference.contract import Contract

if TYPE_CHECKING:
    from facefusion.inference.session import Session


class FamilySettings(BaseModel):
    """What the entries of a family may set; a family with settings of its own derives from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=FamilySettings)
S_co = TypeVar("S_co", bound=FamilySettings, covariant=True)


@dataclass(frozen=True, slots=True)
class Family(Generic[S]):
    """A family of networks.

    Attributes:
        name: as catalogue entries give it.
        task: the task of its models.
        settings: what an entry may set.
        contract: returns what a network with such settings takes and gives.
        create: returns the adapter around a model of the family; which Protocol it follows is the task's affair.
    """

    name: str
    task: str
    settings: type[S]
    contract: Callable[[S], Contract]
    create: Callable[[Model[S]], Any]

    def read_settings(self, card: ModelCard) -> S:
        """Return the settings of a model.

        Raises:
            CatalogueError: they are not what the family knows.
        """
        try:
            return self.settings.model_validate(card.settings)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise CatalogueError(
                f"Model {card.name}: settings.{place}: {first['msg']}", f"See the settings of family {self.name}"
            ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Model(Generic[S_co]):
    """A model that is ready to run.

    Attributes:
        card: its entry.
        settings: what sets it apart within its family.
        session: runs it; tensors have the names of the family's contract.
        needed: the models that the entry requires, as adapters, by name; each may be loaded when it is first asked for.
    """

    card: ModelCard
    settings: S_co
    session: Session
    needed: Mapping[str, Any]

    def need(self, name: str) -> Any:
        """Return the adapter of a model that this one does not run without.

        Raises:
            CatalogueError: the entry does not require it.
            ModelError: it cannot be used.
        """
        if name not in self.needed:
            raise CatalogueError(
                f"Model {self.card.name} needs the model {name}, which its entry does not require",
                f'Add "{name}" to requires there',
            )
        return self.needed[name]
