"""The whole at once: `facefusion serve` as a process, its gateway, its workers, its webhooks, and the client."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from api_server import until
from test_api_serve import serving
from webhook_receiver import receiving

from facefusion.client import Client, verify_webhook
from facefusion.client.signature import signed_headers
from facefusion.errors import AuthenticationError
from material import ASTRONAUT, CAPTAIN


@pytest.mark.slow
def test_from_a_file_to_a_result_and_the_word_of_it(tmp_path):
    with receiving() as receiver:
        flags = ["--webhook-http", "--webhook-networks", "127.0.0.0/8", "--webhook-ports", str(receiver.port)]
        flags += ["--local-access", "token", "--allowed-roots", "file:///srv/media"]
        with serving(tmp_path, *flags) as (_, address):
            token = next((tmp_path / "trust").glob("service-*.token")).read_text().strip()
            with Client(address, key=token, timeout=120) as client:
                made = client.webhooks.create(f"http://127.0.0.1:{receiver.port}/hook", kinds=["job.succeeded"])
                source, target = client.uploads.send(ASTRONAUT), client.uploads.send(CAPTAIN)
                job = client.jobs.submit(f"upload:{target.id}", "out.png", sources=[f"upload:{source.id}"])
                done = client.jobs.check(client.jobs.wait(job.id, timeout=200))
                assert client.jobs.download(job.id, tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
                until(lambda: receiver.received or None, 60)
                message = verify_webhook(receiver.received[0].body, receiver.received[0].headers, made.secret)
                assert message.data["job"]["id"] == job.id
                assert message.data["job"]["result"]["sha256"] == done.result.outputs[0].sha256
                _signed_events_pass_the_gateway(client, address)
            with Client(address) as nobody, pytest.raises(AuthenticationError):
                nobody.jobs.page()


def _signed_events_pass_the_gateway(client, address):
    rule = {"target": "{address}", "output": "{slug}.png", "sources": ["file:///srv/media/face.png"]}
    made = client.triggers.create("file:///srv/media/in/", rule)
    event = {"specversion": "1.0", "id": "1", "source": "/test", "type": "facefusion.object.created.v1"}
    body = json.dumps({**event, "data": {"address": "file:///srv/media/in/a.png", "version": "1"}}).encode()
    headers = signed_headers(body, message="m", timestamp=int(time.time()), keys=(made.secret,))
    url, kind = f"{address}/v1/triggers/{made.trigger.id}/events", {"Content-Type": "application/cloudevents+json"}
    answer = httpx.post(url, content=body, headers={**headers, **kind}, trust_env=False)
    assert answer.status_code == 202, answer.text
    [found] = answer.json()["objects"]
    assert found["outcome"] == "started"
    assert httpx.post(url, content=body, headers=kind, trust_env=False).status_code == 401
