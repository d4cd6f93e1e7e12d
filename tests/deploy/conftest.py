from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import S3, Postgres, RabbitMQ
from manifests import KUBERNETES, OVERLAYS, Manifest, rendered
from production_pods import Pods


@pytest.fixture(params=OVERLAYS, scope="session")
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    """What an overlay comes to; nobody changes it."""
    return rendered(KUBERNETES / "overlays" / request.param)


@pytest.fixture
def pods(tmp_path: Path, postgres: Postgres, rabbitmq: RabbitMQ, s3: S3, quiet_place: Path) -> Iterator[Pods]:
    """The pods of `production`, with servers that they find."""
    name = postgres.create_database()
    database = postgres.tcp_url(name)
    servers = {
        "FACEFUSION_JOBS_DATABASE": database,
        "FACEFUSION_TRUST_DATABASE": database,
        "FACEFUSION_BROKER": rabbitmq.url().replace("guest:guest@", "guest@"),
        "FACEFUSION_STORAGE": f"s3://{s3.bucket}/jobs",
        "FACEFUSION_STORAGE_ENDPOINT": s3.endpoint(),
        "FACEFUSION_HOST": "127.0.0.1",
        "FACEFUSION_METRICS_HOST": "127.0.0.1",
        "FACEFUSION_QUALITY_SHARE": "0",
    }
    made = Pods(rendered(KUBERNETES / "overlays" / "production"), tmp_path, servers)
    secrets = tmp_path / "mounted" / "run" / "secrets"
    files = {"database/password": "x", "broker/password": "guest"}
    files["storage/credentials"] = f"[default]\naws_access_key_id = {s3.key}\naws_secret_access_key = {s3.secret}\n"
    for path, text in files.items():
        (secrets / path).parent.mkdir(parents=True)
        (secrets / path).write_text(text)
    yield made
    postgres.drop_database(name)
