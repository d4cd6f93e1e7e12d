"""`facefusion serve` as it runs in earnest: with TLS, with a broker and workers of their own, with a second person."""

from __future__ import annotations

import hashlib
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from webhook_receiver import certificate

from facefusion.client import Client
from facefusion.errors import NotAllowedError
from facefusion.service.gateway.keys.store import PURPOSE, KeyStore
from facefusion.trust.database import open_database
from facefusion.trust.keys import KeyRing
from material import CAPTAIN
from whole_service import serving

pytestmark = pytest.mark.slow
PLAIN = {"processors": []}
"""Options of a job that edits nothing, so that what is tested is the way there and back."""


def token_of(folder: Path) -> str:
    [path] = (folder / "trust").glob("service-*.token")
    return path.read_text().strip()


def made_by(client: Client, **more: Any) -> Any:
    """Ask for a job, and return it when it is over."""
    upload = client.uploads.send(CAPTAIN)
    job = client.jobs.submit(f"upload:{upload.id}", "result.png", options=PLAIN, **more)
    return client.jobs.check(client.jobs.wait(job.id, timeout=120))


def check_fetched(client: Client, job: Any, path: Path) -> None:
    content = client.jobs.download(job.id, path).read_bytes()
    assert content.startswith(b"\x89PNG") and hashlib.sha256(content).hexdigest() == job.result.outputs[0].sha256


def test_with_a_certificate_the_service_speaks_tls_and_nothing_else(tmp_path: Path) -> None:
    path, _ = certificate(tmp_path, "127.0.0.1")
    flags = ["--tls-certificate", str(path), "--tls-key", str(tmp_path / "key.pem"), "--local-access", "token"]
    trusting = ssl.create_default_context(cafile=path)
    with serving(tmp_path, *flags) as (process, address):
        assert address.startswith("https://127.0.0.1:")
        transport = httpx.HTTPTransport(verify=trusting)
        with Client(address, key=token_of(tmp_path), transport=transport) as client:
            job = made_by(client)
            check_fetched(client, job, tmp_path / "fetched.png")
            assert [event.kind for event in client.jobs.watch(job.id)][-1] == "job.succeeded"
        with pytest.raises(httpx.TransportError):
            httpx.get(address.replace("https", "http") + "/v1/health/live", trust_env=False)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/v1/health/live", trust_env=False)  # nobody vouches for the certificate
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@contextmanager
def worker(folder: Path, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """Have `facefusion worker` run."""
    environment = os.environ | {"FACEFUSION_TRUST_DIR": str(folder / "trust"), "FACEFUSION_ACKNOWLEDGE": "1"}
    command = [sys.executable, "-m", "facefusion", "worker", "--scratch-dir", str(folder / "scratch"), *flags]
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True, env=environment)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()


@pytest.mark.parametrize("broker", ["rabbitmq", "redis_server"])
def test_workers_of_their_own_are_woken_by_a_broker(
    broker: str, request: pytest.FixtureRequest, postgres_database: str, tmp_path: Path
) -> None:
    flags = ["--broker", request.getfixturevalue(broker).url(), "--jobs-database", postgres_database]
    flags += ["--storage", str(tmp_path / "storage")]
    with serving(tmp_path, *flags, "--local-access", "token") as (_, address), worker(tmp_path, *flags) as working:
        with Client(address, key=token_of(tmp_path)) as client:
            checks = {each["name"]: each["is_well"] for each in client.service.ready()["checks"]}
            assert checks["broker"]
            check_fetched(client, made_by(client), tmp_path / "fetched.png")
        working.send_signal(signal.SIGTERM)
        assert working.wait(60) == 0, (tmp_path / "worker.log").read_text()


def key_of(folder: Path, name: str, role: str) -> str:
    """Make a key of the tenant `film`."""
    engine = open_database(folder / "jobs.db")
    try:
        store = KeyStore(engine, KeyRing.open(folder / "trust").derived(PURPOSE))
        _, text = store.create(tenant="film", name=name, by="test", lives=timedelta(days=1), role=role)
        return text.text
    finally:
        engine.dispose()


def test_a_reviewed_result_is_delivered_when_it_is_approved(tmp_path: Path) -> None:
    media = tmp_path / "media" / "film"
    media.mkdir(parents=True)
    flags = ["--review", "all", "--allowed-roots", f"file://{tmp_path}/media/{{tenant}}"]
    with serving(tmp_path, *flags) as (_, address):
        ada, bob = (Client(address, key=key_of(tmp_path, *who)) for who in (("ada", "operator"), ("bob", "reviewer")))
        with ada, bob:
            job = made_by(ada, deliver_to=f"file://{media}/out/")
            assert job.state == "review" and not job.result.delivered and list(media.iterdir()) == []
            with pytest.raises(NotAllowedError):
                ada.jobs.result(job.id)
            with pytest.raises(NotAllowedError):
                ada.jobs.approve(job.id)
            approved = bob.jobs.approve(job.id, reason="as agreed")
            assert approved.state == "succeeded"
            assert list(approved.result.delivered) == [f"file://{media}/out/result.png"]
            content = (media / "out" / "result.png").read_bytes()
            assert hashlib.sha256(content).hexdigest() == job.result.outputs[0].sha256
            check_fetched(ada, approved, tmp_path / "fetched.png")
            again = made_by(ada, deliver_to=f"file://{media}/no/")
            assert bob.jobs.reject(again.id).state == "rejected"
            assert sorted(path.name for path in media.iterdir()) == ["out"]
