"""What a manifest says, in our own words, whoever made it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from facefusion.trust.provenance.definition import SOFT_BINDING
from facefusion.trust.provenance.facts import EDIT_LABEL, WATERMARK_ALGORITHM, ModelFact

_LONGEST = 300
_NUMBER: Final = re.compile(r"[0-9a-fA-F]{16}")


@dataclass(frozen=True, slots=True)
class Said:
    """What a manifest says.

    Attributes:
        signer: name and organisation in the certificate; empty when unknown.
        generator: software that made the file, with its version.
        actions: what was done, such as `c2pa.edited`.
        source_types: kinds of media, addresses of IPTC's list.
        when: moments of the actions that have one.
        parents: how many earlier manifests are kept.
        models: that were used.
        marks: what else the file bears.
        watermark: the 64 bits of its invisible watermark; None when none is named.
        seal_key: public key of the seal; None where there is none.
    """

    signer: str = ""
    generator: str = ""
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    parents: int = 0
    models: tuple[ModelFact, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    watermark: int | None = None
    seal_key: bytes | None = None


def said_of(found: Mapping[str, Any]) -> Said:
    """Return what the C2PA library read, without believing in the shape of anything a stranger may have written."""
    manifests = _map(found.get("manifests"))
    manifest = _map(manifests.get(str(found.get("active_manifest"))))
    assertions = [_map(assertion) for assertion in _list(manifest.get("assertions"))]
    actions = [_map(action) for action in _actions(assertions)]
    edit = _data(assertions, EDIT_LABEL)
    return Said(
        signer=_signer(_map(manifest.get("signature_info"))),
        generator=_generator(manifest),
        actions=tuple(_texts(action.get("action") for action in actions)),
        source_types=tuple(_texts(action.get("digitalSourceType") for action in actions)),
        when=tuple(_texts(action.get("when") for action in actions)),
        parents=max(0, len(manifests) - 1),
        models=tuple(_models(edit)),
        marks={_short(key): _short(value) for key, value in _map(edit.get("marks")).items()},
        watermark=_watermark(_data(assertions, SOFT_BINDING)),
        seal_key=_key(_map(edit.get("seal"))) if edit else None,
    )


def _signer(info: Mapping[str, Any]) -> str:
    names = [_short(info[key]) for key in ("common_name", "issuer") if info.get(key)]
    return " of ".join(dict.fromkeys(names))


def _generator(manifest: Mapping[str, Any]) -> str:
    for info in map(_map, _list(manifest.get("claim_generator_info"))):
        return " ".join(_texts((info.get("name"), info.get("version"))))
    return _short(manifest.get("claim_generator") or "")


def _actions(assertions: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [
        action
        for assertion in assertions
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in _list(_map(assertion.get("data")).get("actions"))
    ]


def _data(assertions: Iterable[Mapping[str, Any]], label: str) -> Mapping[str, Any]:
    for assertion in assertions:
        if assertion.get("label") == label:
            return _map(assertion.get("data"))
    return {}


def _models(edit: Mapping[str, Any]) -> Iterable[ModelFact]:
    for model in map(_map, _list(edit.get("models"))):
        yield ModelFact(_short(model.get("name", "")), _short(model.get("sha256", "")))


def _watermark(binding: Mapping[str, Any]) -> int | None:
    if binding.get("alg") != WATERMARK_ALGORITHM:
        return None
    for block in map(_map, _list(binding.get("blocks"))):
        value = str(block.get("value"))
        return int(value, 16) if _NUMBER.fullmatch(value) else None
    return None


def _key(seal: Mapping[str, Any]) -> bytes | None:
    """Return the key of a seal that is promised; one that is not understood is a key that nothing was sealed with."""
    try:
        return bytes.fromhex(str(seal.get("key")))
    except ValueError:
        return b""


def _texts(values: Iterable[Any]) -> Iterable[str]:
    return (_short(value) for value in values if value)


def _short(value: Any) -> str:
    return str(value)[:_LONGEST]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
