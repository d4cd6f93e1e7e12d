"""Manifests as tests read them: rendered by as much of kustomize as they use, and by itself where it is installed."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
KUBERNETES: Final = ROOT / "deploy" / "kubernetes"
KNATIVE: Final = ROOT / "deploy" / "knative"
OVERLAYS: Final = ("small", "production", "air-gapped")
Manifest = dict[str, Any]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CLUSTER: Final = frozenset({"Namespace", "PriorityClass", "PersistentVolume"})
_KNOWN: Final = frozenset({"apiVersion", "kind", "namespace", "resources", "components", "patches", "images"})
# By which field the elements of a list are told apart where patches merge them; other lists are replaced.
_KEYS: Final = {
    "containers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
}
_MERGED: Final = frozenset({"apps/v1", "batch/v1", "v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1"})


def documents(path: Path) -> list[Manifest]:
    """Return what is in a file."""
    return [each for each in yaml.load_all(path.read_text(), _LOADER) if each is not None]


def rendered(folder: Path) -> list[Manifest]:
    """Return what a folder with a `kustomization.yaml` comes to.

    Raises:
        ValueError: it uses what this renderer does not know, or a patch is of nothing.
    """
    found: list[Manifest] = []
    _apply(folder, found)
    return found


def by_kustomize(folder: Path) -> list[Manifest] | None:
    """Return the same from `kubectl kustomize`; None where there is none of version 4 or later."""
    program = shutil.which("kubectl")
    if program is None:
        return None
    said = subprocess.run([program, "version", "--client"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Kustomize Version: v(\d+)", said)
    if version is None or int(version[1]) < 4:
        return None
    done = subprocess.run([program, "kustomize", str(folder)], capture_output=True, text=True, check=True)
    return list(yaml.load_all(done.stdout, _LOADER))


def identity(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and name."""
    return manifest["kind"], manifest["metadata"]["name"]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one of a kind and a name."""
    [found] = [each for each in manifests if identity(each) == (kind, name)]
    return found


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the specification of each pod, with where it stands."""
    for each in manifests:
        spec = each.get("spec", {})
        if each["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if isinstance(spec.get("template"), dict) and "spec" in spec["template"]:
            yield "/".join(identity(each)), spec["template"]["spec"]


def containers(pod: Mapping[str, Any]) -> list[Manifest]:
    """Return all containers of a pod."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def environment(manifests: list[Manifest], container: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that a container has."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= named(manifests, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {each["name"]: each["value"] for each in container.get("env", ())}


def _apply(folder: Path, into: list[Manifest]) -> None:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(kustomization) - _KNOWN:
        raise ValueError(f"{folder} uses {sorted(unknown)}")
    for name in kustomization.get("resources", ()):
        place = folder / name
        if place.is_dir():
            _apply(place, into)
        else:
            into.extend(documents(place))
    for name in kustomization.get("components", ()):
        _apply(folder / name, into)
    for each in kustomization.get("patches", ()):
        patches = documents(folder / each["path"]) if "path" in each else [yaml.safe_load(each["patch"])]
        for patch in patches:
            _patch(patch, into)
    for image in kustomization.get("images", ()):
        _rename(image, into)
    if "namespace" in kustomization:
        for each in into:
            if each["kind"] not in _CLUSTER:
                each["metadata"]["namespace"] = kustomization["namespace"]


def _patch(patch: Manifest, into: list[Manifest]) -> None:
    matching = [number for number, each in enumerate(into) if identity(each) == identity(patch)]
    if len(matching) != 1 or patch["apiVersion"] not in _MERGED:
        raise ValueError(f"The patch of {identity(patch)} is of {len(matching)} objects")
    if patch.get("$patch") == "delete":
        del into[matching[0]]
    else:
        into[matching[0]] = _merged(into[matching[0]], patch)


def _merged(old: Any, new: Any, name: str = "") -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        result = copy.deepcopy(old)
        for key, value in new.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = _merged(old[key], value, key) if key in old else copy.deepcopy(value)
        return result
    if isinstance(old, list) and isinstance(new, list) and name in _KEYS:
        key = _KEYS[name]
        changed = {each[key]: each for each in new}
        kept = [_merged(each, changed.pop(each[key])) if each[key] in changed else each for each in old]
        return [*changed.values(), *kept]
    return copy.deepcopy(new)


def _rename(image: Mapping[str, str], into: list[Manifest]) -> None:
    for _, pod in pods(into):
        for each in containers(pod):
            name, _, tag = each["image"].rpartition(":")
            if name == image["name"]:
                each["image"] = f"{image['newName']}:{image.get('newTag', tag)}"


def canonical(manifests: list[Manifest]) -> dict[str, str]:
    """Return manifests in a form in which neither their order nor that of lists with keys counts."""
    return {"/".join(identity(each)): json.dumps(_sorted(each), sort_keys=True) for each in manifests}


def _sorted(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _sorted(each, key) for key, each in value.items()}
    if isinstance(value, list):
        parts = [_sorted(each) for each in value]
        return sorted(parts, key=lambda each: str(each[_KEYS[name]])) if name in _KEYS else parts
    return value
