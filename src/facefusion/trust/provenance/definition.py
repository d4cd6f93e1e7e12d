"""The manifest as the C2PA library takes it."""

from __future__ import annotations

from typing import Any, Final

from facefusion.trust.provenance.facts import EDIT_LABEL, NAMESPACE, WATERMARK_ALGORITHM, ManifestFacts

ACTIONS: Final = "c2pa.actions.v2"
SOFT_BINDING: Final = "c2pa.soft-binding"
CREATED: Final = (ACTIONS, SOFT_BINDING, EDIT_LABEL)
"""Labels of what we vouch for."""
TARGET: Final = "target"
_NAME: Final = "FaceFusion"


def definition(
    facts: ManifestFacts, form: str, seal_key: bytes, redactions: tuple[str, ...] = (), filler: int = 0
) -> dict[str, Any]:
    """Return what a manifest says, but for the parent, which is given to the library as a file.

    Args:
        facts: what is said.
        form: MIME type of the output.
        seal_key: public key of the seal, 32 bytes.
        redactions: addresses of pictures in the parent's own manifests that are left out.
        filler: signs that say nothing, so that the seal lies elsewhere in the file.
    """
    agent = {"name": _NAME, "version": facts.version}
    assertions = [
        {"label": ACTIONS, "data": {"actions": _actions(facts, agent, redactions)}},
        {"label": EDIT_LABEL, "data": _edit(facts, seal_key, filler)},
    ]
    if facts.watermark is not None:
        block = {"scope": {}, "value": f"{facts.watermark:016x}"}
        assertions.append({"label": SOFT_BINDING, "data": {"alg": WATERMARK_ALGORITHM, "blocks": [block]}})
    return {
        "claim_generator_info": [agent],
        "title": "edited",
        "format": form,
        "ingredients": [_source(number, digest) for number, digest in enumerate(facts.source_digests)],
        "assertions": assertions,
        "redactions": list(redactions),
    }


def target_ingredient(facts: ManifestFacts) -> dict[str, Any]:
    """Return what is said of the target."""
    said = {"title": TARGET, "relationship": "parentOf", "label": TARGET}
    if facts.target_digest is not None:
        said["instance_id"] = _by_digest(facts.target_digest)
    return said


def _actions(facts: ManifestFacts, agent: dict[str, str], redactions: tuple[str, ...]) -> list[dict[str, Any]]:
    sources = [_source_label(number) for number in range(len(facts.source_digests))]
    edited: dict[str, Any] = {
        "action": "c2pa.edited",
        "digitalSourceType": facts.source_type,
        "softwareAgent": agent,
        "parameters": {f"{NAMESPACE}.processors": list(facts.processors), f"{NAMESPACE}.models": _models(facts)},
    }
    if facts.when is not None:
        edited["when"] = facts.when.isoformat(timespec="seconds")
    if sources:
        edited["parameters"]["ingredientIds"] = sources
    return [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": [TARGET]}},
        edited,
        *(
            {"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": {"redacted": at}}
            for at in redactions
        ),
    ]


def _edit(facts: ManifestFacts, seal_key: bytes, filler: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "processors": list(facts.processors),
        "models": _models(facts),
        "marks": dict(facts.marks),
        "seal": {"alg": "Ed25519", "key": seal_key.hex()},
    }
    said |= {"limits": [dict(each) for each in facts.limits]} if facts.limits else {}
    return said | ({"filler": "-" * filler} if filler else {})


def _models(facts: ManifestFacts) -> list[dict[str, str]]:
    return [{"name": model.name, "sha256": model.sha256} for model in facts.models]


def _source(number: int, digest: str) -> dict[str, str]:
    return {
        "title": "source",
        "format": "application/octet-stream",
        "relationship": "inputTo",
        "instance_id": _by_digest(digest),
        "label": _source_label(number),
    }


def _source_label(number: int) -> str:
    return f"source{number + 1}"


def _by_digest(digest: str) -> str:
    return f"sha256:{digest}"
