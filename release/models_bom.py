"""Weights as CycloneDX components with model cards: those in the package, and the public ones of its catalogue."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from facefusion.inference.catalogue import Catalogue, ModelCard
from release.bom import document, product
from release.source import Source
from release.verify import digest_of

_PACK = "facefusion.inference.pack"


class WeightsError(Exception):
    """Bundled weights are not what their card says; the message says which."""


def models_bom(source: Source) -> dict[str, Any]:
    """Return the document of all weights, bundled ones first.

    Raises:
        WeightsError: a bundled file is not the one that its entry in the catalogue names.
    """
    bundled, public = split_catalogue()
    parts = [bundled_weights(card, source) for card in bundled] + [public_weights(card) for card in public]
    needs = {reference(card): tuple(map(_reference, card.requires)) for card in (*bundled, *public) if card.requires}
    return document(product(source), parts, source, needs)


def split_catalogue() -> tuple[list[ModelCard], list[ModelCard]]:
    """Return the entries of weights in the package, and of those that are fetched by who wants them."""
    bundled = list(Catalogue.bundled())
    ours = {card.name for card in bundled}
    return bundled, [card for card in Catalogue.known() if card.name not in ours]


def bundled_weights(card: ModelCard, source: Source) -> dict[str, Any]:
    """Return the component of weights in the package, with what their model card says of training and limits.

    Raises:
        WeightsError: the file is not the one that the entry names.
    """
    with resources.as_file(resources.files(_PACK) / card.file) as path:
        digest = digest_of(path)
    if digest != card.sha256:
        raise WeightsError(f"{card.file} has the digest {digest}, its entry says {card.sha256}: mend one of them")
    sections = card_sections(card.name)
    part = _weights(card) | {"version": source.version, "scope": "required"}
    part["description"] = sections[""]
    part["modelCard"]["considerations"] = {"technicalLimitations": [sections["Training and limits"]]}
    return part


def public_weights(card: ModelCard) -> dict[str, Any]:
    """Return the component of weights that are not in the package."""
    addresses = [{"type": "distribution", "url": url} for url in card.urls]
    return _weights(card) | {"scope": "excluded"} | ({"externalReferences": addresses} if addresses else {})


def card_sections(name: str) -> dict[str, str]:
    """Return the text of a bundled model card by heading; what stands before the first is under the empty name."""
    text = (resources.files(_PACK) / "cards" / f"{name}.md").read_text("utf-8")
    _, first, *rest = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)
    headings = ["", *rest[1::2]]
    return dict(zip(headings, (body.strip() for body in rest[0::2]), strict=True)) if first else {}


def reference(card: ModelCard) -> str:
    """Return how the document calls a model."""
    return _reference(card.name)


def _reference(name: str) -> str:
    return f"model:{name}"


def _weights(card: ModelCard) -> dict[str, Any]:
    parameters: dict[str, Any] = {"task": card.task, "architectureFamily": card.family}
    inputs = ", ".join(filter(None, (_size(card), card.crop, card.normalisation)))
    if inputs:
        parameters["inputs"] = [{"format": inputs}]
    properties = [{"name": "facefusion:origin", "value": origin} for origin in card.origin]
    properties += [{"name": "facefusion:commercial", "value": str(card.commercial).lower()}]
    properties += [{"name": "facefusion:precision", "value": card.precision}]
    properties += [{"name": "facefusion:citation", "value": card.citation}] if card.citation else []
    properties += [{"name": "facefusion:package", "value": card.package}] if card.package else []
    part: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": reference(card),
        "name": card.name,
        "licenses": [_licence(card.licence)],
        "modelCard": {"modelParameters": parameters},
        "properties": properties,
    }
    if card.sha256:
        part["hashes"] = [{"alg": "SHA-256", "content": card.sha256}]
    return part


def _size(card: ModelCard) -> str:
    return "{} × {} pixels".format(*card.input_size) if card.input_size else ""


def _licence(identifier: str) -> dict[str, Any]:
    return {"license": {"name" if identifier.startswith("LicenseRef-") else "id": identifier}}
