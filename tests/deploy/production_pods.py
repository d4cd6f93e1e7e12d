"""The pods of `production` on this machine: their arguments, variables and files, with real servers behind them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from benchmarks.servers import until
from manifests import Manifest, environment, named

from material import ASTRONAUT, CAPTAIN

PLACES = ("/app/state", "/run/secrets", "/etc/facefusion", "/models")
AWAY = ("FACEFUSION_REDIS", "FACEFUSION_REDIS_PASSWORD_FILE", "FACEFUSION_STORAGE_REGION")
"""What there is no server for here."""


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of an overlay, on this machine.

    Attributes:
        manifests: of the overlay.
        folder: in which each pod has its files.
        servers: variables that lead to the servers of this test.
    """

    manifests: list[Manifest]
    folder: Path
    servers: Mapping[str, str]

    def variables(self, name: str) -> dict[str, str]:
        """Return the variables of a pod, with the places that it has here."""
        found = {
            key: value for key, value in environment(self.manifests, self.container(name)).items() if key not in AWAY
        }
        found |= self.servers
        for place in PLACES:
            own = self.folder / (name if place == "/app/state" else "mounted") / place.strip("/")
            own.mkdir(parents=True, exist_ok=True)
            found = {
                key: value.replace(place, str(own)) if value.startswith(place) else value
                for key, value in found.items()
            }
        kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "LANG") if key in os.environ}
        return kept | found

    def container(self, name: str) -> Manifest:
        """Return the container of a pod."""
        [found] = named(self.manifests, "Deployment", name)["spec"]["template"]["spec"]["containers"]
        return found

    def run(self, name: str, *arguments: str) -> str:
        """Run a command in a pod, as `kubectl exec` does."""
        command = [sys.executable, "-m", "facefusion", *arguments]
        done = subprocess.run(command, env=self.variables(name), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, name: str, **ports: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a pod until the block ends."""
        arguments = [each for each in self.container(name)["args"] if each not in {"--execution-providers", "cuda"}]
        log = self.folder / f"{name}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "facefusion", *arguments],
                env=self.variables(name) | ports,
                cwd=self.folder,
                stdout=said,
                stderr=said,
            )
        try:
            yield process
        except BaseException:
            sys.stderr.write(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def prepared(pods: Pods) -> None:
    """Make what docs/deploy/kubernetes.md has made before the first start: the key, and a signed policy."""
    here, mounted = pods.folder, pods.folder / "mounted"
    variables = os.environ | {"FACEFUSION_TRUST_DIR": str(here / "place")}
    (mounted / "run/secrets/trust").mkdir()
    (mounted / "etc/facefusion").mkdir(parents=True)
    policy = mounted / "etc/facefusion/policy.toml"
    policy.write_text('schema = 1\nname = "ours"\nextends = "hosted"\n')
    for line in (
        f"{sys.executable} -m facefusion trust init --quiet",
        "openssl genpkey -algorithm ed25519 -out operator.key",
        "openssl pkey -in operator.key -pubout -out operator.pem",
        f"{sys.executable} -m facefusion policy sign {policy} --key operator.key",
    ):
        subprocess.run(line.split(), stdout=subprocess.DEVNULL, env=variables, cwd=here, check=True)
    (mounted / "run/secrets/trust/root.key").write_bytes((here / "place/root.key").read_bytes())
    for name in ("service", "worker"):  # in a cluster the key of the operator lies in /etc/facefusion/policy_keys
        pods.run(name, "policy", "trust-key", str(here / "operator.pem"))


def is_well(pods: Pods, name: str, probe: str, ports: Mapping[str, int]) -> bool:
    """Ask what a probe of a pod asks."""
    asked = pods.container(name)[f"{probe}Probe"]["httpGet"]
    headers = {"Host": f"10.0.0.7:{ports[asked['port']]}"}  # a kubelet calls a pod by its address
    try:
        return httpx.get(f"http://127.0.0.1:{ports[asked['port']]}{asked['path']}", headers=headers).status_code == 200
    except httpx.TransportError:
        return False


def _sent(client: httpx.Client, path: Path) -> str:
    """Upload a file; return its identifier."""
    answer = client.post(f"/v1/uploads?name={path.name}", content=path.read_bytes())
    return str(answer.raise_for_status().json()["id"])


def have_a_job_done(ports: Mapping[str, int], key: str) -> None:
    """Have a job done, as somebody behind the ingress; and see that nobody else is let in."""
    address = f"http://127.0.0.1:{ports['http']}"
    assert httpx.get(f"{address}/v1/jobs", headers={"Host": "10.0.0.7:8080"}).status_code == 421
    assert httpx.get(f"{address}/v1/jobs", headers={"Host": "service"}).status_code == 401
    headers = {"Host": "faces.example.com", "Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        source, target = (_sent(client, Path(path)) for path in (CAPTAIN, ASTRONAUT))
        consent = {"pictures": [source], "granted_by": "Grace"}  # the policy wants one on record
        client.post("/v1/consents", json=consent).raise_for_status()
        asked = {"sources": [f"upload:{source}"], "target": f"upload:{target}", "output": "b.png"}
        job = client.post("/v1/jobs", json=asked).raise_for_status().json()["id"]

        def ended() -> Any:
            found = client.get(f"/v1/jobs/{job}").raise_for_status().json()
            return found if found["state"] in {"succeeded", "failed"} else None

        found = until(ended, seconds=200.0, pause=0.2)
        assert found["state"] == "succeeded", found
    figures = httpx.get(f"http://127.0.0.1:{ports['metrics']}/metrics").text
    assert "\nfacefusion_queue_waiting" in figures  # what KEDA asks Prometheus for
