"""Answers that are lost on their way: the client asks again, and nothing is there twice."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from benchmarks.cable import Cable
from client_server import Whole, whole_service

from facefusion.client import Retries
from facefusion.errors import ServiceUnreachableError
from facefusion.jobs.database import reading
from facefusion.service.tables import IDEMPOTENCY

RULE = {"target": "{address}", "output": "{slug}.mp4", "sources": ["s3://media/acme/face.jpg"]}
EVENT = {"specversion": "1.0", "id": "7", "source": "test", "type": "facefusion.object.created.v1"}


class Losing(Cable):
    """A cable that loses answers, and the connection with them, as often as it is told."""

    def __init__(self, to: int) -> None:
        self.to_lose, self.counting = 0, threading.Lock()
        super().__init__(to)

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            if source.getpeername()[1] == self._to and self._is_lost(source):
                to.shutdown(socket.SHUT_RDWR)
        super()._pass_on(source, to)

    def _is_lost(self, source: socket.socket) -> bool:
        """Wait for the beginning of an answer; say whether it goes no further."""
        source.recv(1, socket.MSG_PEEK)
        with self.counting:
            self.to_lose -= 1
            return self.to_lose >= 0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_service(tmp_path_factory.mktemp("service")) as served:
        yield served


@pytest.fixture
def cable(service: Whole) -> Iterator[Losing]:
    made = Losing(service.port)
    yield made
    made.close()


@dataclass(frozen=True)
class Creating:
    """A call that makes something, and what there is of that."""

    call: Callable[[Any], Any]
    there: Callable[[Any], list[Any]]


def _event(client: Any) -> dict[str, Any]:
    [trigger] = [each for each in client.triggers.all() if each.name == "of events"]
    return {"trigger_id": trigger.id, "event": EVENT | {"data": {"address": "s3://media/acme/in/a.mp4"}}}


CREATING = {
    "a job": Creating(
        lambda client: client.jobs.submit("s3://media/acme/a.mp4", "a.mp4", sources=["s3://media/acme/face.jpg"]),
        lambda client: list(client.jobs.all()),
    ),
    "an upload": Creating(
        lambda client: client.uploads.begin(7, name="a.bin"), lambda client: list(client.uploads.all())
    ),
    "a webhook": Creating(
        lambda client: client.webhooks.create("http://127.0.0.1:9999/"), lambda client: list(client.webhooks.all())
    ),
    "a trigger": Creating(
        lambda client: client.triggers.create("s3://media/acme/in/", RULE, name="one of many"),
        lambda client: list(client.triggers.all()),
    ),
}


@pytest.mark.parametrize("what", CREATING)
@pytest.mark.parametrize("lost", [1, 3])
def test_what_is_made_is_there_once(service: Whole, cable: Losing, what: str, lost: int) -> None:
    creating, url = CREATING[what], f"http://127.0.0.1:{cable.port}"
    with service.client() as near, service.client(url=url, retries=Retries(first=0.01)) as client:
        before = len(creating.there(near))
        cable.to_lose = lost
        made = creating.call(client)
        assert cable.to_lose < 0, "all of them were lost, and one came"
        there = creating.there(near)
        assert len(there) == before + 1
        known = getattr(made, "webhook", None) or getattr(made, "trigger", None) or made
        assert known.id in {each.id for each in there}


@pytest.mark.parametrize("what", CREATING)
def test_the_client_that_is_awaited_does_the_same(service: Whole, cable: Losing, what: str) -> None:
    creating = CREATING[what]

    async def made() -> Any:
        async with service.awaited(url=f"http://127.0.0.1:{cable.port}", retries=Retries(first=0.01)) as client:
            return await creating.call(client)

    with service.client() as near:
        before = len(creating.there(near))
        cable.to_lose = 2
        asyncio.run(made())
        assert cable.to_lose < 0
        assert len(creating.there(near)) == before + 1


def test_a_secret_is_the_same_when_it_is_told_again_and_lies_nowhere_open(service: Whole, cable: Losing) -> None:
    url = f"http://127.0.0.1:{cable.port}"
    with service.client() as near, service.client(url=url, retries=Retries(first=0.01)) as client:
        made = near.webhooks.create("http://127.0.0.1:9999/")
        cable.to_lose = 1
        rotated = client.webhooks.rotate(made.webhook.id)
        assert rotated.webhook.revision == near.webhooks.show(made.webhook.id).revision == 2
        assert rotated.secret != made.secret
    with reading(service.parts.engine) as connection:
        kept = [str(row.body) for row in connection.execute(IDEMPOTENCY.select())]
    assert kept and not any(made.secret in body or rotated.secret in body for body in kept)
    assert not any(secret.removeprefix("whsec_") in body for body in kept for secret in (made.secret, rotated.secret))


def test_an_object_that_is_told_of_again_is_known(service: Whole, cable: Losing) -> None:
    with (
        service.client() as near,
        service.client(url=f"http://127.0.0.1:{cable.port}", retries=Retries(first=0.01)) as client,
    ):
        near.triggers.create("s3://media/acme/in/", RULE, name="of events")
        before = len(list(near.jobs.all()))
        cable.to_lose = 1
        [became] = client.triggers.send(**_event(near))
        assert became["outcome"] == "known"
        assert len(list(near.jobs.all())) == before + 1


def test_it_is_given_up_after_some_tries(service: Whole, cable: Losing) -> None:
    url = f"http://127.0.0.1:{cable.port}"
    with service.client() as near, service.client(url=url, retries=Retries(times=2, first=0.01)) as client:
        before = len(CREATING["a job"].there(near))
        cable.to_lose = 100
        with pytest.raises(ServiceUnreachableError):
            CREATING["a job"].call(client)
        assert cable.to_lose == 97
        assert len(CREATING["a job"].there(near)) == before + 1
