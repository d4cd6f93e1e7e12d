"""A family that says what it is told of everybody's age."""

from __future__ import annotations

from dataclasses import dataclass

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.families import Families
from facefusion.inference.family import Family, FamilySettings
from generated.imaging import age_classifier

NAME, TASK = "told_ages", "face_classifier"


@dataclass(frozen=True)
class Said:
    """What a classifier says: from and to, the latter not included."""

    age: tuple[int, int]


class Classifier:
    """Says these ages of one face after the other; the last of all that follow."""

    def __init__(self, ages):
        self._ages = list(ages)

    def classify(self, views):
        return [Said(self._ages.pop(0) if len(self._ages) > 1 else self._ages[0]) for _ in views]


def put_classifier(shelf, monkeypatch, ages):
    """Enter a classifier into a shelf."""
    family = Family(
        NAME,
        TASK,
        FamilySettings,
        lambda settings: Contract((TensorSpec("input", ("batch", 3, 32, 32)),), (TensorSpec("output", ("batch", 3)),)),
        lambda model: Classifier(ages),
    )
    found = Families.__getitem__
    monkeypatch.setattr(Families, "__getitem__", lambda self, name: family if name == NAME else found(self, name))
    shelf.put(NAME, TASK, NAME, age_classifier())
