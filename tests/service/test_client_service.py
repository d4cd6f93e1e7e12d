"""The client against the service itself: every operation, and what breaks in between."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import threading
import time
from dataclasses import replace

import httpx
import pytest
from api_server import ADA, BOB, EVE, until, working
from benchmarks.cable import Cable
from client_server import whole_service
from PIL import Image
from sqlalchemy import func, select
from webhook_receiver import receiving

from facefusion import client as public
from facefusion.client import resources, verify_webhook
from facefusion.client.binding import Doing, Listing
from facefusion.client.signature import signed_headers
from facefusion.errors import (
    AuthenticationError,
    CancelledError,
    ConsentRecordError,
    JobStateError,
    JobUnknownError,
    NotAllowedError,
    OptionsError,
    PreconditionError,
    RequestInvalidError,
    ResourceUnknownError,
    ServiceUnreachableError,
    TriggerEventError,
    TriggerRuleError,
    UploadDamagedError,
    WebhookAddressError,
)
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import JOBS
from facefusion.jobs.values import Failure


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with whole_service(tmp_path_factory.mktemp("service")) as served:
        yield served


@pytest.fixture
def client(service):
    with service.client() as made:
        yield made


@pytest.fixture
def cut(service):
    """A cable to the service, and a client at its end."""
    cable = Cable(service.port)
    with service.client(url=f"http://127.0.0.1:{cable.port}") as made:
        yield cable, made
    cable.close()


@pytest.fixture(scope="module")
def portrait(assets):
    return assets / "portrait.jpg" if (assets / "portrait.jpg").is_file() else _a_portrait(assets)


def _a_portrait(assets):
    from material import ASTRONAUT

    return ASTRONAUT


def job_of(client, *, target="s3://media/acme/film.mp4", output="film.mp4", **more):
    return client.jobs.submit(target, output, sources=["s3://media/acme/face.jpg"], **more)


def test_the_client_covers_every_operation_of_the_document(service):
    """Each operation of the OpenAPI document is one of the client, and the other way round, but those of browsers."""
    paths = {path: of for path, of in service.app.openapi()["paths"].items() if not path.startswith("/v1/session")}
    there = {(method.upper(), path) for path, of in paths.items() for method in of}
    known = set()
    for kind in vars(resources).values():
        for each in vars(kind).values() if isinstance(kind, type) else ():
            if isinstance(each, Doing | Listing):
                known.add((each.operation.method, each.operation.path))
    assert known == there


def test_files_are_sent_and_known_again(client, tmp_path):
    path = tmp_path / "some file.bin"
    path.write_bytes(bytes(range(256)) * 5000)
    told = []
    sent = client.uploads.send(path, type="video/mp4", part=400_000, progress=lambda *given: told.append(given))
    assert (sent.state, sent.size, sent.name) == ("ready", 1_280_000, "some file.bin")
    assert sent.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told == [(400_000, 1_280_000), (800_000, 1_280_000), (1_200_000, 1_280_000), (1_280_000, 1_280_000)]
    assert client.uploads.show(sent.id) == sent
    assert client.uploads.look(sent.id) == sent.size
    assert client.uploads.possible()["tus-version"] == "1.0.0"
    client.uploads.remove(sent.id)
    with pytest.raises(ResourceUnknownError):
        client.uploads.show(sent.id)


def test_an_empty_file_is_sent(client, tmp_path):
    (tmp_path / "empty").touch()
    assert client.uploads.send(tmp_path / "empty").size == 0


def test_sending_goes_on_after_the_connection_was_cut(cut, tmp_path):
    cable, client = cut
    path = tmp_path / "film.bin"
    path.write_bytes(b"0123456789abcdef" * 100_000)
    cuts = []

    def progress(there, _size):
        if len(cuts) < 3:
            cuts.append(there)
            cable.drop()

    sent = client.uploads.send(path, part=200_000, progress=progress)
    assert sent.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(cuts) == 3


def test_sending_goes_on_where_the_service_is_away_for_longer(service, tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(b"x" * 500_000)

    class Away(httpx.HTTPTransport):
        def __init__(self):
            super().__init__()
            self.parts, self.missed = 0, 0

        def handle_request(self, request):
            self.parts += request.method == "PATCH"
            if self.parts > 2 and self.missed < 17:  # three times all tries of a call, and some more
                self.missed += 1
                if self.missed > 15:
                    return httpx.Response(503)  # as proxies answer a look, without a word
                raise httpx.ConnectError("nobody is there")
            return super().handle_request(request)

    client = service.client(transport=Away(), sleep=lambda _seconds: None)
    assert client.uploads.send(path, part=100_000).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    client.close()


def test_sending_ends_well_where_the_answer_to_the_last_part_got_lost(service, tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(b"x" * 500_000)

    class Lossy(httpx.HTTPTransport):
        lost = 0

        def handle_request(self, request):
            answer = super().handle_request(request)
            if request.method == "PATCH" and request.headers["upload-offset"] == "400000":
                self.lost += 1
                answer.close()
                raise httpx.ReadError("the line is dead")
            return answer

    transport = Lossy()
    client = service.client(transport=transport, sleep=lambda _seconds: None)
    sent = client.uploads.send(path, part=100_000)
    assert (sent.state, sent.sha256) == ("ready", hashlib.sha256(path.read_bytes()).hexdigest())
    assert transport.lost == 1
    client.close()


def test_sending_goes_on_later_where_it_stopped(service, client, tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(b"x" * 500_000)

    class Breaks(httpx.HTTPTransport):
        def __init__(self):
            super().__init__()
            self.parts = 0

        def handle_request(self, request):
            if request.method == "PATCH":
                self.parts += 1
            if self.parts > 2:
                raise httpx.ReadError("the line is dead")
            return super().handle_request(request)

    broken = service.client(transport=Breaks(), sleep=lambda _seconds: None)
    with pytest.raises(ServiceUnreachableError) as problem:
        broken.uploads.send(path, part=100_000)
    [note] = problem.value.__notes__
    upload = re.search(r"resume='(\w+)'", note)[1]
    assert client.uploads.show(upload).received == 200_000
    done = client.uploads.send(path, resume=upload, part=100_000)
    assert (done.id, done.state) == (upload, "ready")
    broken.close()


def test_what_changes_while_it_is_sent_is_not_taken(client, tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(b"x" * 300_000)

    def change(there, _size):
        if there == 100_000:
            path.write_bytes(b"y" * 300_000)

    with pytest.raises(UploadDamagedError):
        client.uploads.send(path, part=100_000, progress=change)


def test_storage_that_takes_no_files_itself_says_so(client):
    with pytest.raises(public.sync.FaceFusionError):
        client.uploads.direct("a.mp4", 10)
    with pytest.raises(ResourceUnknownError):
        client.uploads.complete("0" * 32)


def test_lists_are_gone_through_page_by_page(client, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}").write_bytes(b"x")
        client.uploads.send(tmp_path / f"{number}")
    first = client.uploads.page(limit=2)
    assert len(first.items) == 2
    assert first.next is not None
    names = [each.name for each in client.uploads.all(limit=2)]
    assert names[:5] == ["4", "3", "2", "1", "0"]


def test_a_job_is_asked_for_changed_and_stopped(client):
    job = job_of(client, priority=6)
    assert (job.state, job.priority) == ("queued", 6)
    assert client.jobs.prioritise(job.id, 2).priority == 2
    assert client.jobs.pause(job.id).is_paused
    assert not client.jobs.resume(job.id).is_paused
    with pytest.raises(PreconditionError):
        client.jobs.cancel(job.id, revision=1)
    assert client.jobs.time(job.id).why_not is not None
    assert client.jobs.estimate("s3://media/acme/a.mp4", "a.mp4", sources=["s3://media/acme/b.jpg"])["is_cut"]
    cancelled = client.jobs.cancel(job.id, revision=client.jobs.show(job.id).revision)
    assert cancelled.is_over
    with pytest.raises(CancelledError):
        client.jobs.check(cancelled)
    assert client.jobs.retry(job.id).state == "queued"
    client.jobs.cancel(job.id)
    assert client.jobs.events(job.id).items[0].kind == "job.queued"
    assert job.id in [each.id for each in client.jobs.all(state=["cancelled"])]
    with pytest.raises(JobStateError):
        client.jobs.download(job.id, "nowhere.mp4")
    client.jobs.remove(job.id)
    with pytest.raises(JobUnknownError):
        client.jobs.show(job.id)


def test_jobs_wait_for_approval_of_another_person(service, client):
    job, other = job_of(client), job_of(client)
    with service.client(BOB) as bob:
        for each in (job, other):
            with pytest.raises(JobStateError):
                bob.jobs.approve(each.id, reason="well done")
            with pytest.raises(JobStateError):
                bob.jobs.reject(each.id)
    for each in (job, other):
        client.jobs.cancel(each.id)


def test_a_call_that_is_sent_twice_is_done_once(service):
    """The answer to the first is lost on its way; the second, with the same key, brings it."""

    class Loses(httpx.HTTPTransport):
        def __init__(self):
            super().__init__()
            self.keys = []

        def handle_request(self, request):
            response = super().handle_request(request)
            self.keys.append(request.headers["idempotency-key"])
            if len(self.keys) == 1:
                response.read()
                response.close()
                raise httpx.ReadError("the answer is lost")
            return response

    loses = Loses()

    def count():
        with service.parts.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(JOBS)).scalar_one()

    before = count()
    with service.client(transport=loses, sleep=lambda _seconds: None) as client:
        job = job_of(client)
    assert len(loses.keys) == 2
    assert len(set(loses.keys)) == 1
    assert count() == before + 1
    with service.client() as again:
        again.jobs.cancel(job.id)


def test_errors_are_those_of_the_library(service, client):
    with pytest.raises(JobUnknownError) as problem:
        client.jobs.show("0" * 32)
    assert problem.value.what == f"There is no job {'0' * 32}"
    with pytest.raises(OptionsError):
        job_of(client, output="film.exe")
    with pytest.raises(RequestInvalidError) as invalid:
        client.jobs.prioritise("0" * 32, 77)
    assert any("priority" in note for note in invalid.value.__notes__)
    with service.client(None) as nobody, pytest.raises(AuthenticationError):
        nobody.jobs.page()
    with service.client(replace(ADA, scopes=frozenset())) as weak, pytest.raises(NotAllowedError):
        weak.jobs.page()
    with service.client(EVE) as eve:
        assert list(eve.webhooks.all()) == []


def finished_by_hand(service, job, *, failure=None):
    """Do a job as a worker would, without one."""
    queue = JobQueue(service.parts.engine)

    def ours():  # jobs of other tests may be there, too
        found = queue.claim("w")
        return found if found is not None and found.job.id == job.id else None

    lease = until(ours, 10)
    if failure is not None:
        queue.failed(lease, failure)
        return
    data = bytes(range(256)) * 4000
    stored = service.parts.storage.put_bytes(data, f"acme/jobs/{job.id}/result-1/film.mp4")
    output = {
        "name": "film.mp4",
        "address": stored.address,
        "size": stored.size,
        "sha256": stored.sha256,
        "media_type": "video/mp4",
        "form": "video",
        "is_encrypted": False,
    }
    output["address"] = f"acme/jobs/{job.id}/result-1/film.mp4"
    queue.finished(lease, {"outputs": [output], "kind": "video", "frames": 10, "faces": 10})


def photo_job(client):
    """One that is not cut."""
    return job_of(client, target="s3://media/acme/photo.jpg", output="photo.jpg")


def test_a_job_is_watched_to_its_end_and_its_result_fetched(service, client, tmp_path):
    job = photo_job(client)
    threading.Timer(0.3, finished_by_hand, (service, job)).start()
    kinds = [event.kind for event in client.jobs.watch(job.id)]
    assert kinds[0] == "job.queued"
    assert kinds[-1] == "job.succeeded"
    done = client.jobs.check(client.jobs.wait(job.id, timeout=10))
    assert client.jobs.download(job.id, tmp_path) == tmp_path / "film.mp4"
    data = (tmp_path / "film.mp4").read_bytes()
    assert hashlib.sha256(data).hexdigest() == done.result.outputs[0].sha256
    assert client.jobs.result(job.id) == client.jobs.output(job.id, 0) == data
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_watching_goes_on_after_the_stream_was_cut(service, cut):
    cable, client = cut
    job = photo_job(client)
    seen = []
    for event in client.jobs.watch(job.id, timeout=30):
        seen.append((event.id, event.kind))
        if event.kind == "job.queued":
            cable.drop()
            threading.Timer(0.2, finished_by_hand, (service, job)).start()
    numbers = [number for number, _ in seen if number is not None]
    assert numbers == sorted(set(numbers))
    assert seen[-1][1] == "job.succeeded"


def test_fetching_goes_on_after_the_connection_was_cut(service, client, tmp_path):
    job = photo_job(client)
    finished_by_hand(service, job)
    asked = []

    class Cuts(httpx.HTTPTransport):
        def handle_request(self, request):
            response = super().handle_request(request)
            if request.url.path.endswith("/outputs/0"):
                asked.append(request.headers.get("range"))
                if len(asked) < 4:
                    response.stream = _Short(response.stream)
            return response

    class _Short(httpx.SyncByteStream):
        def __init__(self, inner):
            self.inner = inner

        def __iter__(self):
            for chunk in self.inner:
                yield chunk[:50_000]
                raise httpx.ReadError("cut")

        def close(self):
            self.inner.close()

    with service.client(transport=Cuts(), sleep=lambda _seconds: None) as cutting:
        cutting.jobs.download(job.id, tmp_path / "a.mp4")
    assert (
        hashlib.sha256((tmp_path / "a.mp4").read_bytes()).hexdigest()
        == client.jobs.show(job.id).result.outputs[0].sha256
    )
    assert asked[0] is None
    assert [each is not None and each.startswith("bytes=") for each in asked[1:]] == [True] * 3


def test_a_result_that_is_not_what_the_job_made_is_not_kept(service, client, tmp_path):
    job = photo_job(client)
    finished_by_hand(service, job)

    class Changes(httpx.HTTPTransport):
        def handle_request(self, request):
            response = super().handle_request(request)
            if not request.url.path.endswith("/outputs/0"):
                return response
            data = b"".join(response.stream)
            return httpx.Response(
                200, headers={"content-length": str(len(data))}, stream=httpx.ByteStream(b"x" + data[1:])
            )

    with service.client(transport=Changes()) as changing, pytest.raises(public.sync.FaceFusionError, match="SHA-256"):
        changing.jobs.download(job.id, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_why_a_job_failed_is_the_error_of_the_library(service, client):
    job = photo_job(client)
    failure = Failure("NoFaceError", 20, "No face was found", "Take another picture", is_final=True)
    finished_by_hand(service, job, failure=failure)
    with pytest.raises(public.sync.FaceFusionError, match="No face was found") as problem:
        client.jobs.check(client.jobs.wait(job.id))
    assert type(problem.value).__name__ == "NoFaceError"


def test_waiting_ends_in_time(client):
    job = photo_job(client)
    with pytest.raises(TimeoutError):
        client.jobs.wait(job.id, timeout=0.4)
    client.jobs.cancel(job.id)


def test_where_streams_are_not_let_through_it_looks_by_itself(service, client):
    job = photo_job(client)

    class NoStreams(httpx.HTTPTransport):
        def handle_request(self, request):
            if request.headers.get("accept") == "text/event-stream":
                return httpx.Response(502, content=b"<html>proxy</html>")
            return super().handle_request(request)

    threading.Timer(0.3, finished_by_hand, (service, job)).start()
    with service.client(transport=NoStreams()) as behind:
        assert behind.jobs.wait(job.id, timeout=20).state == "succeeded"


def test_webhooks_are_told_of_a_job_and_verified(service, client):
    with receiving() as receiver:
        made = client.webhooks.create(
            f"http://127.0.0.1:{receiver.port}/hook", kinds=["job.succeeded"], description="a"
        )
        assert [each.id for each in client.webhooks.all()] == [made.webhook.id]
        job = photo_job(client)
        finished_by_hand(service, job)
        until(lambda: receiver.received or None, 20)
        got = receiver.received[0]
        message = verify_webhook(got.body, got.headers, made.secret)
        assert (message.type, message.data["job"]["id"]) == ("job.succeeded", job.id)
        assert len(message.data["job"]["result"]["sha256"]) == 64
        until(lambda: client.webhooks.delivery(made.webhook.id, message.id).state == "delivered" or None, 20)
        ping = client.webhooks.test(made.webhook.id)
        until(lambda: client.webhooks.delivery(made.webhook.id, ping.message).state == "delivered" or None, 20)
        assert [each.kind for each in client.webhooks.deliveries(made.webhook.id, limit=1)] == [
            "webhook.test",
            "job.succeeded",
        ]
        assert client.webhooks.delivery_page(made.webhook.id, state=["dead"]).items == []
        client.webhooks.redeliver(made.webhook.id, message.id)
        until(lambda: len(receiver.received) == 3 or None, 20)
        assert receiver.received[2].headers["webhook-id"] == message.id
        rotated = client.webhooks.rotate(made.webhook.id)
        assert rotated.secret != made.secret
        changed = client.webhooks.change(made.webhook.id, is_enabled=False, kinds=["job.failed"])
        assert (changed.is_enabled, changed.kinds) == (False, ["job.failed"])
        assert client.webhooks.show(made.webhook.id).old_secret_until is not None
        client.webhooks.remove(made.webhook.id)
        with pytest.raises(ResourceUnknownError):
            client.webhooks.show(made.webhook.id)
    with pytest.raises(WebhookAddressError):
        client.webhooks.create("https://169.254.169.254/latest")
    with pytest.raises(RequestInvalidError):
        client.webhooks.create("https://hooks.example.com/", kinds=["task.leased"])


def test_secrets_of_webhooks_and_triggers_are_in_no_answer_that_is_kept(service, client):
    made = client._http.post(
        "/v1/webhooks", json={"url": "http://127.0.0.1:9000/"}, headers={"Idempotency-Key": "the same"}
    ).json()
    with service.parts.engine.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT body FROM idempotency").all())
    assert made["secret"] not in kept
    client.webhooks.remove(made["webhook"]["id"])


RULE = {"target": "{address}", "output": "{slug}.mp4", "sources": ["s3://media/acme/face.jpg"]}


def s3_event(key, sequencer="1", bucket="media"):
    thing = {"key": key, "sequencer": sequencer}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": thing}}]}


def test_an_object_starts_one_job_however_often_it_is_told_of(service, client):
    made = client.triggers.create("s3://media/acme/in/", RULE, suffixes=[".mp4"], name="films")
    trigger = made.trigger.id
    assert [each.id for each in client.triggers.all()] == [trigger]
    [first] = client.triggers.send(trigger, s3_event("acme/in/My+film.mp4".replace("+", "-")))
    assert first["outcome"] == "started"
    job = client.jobs.show(first["job"])
    assert job.request["target"] == "s3://media/acme/in/My-film.mp4"
    assert job.owner == f"trigger:{trigger}"
    [again] = client.triggers.send(trigger, s3_event("acme/in/My-film.mp4"))
    assert (again["outcome"], again["job"]) == ("known", first["job"])
    [newer] = client.triggers.send(trigger, s3_event("acme/in/My-film.mp4", "2"))
    assert (newer["outcome"], newer["job"] != first["job"]) == ("started", True)
    [other] = client.triggers.send(trigger, s3_event("acme/in/notes.txt"))
    assert other["outcome"] == "ignored"
    assert client.triggers.send(trigger, {"Event": "s3:TestEvent"}) == []
    for each in (first, newer):
        client.jobs.cancel(each["job"])
    client.triggers.remove(trigger)


def test_many_at_once_start_one_job(service, client):
    trigger = client.triggers.create("s3://media/acme/many/", RULE).trigger.id
    found, problems = [], []

    def tell():
        try:
            with service.client() as own:
                found.extend(own.triggers.send(trigger, s3_event("acme/many/a.mp4")))
        except Exception as error:  # noqa: BLE001 - it is told below
            problems.append(error)

    threads = [threading.Thread(target=tell) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert sorted(each["outcome"] for each in found) == ["known"] * 5 + ["started"]
    assert len({each["job"] for each in found}) == 1
    client.jobs.cancel(found[0]["job"])
    client.triggers.remove(trigger)


def test_an_object_that_cannot_be_a_job_is_refused_and_that_is_seen(client):
    trigger = client.triggers.create("s3://media/", RULE).trigger.id
    [refused] = client.triggers.send(trigger, s3_event("other/film.mp4"))
    assert refused["outcome"] == "refused"
    assert "none of the places" in refused["reason"]
    shown = client.triggers.show(trigger)
    assert shown.refused is not None
    assert "s3://media/other/film.mp4" in shown.refused_reason
    changed = client.triggers.change(trigger, is_enabled=False, suffixes=[".mov"])
    assert (changed.is_enabled, changed.suffixes, changed.refused) == (False, [".mov"], None)
    [off] = client.triggers.send(trigger, s3_event("acme/a.mov"))
    assert off["outcome"] == "ignored"
    client.triggers.remove(trigger)


def test_rules_and_events_that_are_not_understood(client):
    with pytest.raises(TriggerRuleError):
        client.triggers.create("s3://media/acme/", {**RULE, "deliver_to": "s3://media/acme/"})
    with pytest.raises(TriggerRuleError):
        client.triggers.create("s3://media/acme/", {**RULE, "target": "{secret}"})
    trigger = client.triggers.create("s3://media/acme/x/", RULE).trigger.id
    with pytest.raises(TriggerRuleError):
        client.triggers.change(trigger, request={"target": 1})
    with pytest.raises(TriggerEventError):
        client.triggers.send(trigger, {"what": "is this"})
    client.triggers.remove(trigger)


def test_events_are_let_in_by_a_signature_or_a_key_and_else_not(service, client):
    made = client.triggers.create("s3://media/acme/signed/", RULE)
    path, body = f"/v1/triggers/{made.trigger.id}/events", json.dumps(s3_event("acme/signed/a.mp4")).encode()
    now = int(time.time())

    def send(headers, where=path):
        plain = {"Content-Type": "application/json"}
        return httpx.post(service.url + where, content=body, headers={**plain, **headers}, trust_env=False)

    good = signed_headers(body, message="m1", timestamp=now, keys=(made.secret,))
    assert send(good).status_code == 202
    assert send({}).status_code == 401
    assert send({**good, "webhook-timestamp": str(now + 1)}).status_code == 401
    old = signed_headers(body, message="m1", timestamp=now - 1000, keys=(made.secret,))
    assert send(old).status_code == 401
    assert send(good, f"/v1/triggers/{'0' * 32}/events").status_code == 401
    rotated = client.triggers.rotate(made.trigger.id)
    assert send(good).status_code == 401
    assert send(signed_headers(body, message="m2", timestamp=now, keys=(rotated.secret,))).status_code == 202
    with service.client(EVE) as eve, pytest.raises(ResourceUnknownError):
        eve.triggers.send(made.trigger.id, s3_event("acme/signed/a.mp4"))
    with service.client(EVE) as eve, pytest.raises(ResourceUnknownError):
        eve.triggers.show(made.trigger.id)
    large = {"Records": [], "more": "x" * (1 << 20)}
    with pytest.raises(public.sync.FaceFusionError, match="at most"):
        client.triggers.send(made.trigger.id, large)
    client.triggers.remove(made.trigger.id)


def tiny():
    """A picture so small that it is read at once."""
    made = io.BytesIO()
    Image.new("RGB", (48, 48), "grey").save(made, "PNG")
    return made.getvalue()


@pytest.mark.slow
def test_what_there_is_beside_jobs(client):
    assert client.service.live() == {"status": "live"}
    assert client.service.ready()["status"] == "ready"
    assert client.service.version()["api"] == "v1"
    assert "jobs" in client.service.queue()
    assert client.service.workers() == {"workers": []}
    assert {each.state for each in client.models.all()}
    assert client.models.show("blazeface_short").task if _has(client, "blazeface_short") else True
    assert client.models.processors()["processors"]
    assert client.models.options()["options"]
    assert list(client.operations.all()) == []
    assert isinstance(list(client.audit.all(limit=200)), list)
    assert client.audit.check().state in {"checking", "holds"}
    assert until(lambda: found if (found := client.audit.chain()).state != "checking" else None, 60).state == "holds"
    assert client.audit.export(kind=["published", "changed"], order="newest") is not None
    verified = client.service.verify(tiny(), name="a.png")
    assert verified.verdict
    with pytest.raises(ResourceUnknownError):
        client.audit.show("0" * 32)
    with pytest.raises(ResourceUnknownError):
        client.operations.show("0" * 32)
    with pytest.raises(public.sync.FaceFusionError):
        client.models.pull(["no such model"])
    with pytest.raises(ResourceUnknownError):
        client.models.read_bundle("0" * 32)


def _has(client, name):
    return name in {each.name for each in client.models.all()}


@pytest.mark.slow
def test_faces_and_consents(client, portrait, tmp_path):
    (tmp_path / "tiny.png").write_bytes(tiny())
    small = client.uploads.send(tmp_path / "tiny.png")
    assert client.uploads.verify(small.id).layers
    sent = client.uploads.send(portrait)
    face = client.faces.build("Ada", [sent.id])
    done = until(lambda: found if (found := client.faces.show(face.id)).state != "building" else None, 60)
    assert (done.state, done.error) == ("ready", None)
    assert client.operations.show(done.operation).state == "succeeded" if done.operation else True
    assert client.faces.portrait(face.id).startswith(b"\x89PNG")
    assert [each.id for each in client.faces.all(limit=1)] == [face.id]
    client.faces.remove(face.id)
    consent = client.consents.add([sent.id], "Ada Example", project="Night Train", evidence={sent.id: "other"})
    assert consent.state == "holds"
    assert [each.id for each in client.consents.all()] == [consent.id]
    assert json.loads(client.consents.export(consent.id))
    assert client.consents.revoke(consent.id, reason="changed her mind").state == "revoked"
    assert list(client.consents.all()) == []
    assert client.consents.show(consent.id).state == "revoked"
    with pytest.raises((ResourceUnknownError, ConsentRecordError, RequestInvalidError)):
        client.consents.show("nobody")
    with pytest.raises(ResourceUnknownError):
        client.jobs.preview(f"upload:{'0' * 32}", sources=[f"upload:{sent.id}"])


@pytest.mark.slow
def test_a_picture_is_edited_by_a_worker_from_upload_to_result(service, client, tmp_path):
    from material import ASTRONAUT, CAPTAIN

    with working(service, tmp_path):
        source, target = client.uploads.send(ASTRONAUT), client.uploads.send(CAPTAIN)
        job = client.jobs.submit(f"upload:{target.id}", "out.png", sources=[f"upload:{source.id}"])
        done = client.jobs.check(client.jobs.wait(job.id, timeout=120))
        path = client.jobs.download(job.id, tmp_path)
    assert path.name == "out.png"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == done.result.outputs[0].sha256


def test_the_client_that_is_awaited_does_the_same(service, tmp_path):
    async def all_of_it():
        async with service.awaited() as client:
            path = tmp_path / "film.bin"
            path.write_bytes(b"0123456789" * 50_000)
            sent = await client.uploads.send(path, part=200_000)
            assert sent.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
            assert sent.id in [each.id async for each in client.uploads.all(limit=2)]
            job = await client.jobs.submit(
                "s3://media/acme/photo.jpg", "photo.jpg", sources=["s3://media/acme/face.jpg"]
            )
            with pytest.raises(TimeoutError):
                await client.jobs.wait(job.id, timeout=0.3)
            threading.Timer(0.2, finished_by_hand, (service, job)).start()
            kinds = [event.kind async for event in client.jobs.watch(job.id)]
            assert kinds[-1] == "job.succeeded"
            assert (await client.jobs.wait(job.id, timeout=10)).state == "succeeded"
            done = await client.jobs.download(job.id, tmp_path)
            found = hashlib.sha256(done.read_bytes()).hexdigest()
            assert found == client.jobs.check(await client.jobs.show(job.id)).result.outputs[0].sha256
            with pytest.raises(JobUnknownError):
                await client.jobs.show("0" * 32)

    asyncio.run(all_of_it())


def test_both_clients_have_the_same_methods():
    for name in (
        "Uploads",
        "Faces",
        "Jobs",
        "Consents",
        "Webhooks",
        "Triggers",
        "Models",
        "Operations",
        "Audit",
        "Service",
    ):
        one, other = getattr(public.sync, name), getattr(public.aio, f"Async{name}")
        assert {each for each in dir(one) if each[0] != "_"} == {each for each in dir(other) if each[0] != "_"}
        assert all(getattr(one, each).__doc__ for each in dir(one) if each[0] != "_" and each != "doer")
