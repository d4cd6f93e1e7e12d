"""`facefusion serve` and `server.py`: one process that has everything, begun and ended as people do it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from api_server import until

from facefusion.telemetry.listening import listening
from material import ASTRONAUT, CAPTAIN
from whole_service import serving

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_first_job_on_a_laptop(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, address), httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        token = next((tmp_path / "trust").glob("service-*.token")).read_text().strip()
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/v1/health/ready").json()["status"] == "ready"
        ids = [_sent(client, path) for path in (ASTRONAUT, CAPTAIN)]
        order = {"sources": [f"upload:{ids[0]}"], "target": f"upload:{ids[1]}", "output": "result.png"}
        made = client.post("/v1/jobs", json=order)
        assert made.status_code == 201, made.text
        place = made.headers["location"]
        until(lambda: client.get(place).json()["state"] in {"succeeded", "failed"} or None, 120)
        assert client.get(place).json()["state"] == "succeeded", client.get(place).text
        assert client.get(f"{place}/result").content.startswith(b"\x89PNG")
        assert client.get("/v1/webhooks").status_code == 200
        assert client.get("/v1/triggers").status_code == 200
        [worker] = client.get("/v1/workers").json()["workers"]
        assert not worker["is_silent"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.slow
def test_a_service_that_strangers_reach_needs_keys(tmp_path: Path) -> None:
    environment = os.environ | {"FACEFUSION_TRUST_DIR": str(tmp_path), "FACEFUSION_ACKNOWLEDGE": "1"}
    environment |= {"FACEFUSION_JOBS_DATABASE": str(tmp_path / "jobs.db")}
    flags = ["--hosted", "--public-url", "https://faces.example.com", "--trusted-proxies", "10.0.0.0/8"]
    command = [sys.executable, str(ROOT / "server.py"), "--port", "0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 2 and "key" in done.stderr


def test_a_port_that_is_taken_is_told() -> None:
    from facefusion.errors import OptionsError

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OptionsError, match=f"Port {port} of 127.0.0.1 is taken"):
            listening("127.0.0.1", port)
    with pytest.raises(OptionsError, match="no address"):
        listening("no.such.host.invalid", 0)
    with listening("127.0.0.1", 0) as made:
        assert made.getsockname()[1] > 0


def _sent(client: httpx.Client, path: Path) -> str:
    answer = client.post(f"/v1/uploads?name={path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
