"""The pods of `production` as containers: their specification, as far as `podman kube play` knows what is in it."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from benchmarks.servers import free_port, until
from containers import IMAGE, WITHOUT, Engine, engine
from manifests import Manifest, named
from production_pods import AWAY, Pods, have_a_job_done, is_well, prepared

ENGINE = engine()
CAN_PLAY = ENGINE is not None and "podman" in ENGINE.command[0]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CAN_PLAY, reason=f"{WITHOUT}, which is podman"),
]


@dataclass(frozen=True, slots=True)
class Podman:
    """Plays pods on the network of this machine, on which the servers of the test are.

    Attributes:
        engine: how it is called.
        pods: what is played.
    """

    engine: Engine
    pods: Pods

    def __call__(self, *arguments: str) -> str:
        """Run it; return what it says."""
        settings = self.pods.folder / "containers.conf"
        running = self.engine.running
        ulimits = [value for option, value in itertools.pairwise(running) if option == "--ulimit"]
        settings.write_text(f"[containers]\ndefault_ulimits = {json.dumps(ulimits)}\n")
        done = subprocess.run(
            [*self.engine.command, *arguments],
            env=os.environ | {"CONTAINERS_CONF": str(settings)},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def playing(self, name: str, variables: Mapping[str, str]) -> Iterator[None]:
        """Run a pod until the block ends; what it said is shown where that fails."""
        path = self.pods.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump_all(self._documents(name, variables)))
        self("kube", "play", "--replace", "--network", "host", str(path))
        try:
            yield
        finally:
            sys.stderr.write(self("logs", "--tail", "40", f"{name}-{name}"))
            self("pod", "rm", "--force", "--time", "1", name)

    def state(self, name: str) -> tuple[str, int]:
        """Return whether the container of a pod runs, and how it has ended."""
        status, code = self("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", f"{name}-{name}").split()
        return status, int(code)

    def hardening(self, name: str) -> str:
        """Return whether the root of a pod's container is read-only, its capabilities, and its user."""
        wanted = "{{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}} {{.Config.User}}"
        return self("inspect", "--format", wanted, f"{name}-{name}").strip()

    def _documents(self, name: str, variables: Mapping[str, str]) -> list[Manifest]:
        """Return a pod with its settings: places of files and servers are those of the test, and there is no card.

        Podman asks probes by a program in the container, of which the image has none: the test asks them itself. On the
        network of this machine there are no ports to map.
        """
        settings = copy.deepcopy(named(self.pods.manifests, "ConfigMap", "facefusion"))
        for variable in AWAY:
            settings["data"].pop(variable)
        settings["data"] |= variables
        template = copy.deepcopy(named(self.pods.manifests, "Deployment", name)["spec"]["template"])
        spec = template["spec"] | {"restartPolicy": "Never"}
        [container] = spec["containers"]
        for field in ("startupProbe", "livenessProbe", "readinessProbe", "ports"):
            container.pop(field, None)
        container |= {"image": f"localhost/{IMAGE}", "imagePullPolicy": "Never"}
        container["args"] = [each for each in container["args"] if each not in {"--execution-providers", "cuda"}]
        mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        spec["volumes"] = [
            each if "emptyDir" in each else self._volume(each["name"], mounted[each["name"]])
            for each in spec["volumes"]
        ]
        metadata = {"name": name, "labels": template["metadata"]["labels"]}
        return [settings, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}]

    def _volume(self, name: str, mounted: str) -> Manifest:
        """Return a volume of what lies in the test's folder where pods have it mounted."""
        place = self.pods.folder / "mounted" / mounted.strip("/")
        place.mkdir(parents=True, exist_ok=True)
        return {"name": name, "hostPath": {"path": str(place), "type": "Directory"}}


@pytest.fixture
def podman(pods: Pods) -> Podman:
    assert ENGINE is not None
    prepared(pods)
    keys = pods.folder / "mounted/etc/facefusion/policy_keys"
    keys.mkdir()
    (keys / "operator.pem").write_bytes((pods.folder / "operator.pem").read_bytes())
    _as_a_cluster_mounts_it(pods.folder / "mounted")
    return Podman(ENGINE, pods)


def _as_a_cluster_mounts_it(folder: Path) -> None:
    """Give files of secrets to the group of the pods alone, which reads and does not write them."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o440)
        os.chown(path, 0, 10001)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files to the user of the image")
def test_the_pods_of_production_do_a_job_as_containers_and_end_in_time(podman: Podman) -> None:
    pods = podman.pods
    key = json.loads(pods.run("worker", "keys", "create", "--role", "admin", "--name", "first", "--json"))["key"]
    ports = {name: {"http": free_port(), "metrics": free_port()} for name in ("service", "worker")}
    variables = {
        name: {
            **pods.servers,
            "FACEFUSION_METRICS_PORT": str(each["metrics"]),
            "FACEFUSION_PORT": str(each["http"]),
        }
        for name, each in ports.items()
    }
    with podman.playing("service", variables["service"]), podman.playing("worker", variables["worker"]):
        for name in ("service", "worker"):

            def begun(name: str = name) -> bool:
                assert podman.state(name)[0] == "running"
                return is_well(pods, name, "startup", ports[name])

            until(begun, seconds=200, pause=0.5)
            assert podman.hardening(name) == "true [] 10001:10001"
        until(lambda: is_well(pods, "service", "readiness", ports["service"]), seconds=60)
        have_a_job_done(ports["service"], key)
        for name in ("worker", "service"):
            podman("stop", "--time", "120", f"{name}-{name}")
            assert podman.state(name) == ("exited", 0)
