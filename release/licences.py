"""Licences of all that is used, of Python, npm and weights; each is on a list that somebody has reviewed.

The list is `release/licences.toml`: which licences may be in what, why, and what each Python package states.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from license_expression import AND, LicenseExpression, Licensing, get_spdx_licensing

from facefusion.inference.catalogue import ModelCard
from release.locks import Package, Scope

_OWN = "LicenseRef-"
LIST = Path(__file__).with_name("licences.toml")
_WHAT_FOR: Mapping[Scope, str] = {
    "required": "in the product or needed by it",
    "optional": "by choice of who runs it",
    "excluded": "to make and check it",
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The reviewed list.

    Attributes:
        allowed: SPDX identifiers that anything may have, with the reason.
        optional: further ones that extras and images may have, which users choose.
        tools: further ones that only tools may have, which no user gets.
        weights: those of public weights, which users fetch by themselves; true where they allow commercial use.
        exceptions: package to identifiers that it alone may have.
        stated: Python package to its SPDX expression.
        npm: package of npm to its expression, where its lock states none.
        notes: what binary packages carry inside beside what they state.
    """

    allowed: Mapping[str, str]
    optional: Mapping[str, str]
    tools: Mapping[str, str]
    weights: Mapping[str, bool]
    exceptions: Mapping[str, tuple[str, ...]]
    stated: Mapping[str, str]
    npm: Mapping[str, str]
    notes: Mapping[str, str]

    def expression(self, package: Package) -> str:
        """Return the SPDX expression of a package; empty where nobody has looked it up."""
        if package.ecosystem == "pypi":
            return self.stated.get(package.name, "")
        return package.licence or self.npm.get(package.name, "")

    def problem(self, package: Package) -> str | None:
        """Say what is wrong with the licence of a package, if anything is."""
        expression = self.expression(package)
        if not expression:
            return f"{package.url} has no licence in {LIST.name}: look it up and add it"
        may = {*self.allowed, *self.exceptions.get(package.name, ())}
        may |= {"required": set[str](), "optional": {*self.optional}, "excluded": {*self.tools}}[package.scope]
        if not allows(expression, frozenset(may)):
            return f"{package.url} is under {expression}, which {LIST.name} does not let it have: review it"
        return None

    def problem_of_weights(self, card: ModelCard, *, shipped: bool) -> str | None:
        """Say what is wrong with the licence of weights, if anything is."""
        if shipped and card.licence not in self.allowed:
            return f"weights {card.name} ship under {card.licence}, which is not allowed: review it"
        if card.licence not in self.weights:
            return f"weights {card.name} are under {card.licence}, which {LIST.name} does not know: review it"
        if card.commercial != self.weights[card.licence]:
            return f"weights {card.name}: {card.licence} does not fit commercial = {str(card.commercial).lower()}"
        return None


def read_reviewed(path: Path = LIST) -> Reviewed:
    """Read the reviewed list."""
    table = tomllib.loads(path.read_text("utf-8"))
    return Reviewed(
        allowed=table["allowed"],
        optional=table["optional"],
        tools=table["tools"],
        weights=table["weights"],
        exceptions={name: tuple(entry["licences"]) for name, entry in table["exceptions"].items()},
        stated=table["python"],
        npm=table["npm"],
        notes=table["notes"],
    )


def allows(expression: str, may: frozenset[str]) -> bool:
    """Return whether an SPDX expression can be fulfilled with certain licences alone.

    Args:
        expression: with `AND`, `OR`, `WITH` and brackets.
        may: SPDX identifiers, those with an exception as `A WITH B`.

    Raises:
        license_expression.ExpressionError: it is no expression.
        ValueError: it names a licence that SPDX does not know, and that does not begin with `LicenseRef-`.
    """
    licensing = _spdx()
    parsed = licensing.parse(expression, strict=True)
    if unknown := [key for key in licensing.unknown_license_keys(parsed) if not key.startswith(_OWN)]:
        raise ValueError(f"SPDX does not know {', '.join(unknown)}, of {expression}")
    return _allows(parsed, may)


@cache
def _spdx() -> Licensing:
    """Return what knows the licences of SPDX; it takes a while to make."""
    return get_spdx_licensing()


def _allows(parsed: LicenseExpression, may: frozenset[str]) -> bool:
    if not parsed.args:
        return str(parsed) in may
    every = isinstance(parsed, AND)
    return (all if every else any)(_allows(part, may) for part in parsed.args)


def report(packages: Iterable[Package], bundled: Iterable[ModelCard], public: Iterable[ModelCard]) -> str:
    """Return the licences of everything, as Markdown."""
    reviewed = read_reviewed()
    lines = ["# Licences", "", "| package | version | licence | what for |", "|---|---|---|---|"]
    for package in packages:
        note = f" ({reviewed.notes[package.name]})" if package.name in reviewed.notes else ""
        cells = (f"{package.ecosystem}: {package.name}", package.version, reviewed.expression(package) + note)
        lines.append(f"| {' | '.join(cells)} | {_WHAT_FOR[package.scope]} |")
    lines += ["", "| weights | licence | commercial use | |", "|---|---|---|---|"]
    for cards, where in ((bundled, "in the package"), (public, "fetched by who wants them; not in the package")):
        lines += [
            f"| {card.name} | {card.licence} | {'yes' if card.commercial else 'no'} | {where} |" for card in cards
        ]
    return "\n".join([*lines, ""])
