"""What overlays and components come to; kustomize itself makes the same of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from manifests import KUBERNETES, OVERLAYS, by_kustomize, canonical, containers, identity, named, pods, rendered

COMPONENTS = sorted(path.name for path in (KUBERNETES / "components").iterdir())


def with_components(tmp_path: Path, *names: str, base: str = "base") -> Path:
    """Return a folder that puts components on a copy of the base."""
    copied = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copied)
    own = copied / "own"
    own.mkdir()
    used = [f"../components/{name}" for name in names]
    (own / "kustomization.yaml").write_text(yaml.safe_dump({"resources": [f"../{base}"], "components": used}))
    return own


@pytest.mark.parametrize("name", OVERLAYS)
def test_kustomize_makes_the_same_of_an_overlay(name: str) -> None:
    folder = KUBERNETES / "overlays" / name
    real = by_kustomize(folder)
    if real is None:
        pytest.skip("kubectl with kustomize 4 or later is not installed")
    assert canonical(real) == canonical(rendered(folder))


@pytest.mark.parametrize("name", COMPONENTS)
def test_kustomize_makes_the_same_of_a_component(tmp_path: Path, name: str) -> None:
    folder = with_components(tmp_path, name)
    ours, real = rendered(folder), by_kustomize(folder)
    assert len(ours) > 15
    if real is None:
        pytest.skip("kubectl with kustomize 4 or later is not installed")
    assert canonical(real) == canonical(ours)


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("gpu", "nvidia.com/gpu"),
        ("mig-1g.10gb", "nvidia.com/mig-1g.10gb"),
        ("mig-3g.40gb", "nvidia.com/mig-3g.40gb"),
    ],
)
def test_workers_ask_for_one_card_or_one_part_of_one(tmp_path: Path, name: str, resource: str) -> None:
    manifests = rendered(with_components(tmp_path, name))
    [worker] = containers(named(manifests, "Deployment", "worker")["spec"]["template"]["spec"])
    for kind in ("requests", "limits"):
        assert {key: value for key, value in worker["resources"][kind].items() if "nvidia" in key} == {resource: "1"}
    assert worker["image"] == "facefusion:cuda"
    assert worker["args"][:3] == ["worker", "--workers", "1"]  # CUDA shows a process one part alone
    [service] = containers(named(manifests, "Deployment", "service")["spec"]["template"]["spec"])
    assert service["image"] == "facefusion:cpu"


def test_files_of_jobs_lie_on_nfs_or_in_a_bucket(tmp_path: Path) -> None:
    manifests = rendered(with_components(tmp_path, "nfs"))
    volume = named(manifests, "PersistentVolume", "facefusion-output")["spec"]
    assert volume["accessModes"] == ["ReadWriteMany"]
    assert {"hard", "lookupcache=positive"} <= set(volume["mountOptions"])  # as docs/storage.md asks for
    assert named(manifests, "ConfigMap", "facefusion")["data"]["FACEFUSION_STORAGE"].startswith("/app/output/")
    production = rendered(KUBERNETES / "overlays" / "production")
    assert named(production, "ConfigMap", "facefusion")["data"]["FACEFUSION_STORAGE"].startswith("s3://")


def test_nothing_is_there_twice(overlay: list[dict[str, object]]) -> None:
    found = [identity(each) for each in overlay]
    assert len(found) == len(set(found))


def test_one_node_has_no_budget_that_would_hold_it_and_nothing_to_scale() -> None:
    kinds = {each["kind"] for each in rendered(KUBERNETES / "overlays" / "small")}
    assert not kinds & {"PodDisruptionBudget", "HorizontalPodAutoscaler", "ScaledObject"}


def test_without_a_network_all_images_come_from_the_house_and_nothing_leaves_it() -> None:
    manifests = rendered(KUBERNETES / "overlays" / "air-gapped")
    for place, pod in pods(manifests):
        assert [each["name"] for each in pod["imagePullSecrets"]] == ["facefusion-registry"], place
        assert all(each["image"].startswith("registry.example.com/") for each in containers(pod)), place
    for each in manifests:
        if each["kind"] == "NetworkPolicy":
            for rule in each["spec"].get("egress", ()):
                blocks = [peer["ipBlock"]["cidr"] for peer in rule["to"] if "ipBlock" in peer]
                assert set(blocks) <= {"10.0.0.0/8"}, each["metadata"]["name"]
    data = named(manifests, "ConfigMap", "facefusion")["data"]
    assert "FACEFUSION_OIDC_KEYS_FILE" in data  # nothing is fetched from the identity provider


def test_a_patch_of_nothing_is_an_error(tmp_path: Path) -> None:
    folder = with_components(tmp_path)
    (folder / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "resources": ["../base"],
                "patches": [{"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nobody\n"}],
            }
        )
    )
    with pytest.raises(ValueError, match="of 0 objects"):
        rendered(folder)
