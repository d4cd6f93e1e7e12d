"""The composed service and worker by their own commands and variables, on servers of this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import S3, Postgres, RabbitMQ, answers, free_port, until
from composed import COMPOSE, composed

from facefusion.client import Client
from material import CAPTAIN

pytestmark = pytest.mark.slow
PROGRAM = (sys.executable, "-m", "facefusion")


@contextmanager
def running(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()
                process.wait()


@pytest.fixture
def secrets(tmp_path: Path, s3: S3) -> Path:
    folder = tmp_path / "secrets"
    subprocess.run([sys.executable, COMPOSE / "prepare.py", "--to", folder, "--host", "127.0.0.1"], check=True)
    (folder / "rabbitmq_password").unlink()
    (folder / "rabbitmq_password").write_text("guest\n")
    return folder


@pytest.fixture
def variables(
    tmp_path: Path, secrets: Path, postgres: Postgres, rabbitmq: RabbitMQ, s3: S3
) -> Iterator[dict[str, str]]:
    """What the composed service gets, with the addresses and places of this machine."""
    name = postgres.create_database()
    places = {
        "postgresql://facefusion@postgresql/facefusion": postgres.tcp_url(name),
        "amqp://facefusion@rabbitmq:5672//": f"amqp://guest@127.0.0.1:{rabbitmq.port}//",
        "http://seaweedfs:8333": s3.endpoint(),
        "s3://facefusion/jobs": f"s3://{s3.create_bucket()}/jobs",
        "/app/state/trust": str(tmp_path / "trust"),
        "/app/scratch": str(tmp_path / "scratch"),
        "/models": str(tmp_path / "models"),
        "/tmp": str(tmp_path),
    }
    (tmp_path / "models").mkdir()
    given = composed("compose.yaml")["services"]["service"]["environment"]
    values = {key: places.get(value, value.replace("/run/secrets", str(secrets))) for key, value in given.items()}
    assert values.keys() == given.keys() and sum(given[key] != values[key] for key in given) >= 10
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FACEFUSION_"))}
    yield kept | values | {"FACEFUSION_ACKNOWLEDGE": "1", "HOME": str(tmp_path)}
    postgres.drop_database(name)


def facefusion(variables: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands() -> list[str]:
    """What the page has people run before the first start."""
    text = (COMPOSE.parents[1] / "docs" / "deploy" / "compose.md").read_text()
    return re.findall(r"^docker compose run --rm (?:--no-deps )?service (.+)$", text, re.MULTILINE)


def test_the_composed_service_does_a_job(variables: dict[str, str], tmp_path: Path) -> None:
    prepared = [facefusion(variables, *line.split()) for line in commands()]
    assert len(prepared) == 3
    key = json.loads(facefusion(variables, "keys", "create", "--role", "operator", "--json"))
    port = free_port()
    services = composed("compose.yaml")["services"]
    changed = {"--host=0.0.0.0": "--host=127.0.0.1", "--port=8080": f"--port={port}"}
    serve = [
        changed.get(word, re.sub("trusted-proxies=.*", "trusted-proxies=127.0.0.1/32", word))
        for word in services["service"]["command"]
    ]
    with ExitStack() as ending:
        ending.enter_context(running([*PROGRAM, *serve], tmp_path / "serve.log", variables))
        ending.enter_context(running([*PROGRAM, *services["worker"]["command"]], tmp_path / "worker.log", variables))
        until(lambda: answers(port), seconds=60)
        health = [sys.executable, "-I", COMPOSE.parent / "images" / "health.py", str(port)]
        until(lambda: subprocess.run(health, check=False, capture_output=True).returncode == 0, seconds=60, pause=0.3)
        well = httpx.get(f"http://127.0.0.1:{port}/v1/health/ready", trust_env=False).json()
        assert {each["name"] for each in well["checks"] if each["is_well"]} >= {
            "database",
            "storage",
            "broker",
            "models",
        }
        address = ending.enter_context(proxied(port, tmp_path))
        verify = httpx.HTTPTransport(verify=False)
        with Client(address, key=key["key"], transport=verify) as client:
            upload = client.uploads.send(CAPTAIN)
            job = client.jobs.submit(f"upload:{upload.id}", "result.png", options={"processors": []})
            done = client.jobs.check(client.jobs.wait(job.id, timeout=120))
            assert client.jobs.download(done.id, tmp_path / "result.png").read_bytes().startswith(b"\x89PNG")


@contextmanager
def proxied(port: int, folder: Path) -> Iterator[str]:
    """Have the composed proxy before a service, where nginx is installed; else yield the service's own address."""
    if shutil.which("nginx") is None:
        yield f"http://127.0.0.1:{port}"
        return
    plain, tls = free_port(), free_port()
    text = (COMPOSE / "nginx" / "facefusion.conf").read_text()
    for before, after in (
        ("/tmp/", f"{folder}/"),
        ("/run/secrets/tls_certificate", f"{folder}/secrets/tls_certificate.pem"),
        ("/run/secrets/tls_key", f"{folder}/secrets/tls_key.pem"),
        ("http://service:8080", f"http://127.0.0.1:{port}"),
        ("listen 8080", f"listen 127.0.0.1:{plain}"),
        ("listen 8443", f"listen 127.0.0.1:{tls}"),
        ("http2 on;", ""),
        ("$http_host", "faces.example.com"),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text)
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off; user root;"]
    with running(command, folder / "nginx.log", os.environ):
        until(lambda: answers(tls), seconds=20)
        yield f"https://127.0.0.1:{tls}"
