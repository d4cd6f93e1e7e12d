"""A portrait is animated over HTTP: whose consent is asked for, and what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import served, until, working

from material import ASTRONAUT, CAPTAIN, read_clip

DONE = {"succeeded", "failed", "cancelled", "rejected", "review"}


def sent(client: httpx.Client, path: Path) -> str:
    answer = client.post(f"/v1/uploads?name={path.name.replace(' ', '-')}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def done(client: httpx.Client, **order: Any) -> dict[str, Any]:
    """Ask for a job and return it as it ended."""
    answer = client.post("/v1/jobs", json=order)
    assert answer.status_code == 201, answer.text

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/v1/jobs/{answer.json()['id']}").json()
        return shown if shown["state"] in DONE else None

    return until(look, 180)


def test_the_person_of_the_portrait_is_asked_for(
    tmp_path: Path, moving_portrait: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFUSION_POLICY", "eu")
    with served(tmp_path) as here, working(here, tmp_path):
        client = here.client()
        portrait, performance = sent(client, CAPTAIN), sent(client, moving_portrait)
        options = {"processors": ["portrait_animator"], "portrait_animator_size": 256}
        order = {"sources": [f"upload:{portrait}"], "target": f"upload:{performance}", "output": "moved.mp4"}
        consent = {"granted_by": "her", "processors": ["portrait_animator"]}
        assert client.post("/v1/consents", json=consent | {"pictures": [sent(client, ASTRONAUT)]}).status_code == 201
        refused = done(client, **order, options=options)
        assert refused["error"]["type"] == "ConsentMissingError", refused["state"]
        made = client.post("/v1/consents", json=consent | {"pictures": [portrait]})
        assert made.status_code == 201, made.text
        shown = done(client, **order, options=options)
        assert shown["state"] == "succeeded", shown["error"]
        result = tmp_path / "moved.mp4"
        result.write_bytes(client.get(f"/v1/jobs/{shown['id']}/result").content)
        assert len(read_clip(result)) == len(read_clip(moving_portrait))
        entries = client.get("/v1/audit", params={"consent": made.json()["id"]}).json()["entries"]
        assert any("portrait_animator" in str(entry) for entry in entries)
