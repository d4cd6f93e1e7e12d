"""Every manifest is held against the schema of its kind, strictly: fields that nobody knows are mistakes."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from crds import SPECIFICATIONS, schema_of
from manifests import KNATIVE, Manifest, documents, identity, rendered
from test_kubernetes_render import COMPONENTS, with_components

VERSION = "1.32"
"""Of Kubernetes; sleep before a pod is ended came with 1.29, and is on by default from 1.30."""


def check(manifest: Manifest) -> None:
    """Hold a manifest against its schema.

    Raises:
        Exception: it is not as it says.
    """
    api, kind = manifest["apiVersion"], manifest["kind"]
    if (api, kind) in SPECIFICATIONS:
        jsonschema.Draft202012Validator(schema_of(api, kind)).validate(manifest)
        return
    validation = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    validation.validate(manifest, VERSION, strict=True)


def test_overlays(overlay: list[Manifest]) -> None:
    for each in overlay:
        check(each)


@pytest.mark.parametrize("name", COMPONENTS)
def test_components(tmp_path: Path, name: str) -> None:
    for each in rendered(with_components(tmp_path, name)):
        check(each)


@pytest.mark.parametrize("name", ["service.yaml", "cloud-run.yaml", "trigger.yaml", "film.yaml"])
def test_what_runs_on_knative_and_beside_it(name: str) -> None:
    for each in documents(KNATIVE / name):
        check(each)


def test_a_mistake_is_found(overlay: list[Manifest]) -> None:
    for kind, path in (("ScaledObject", "minReplicas"), ("Deployment", "replica"), ("NetworkPolicy", "policyType")):
        for each in overlay:
            if each["kind"] == kind:
                wrong = each | {"spec": each["spec"] | {path: 1}}
                with pytest.raises(Exception, match=path):
                    check(wrong)
                break
        else:
            assert kind == "ScaledObject", identity(overlay[0])
