"""The service of `deploy/knative` as a process: a token of a cluster, an event, and an answer when its job is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from benchmarks.servers import Postgres, free_port, until
from cryptography.hazmat.primitives.asymmetric import rsa
from manifests import KNATIVE, documents, named

from material import ASTRONAUT, CAPTAIN

ACCOUNT = "system:serviceaccount:facefusion:ACCOUNT"


def container(name: str) -> dict[str, Any]:
    """Return the container of a file."""
    [found] = documents(KNATIVE / name)[0]["spec"]["template"]["spec"]["containers"]
    return found


def variables(name: str) -> dict[str, str]:
    """Return its variables."""
    return {each["name"]: each["value"] for each in container(name)["env"]}


def test_one_request_at_a_time_and_no_instance_where_none_comes() -> None:
    for name in ("service.yaml", "cloud-run.yaml"):
        template = documents(KNATIVE / name)[0]["spec"]["template"]
        assert template["spec"]["containerConcurrency"] == 1
        scales = (
            {"min-scale": "0", "max-scale": "20"} if name == "service.yaml" else {"minScale": "0", "maxScale": "20"}
        )
        notes = template["metadata"]["annotations"]
        assert {key: notes[f"autoscaling.knative.dev/{key}"] for key in scales} == scales
        assert container(name)["args"] == ["serve", "--workers", "1"]


def test_an_event_waits_no_longer_than_a_request_may_take_and_is_sent_again() -> None:
    trigger = named(documents(KNATIVE / "trigger.yaml"), "Trigger", "films")["spec"]
    path, _, wait = trigger["subscriber"]["uri"].partition("?wait=")
    assert path == "/v1/triggers/TRIGGER/events"
    service = documents(KNATIVE / "service.yaml")[0]
    longest = service["spec"]["template"]["spec"]["timeoutSeconds"]
    assert int(wait) < int(trigger["delivery"]["timeout"][2:-1]) < longest
    assert trigger["delivery"]["retry"] * int(wait) >= 23 * 3600
    assert trigger["subscriber"]["ref"]["name"] == service["metadata"]["name"]
    assert trigger["subscriber"]["audience"] == variables("service.yaml")["FACEFUSION_OIDC_AUDIENCE"]


def test_a_pod_that_is_taken_away_is_no_failure() -> None:
    job = documents(KNATIVE / "film.yaml")[0]["spec"]
    assert job["completionMode"] == "Indexed"
    arguments = container("film.yaml")["args"]
    assert int(arguments[arguments.index("--of") + 1]) == job["completions"]
    ignored = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "Ignore"]
    assert ignored[0]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert ignored[1]["onExitCodes"]["values"] == [128 + signal.SIGTERM]
    [fatal] = [
        rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"
    ]
    from facefusion.errors import OptionsError, SegmentError

    assert fatal == [OptionsError.exit_code, SegmentError.exit_code]


def test_the_budget_tells_before_all_is_spent() -> None:
    budget = json.loads((KNATIVE / "budget.json").read_text())
    assert [each["thresholdPercent"] for each in budget["thresholdRules"]] == [0.5, 0.9, 1.0]
    assert int(budget["amount"]["specifiedAmount"]["units"]) > 0
    assert budget["notificationsRule"]["schemaVersion"] == "1.0"


def token(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    """Return a token as a cluster makes them for an account."""
    asked = variables("service.yaml")
    now = int(time.time())
    usual = {"iss": asked["FACEFUSION_OIDC_ISSUER"], "aud": [asked["FACEFUSION_OIDC_AUDIENCE"]], "sub": ACCOUNT}
    content = usual | {"iat": now, "nbf": now, "exp": now + 600} | claims
    return jwt.encode(content, key, algorithm="RS256", headers={"kid": "cluster"})


def served(folder: Path, database: str, key: rsa.RSAPrivateKey) -> Mapping[str, str]:
    """Return the variables of the service, with the places and servers that it has here."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {
        "kid": "cluster",
        "alg": "RS256",
        "use": "sig",
    }
    files = {"identity/jwks.json": json.dumps({"keys": [public]}), "database/password": "x"}
    for path, text in files.items():
        (folder / "secrets" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "secrets" / path).write_text(text)
    made = os.environ | {"FACEFUSION_TRUST_DIR": str(folder / "place")}
    subprocess.run(
        [sys.executable, "-m", "facefusion", "trust", "init", "--quiet"],
        env=made,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (folder / "secrets/trust").mkdir()
    (folder / "secrets/trust/root.key").write_bytes((folder / "place/root.key").read_bytes())
    found = {name: value for name, value in variables("service.yaml").items() if not name.startswith("AWS_")}
    for place, own in (("/app/state", "state"), ("/run/secrets", "secrets")):
        found = {name: value.replace(place, str(folder / own)) for name, value in found.items()}
    (folder / "state").mkdir()
    kept = {
        name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "FACEFUSION_POLICY") if name in os.environ
    }
    storage, roots = f"file://{folder}/storage", f"file://{folder}/bucket,file://{folder}/results"
    return kept | found | {
        "FACEFUSION_JOBS_DATABASE": database,
        "FACEFUSION_TRUST_DATABASE": database,
        "FACEFUSION_STORAGE": storage,
        "FACEFUSION_ALLOWED_ROOTS": roots,
        "FACEFUSION_HOST": "127.0.0.1",
        "FACEFUSION_SCRATCH_FREE": "0",
        "FACEFUSION_QUALITY_SHARE": "0",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_event_with_a_token_of_the_cluster_is_answered_when_its_job_is_finished(
    tmp_path: Path, postgres: Postgres, quiet_place: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = postgres.create_database()
    values = served(tmp_path, postgres.tcp_url(name), key)
    port = free_port()
    for folder in ("bucket", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "results" / "me.jpg").write_bytes(Path(CAPTAIN).read_bytes())
    (tmp_path / "bucket" / "a.jpg").write_bytes(Path(ASTRONAUT).read_bytes())
    command = [sys.executable, "-m", "facefusion", *container("service.yaml")["args"]]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**values, "FACEFUSION_PORT": str(port)}, cwd=tmp_path, stdout=log, stderr=log
        )
    headers = {"Host": "events.facefusion.svc.cluster.local", "Authorization": f"Bearer {token(key)}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=200) as client:
            until(lambda: _is_ready(client, process), seconds=120)
            _events(client, tmp_path, key)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    except BaseException:
        sys.stderr.write((tmp_path / "log").read_text(errors="replace")[-3000:])
        raise
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        postgres.drop_database(name)


def _is_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None
    try:
        return client.get(container("service.yaml")["readinessProbe"]["httpGet"]["path"]).status_code == 200
    except httpx.TransportError:
        return False


def _events(client: httpx.Client, folder: Path, key: rsa.RSAPrivateKey) -> None:
    rule = {
        "source": f"file://{folder}/bucket/",
        "request": {
            "target": "{address}",
            "output": "{slug}.png",
            "sources": [f"file://{folder}/results/me.jpg"],
            "deliver_to": f"file://{folder}/results/done/",
        },
    }
    trigger = client.post("/v1/triggers", json=rule).raise_for_status().json()["trigger"]["id"]
    address = f"file://{folder}/bucket/a.jpg"
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "tests", "ce-type": "facefusion.object.created.v1"}
    path, body = f"/v1/triggers/{trigger}/events", {"address": address, "version": "1"}
    hurried = client.post(f"{path}?wait=0.01", json=body, headers=event)
    assert hurried.status_code == 503, hurried.text
    assert hurried.headers["retry-after"] == "1"
    assert hurried.json()["type"] == "urn:facefusion:error:OverloadedError"
    answer = client.post(f"{path}?wait=180", json=body, headers=event)  # as it is sent again
    [became] = answer.raise_for_status().json()["objects"]
    assert (answer.status_code, became["outcome"]) == (202, "known")
    job = client.get(f"/v1/jobs/{became['job']}").raise_for_status().json()
    assert job["state"] == "succeeded", job
    assert (folder / "results" / "done" / "a.png").is_file()
    stranger = token(key, sub="system:serviceaccount:other:somebody")
    refused = client.post(path, json=body, headers={**event, "Authorization": f"Bearer {stranger}"})
    assert refused.status_code == 403
    assert client.post(f"{path}?wait=4000", json=body, headers=event).status_code == 422
