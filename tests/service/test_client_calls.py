"""What the client does by itself: retries, keys, errors, streams of events; against answers made by hand."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from facefusion import errors
from facefusion.client import AsyncClient, Client, Retries
from facefusion.client.sse import EventParser
from facefusion.errors import (
    FaceFusionError,
    JobQuotaError,
    NoFaceError,
    OptionsError,
    ServiceAnswerError,
    ServiceUnreachableError,
    TooManyRequestsError,
)

JOB = {"id": "a" * 32, "state": "queued", "revision": 1, "created": "2027-01-15T08:00:00Z"}


class Script:
    """Answers one request after another, and notes them and the waits between."""

    def __init__(self, *answers):
        self.answers, self.asked, self.waits = list(answers), [], []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **more):
        retries = more.pop("retries", Retries(chance=lambda: 1.0))
        transport = httpx.MockTransport(self)
        return Client(
            "https://faces.example.com", transport=transport, sleep=self.waits.append, retries=retries, **more
        )


def problem(kind, status, *, what="It is so", headers=None, **more):
    values = {
        "type": f"urn:facefusion:error:{kind}",
        "title": kind,
        "status": status,
        "detail": what,
        "hint": "Do this",
    }
    return httpx.Response(status, json={**values, **more}, headers=headers or {})


def ok(values=JOB, status=200):
    return httpx.Response(status, json=values)


def test_a_key_goes_along_and_each_call_has_its_own_for_all_its_tries():
    script = Script(problem("JobsUnavailableError", 503), ok(), ok())
    client = script.client(key="ff_a_b")
    client.jobs.submit("upload:a", "a.png")
    client.jobs.cancel("a" * 32)
    first, again, other = script.asked
    assert first.headers["authorization"] == "Bearer ff_a_b"
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] != other.headers["idempotency-key"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_after_growing_waits(status):
    script = Script(httpx.Response(status), httpx.Response(status), ok())
    assert script.client().jobs.show("a" * 32).id == "a" * 32
    assert script.waits == [0.5, 1.0]


def test_it_waits_as_long_as_the_service_asks_and_not_for_ever():
    script = Script(problem("TooManyRequestsError", 429, headers={"Retry-After": "7"}), ok())
    script.client().jobs.show("a")
    assert script.waits == [7.0]
    script = Script(problem("TooManyRequestsError", 429, headers={"Retry-After": "3600"}))
    with pytest.raises(TooManyRequestsError) as refused:
        script.client().jobs.show("a")
    assert refused.value.seconds == 3600
    assert script.waits == []


def test_a_date_to_wait_for_is_held_against_that_of_the_answer():
    headers = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:28:09 GMT"}
    script = Script(problem("OverloadedError", 503, headers=headers), ok())
    script.client().jobs.show("a")
    assert script.waits == [9.0]
    script = Script(problem("OverloadedError", 503, headers={"Retry-After": "soon"}), ok())
    script.client().jobs.show("a")
    assert script.waits == [0.5]


def test_a_request_that_is_being_answered_is_asked_again():
    script = Script(problem("RequestBusyError", 409, headers={"Retry-After": "1"}), ok())
    script.client().jobs.submit("upload:a", "a.png")
    assert script.waits == [1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422, 500, 501])
def test_what_does_not_pass_is_not_tried_again(status):
    script = Script(httpx.Response(status))
    with pytest.raises(ServiceAnswerError):
        script.client().jobs.show("a")
    assert len(script.asked) == 1


def test_after_some_tries_the_answer_stands():
    script = Script(httpx.Response(503))
    with pytest.raises(ServiceAnswerError) as refused:
        script.client().jobs.show("a")
    assert (len(script.asked), refused.value.status) == (5, 503)
    assert script.waits == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("error", [httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")])
def test_where_nobody_knows_whether_it_arrived_only_what_does_no_harm_is_sent_again(error):
    script = Script(error, ok())
    script.client().jobs.submit("upload:a", "a.png")
    assert len(script.asked) == 2
    script = Script(error, httpx.Response(204))
    assert script.client().triggers.send("a", {}) == []
    for call in (
        lambda client: client.webhooks.change("a", is_enabled=True),
        lambda client: client.triggers.change("a", is_enabled=True),
        lambda client: client.jobs.preview("upload:a"),
    ):
        script = Script(error, ok())
        with pytest.raises(ServiceUnreachableError):
            call(script.client())
        assert len(script.asked) == 1


def test_what_cannot_have_arrived_is_always_sent_again():
    script = Script(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(204))
    script.client().webhooks.remove("a")
    assert len(script.asked) == 3


def test_without_retries_everything_is_sent_once():
    script = Script(httpx.Response(503))
    with pytest.raises(ServiceAnswerError):
        script.client(retries=Retries(times=0)).jobs.show("a")
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    "name", sorted({each for each in errors.__all__ if each.endswith("Error")} - {"ServiceAnswerError"})
)
def test_every_error_of_the_library_comes_back_as_itself(name):
    script = Script(problem(name, 422))
    with pytest.raises(FaceFusionError) as raised:
        script.client().jobs.show("a")
    assert type(raised.value) is getattr(errors, name)
    assert (raised.value.what, raised.value.hint) == ("It is so", "Do this")


def test_what_is_wrong_with_fields_is_noted():
    script = Script(problem("RequestInvalidError", 422, errors=[{"field": "body.priority", "problem": "too large"}]))
    with pytest.raises(errors.RequestInvalidError) as raised:
        script.client().jobs.show("a")
    assert raised.value.__notes__ == ["body.priority: too large"]


@pytest.mark.parametrize(
    "answer",
    [
        problem("SomethingNewError", 422),
        problem("InternalError", 500),
        problem("__init__", 422),
        problem("annotations", 422),
        httpx.Response(422, json={"type": "about:blank"}),
        httpx.Response(500, json=["?"]),
        httpx.Response(500, content=b"<html>"),
        httpx.Response(301, headers={"location": "https://elsewhere.example.com/"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"id": 7}),
        httpx.Response(200, json=[]),
    ],
)
def test_answers_that_are_not_understood(answer):
    script = Script(answer)
    with pytest.raises(ServiceAnswerError):
        script.client().jobs.show("a")


def test_fields_that_a_newer_service_adds_are_kept():
    job = Script(ok({**JOB, "colour": "blue"})).client().jobs.show("a")
    assert job.model_extra == {"colour": "blue"}


def test_names_in_paths_are_escaped():
    script = Script(ok())
    script.client().jobs.show("../admin?x=1#y")
    assert script.asked[0].url.raw_path == b"/v1/jobs/..%2Fadmin%3Fx%3D1%23y"


@pytest.mark.parametrize("url", ["faces.example.com", "ftp://a", "https://", "https://user@a/", "https://a/?b=1", ""])
def test_addresses_that_are_none_of_a_service(url):
    with pytest.raises(OptionsError):
        Client(url)


def test_a_service_below_a_path_is_reached():
    script = Script(ok())
    client = Client("https://a.example.com/faces/", transport=httpx.MockTransport(script))
    client.jobs.show("b")
    assert str(script.asked[0].url) == "https://a.example.com/faces/v1/jobs/b"


def test_what_made_a_job_fail_is_raised():
    client = Script(ok()).client()
    failed = {**JOB, "state": "failed", "error": {"type": "NoFaceError", "code": 20, "what": "None", "hint": ""}}
    job = Script(ok(failed)).client().jobs.show("a")
    with pytest.raises(NoFaceError):
        client.jobs.check(job)
    with pytest.raises(errors.JobStateError):
        client.jobs.check(job.model_copy(update={"state": "rejected"}))
    assert client.jobs.check(job.model_copy(update={"state": "succeeded"}))


def test_events_are_put_together_from_lines():
    parser = EventParser()
    lines = [
        *(
            "retry: 2000",
            "",
            ": still here",
            "",
            "id: 7",
            "event: job.queued",
            'data: {"a":',
            "data: 1}",
            "",
            "data:{}",
        ),
        *("", "event: nothing", "", "id: 8\0", "unknown: x", "data", ""),
    ]
    found = []
    for line in lines[:-2]:
        event = parser.feed(line)
        if event is not None:
            found.append(event)
    assert found == [("7", "job.queued", {"a": 1}), ("7", "message", {})]
    assert (parser.retry, parser.last_id) == (2.0, "7")
    parser.feed("data: {")
    with pytest.raises(ServiceAnswerError):
        parser.feed("")


def stream(*events, status=200, kind="text/event-stream"):
    text = "".join(f"id: {number}\nevent: {name}\ndata: {json.dumps(values)}\n\n" for number, name, values in events)
    return httpx.Response(status, headers={"content-type": kind}, content=text.encode())


def event(number, kind):
    return number, kind, {"id": number, "kind": kind, "at": "2027-01-15T08:00:00Z", "facts": {}}


def test_a_stream_that_ends_early_is_opened_again_where_it_was_left():
    script = Script(stream(event(1, "job.queued"), event(4, "job.running")), stream(event(9, "job.succeeded")))
    assert [each.id for each in script.client().jobs.watch("a")] == [1, 4, 9]
    assert [request.headers.get("last-event-id") for request in script.asked] == [None, "4"]


def test_a_stream_that_says_that_there_is_no_more_ends():
    script = Script(httpx.Response(204))
    assert list(script.client().jobs.watch("a", after=9)) == []


def test_a_service_that_stays_away_while_a_job_is_watched_is_told_of():
    script = Script(httpx.ConnectError("refused"))
    with pytest.raises(ServiceUnreachableError):
        list(script.client().jobs.watch("a"))


def test_a_quota_is_told_at_once_in_a_stream_too():
    script = Script(problem("JobQuotaError", 429))
    with pytest.raises(JobQuotaError):
        list(script.client().jobs.watch("a"))


def test_the_client_that_is_awaited_waits_and_raises_alike():
    script = Script(problem("JobsUnavailableError", 503, headers={"Retry-After": "3"}), problem("NoFaceError", 422))

    async def ask():
        async def sleep(seconds):
            script.waits.append(seconds)

        transport = httpx.MockTransport(script)
        async with AsyncClient("https://a.example.com", transport=transport, sleep=sleep) as client:
            await client.jobs.show("a")

    with pytest.raises(NoFaceError):
        asyncio.run(ask())
    assert script.waits == [3.0]
