"""Bodies of requests: no larger, slower or deeper than allowed, whatever their headers say."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import time
from typing import Any

import pytest
from gateway_house import House, Served, received
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import SlowRequestError, TooLargeError
from facefusion.service.gateway.body import BodyLimits, GuardedBody, JsonDepth

LIMITS = {"max_body": 2048, "max_part": 65536}


def request(
    service: Served, key: str, method: str, path: str, *headers: str, body: bytes = b"", closes: bool = True
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", f"Authorization: Bearer {key}", *headers]
    lines += ["Connection: close"] if closes else []
    return service.raw("\r\n".join([*lines, "", ""]).encode() + body)


def chunked(*parts: bytes, ends: bool = True) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if ends else b"")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_body_within_the_limits_goes_through(house: House) -> None:
    key = house.key()
    with house.serving(**LIMITS) as service, service.client(key) as client:
        assert client.post("/v1/jobs", json={"a": "x" * 1000}).json()["size"] == 1009
        assert client.patch("/v1/uploads/1", content=b"x" * 65536).json() == {"size": 65536}


def test_what_says_that_it_is_too_large_is_refused_before_it_is_sent(house: House) -> None:
    key = house.key()
    with house.serving(**LIMITS) as service:
        answer = request(service, key, "POST", "/v1/jobs", "Content-Length: 2049", closes=False)
        part = request(service, key, "PATCH", "/v1/uploads/1", "Content-Length: 65537")
        vast = request(service, key, "POST", "/v1/jobs", "Content-Length: " + "9" * 18)
    assert [status(each) for each in (answer, part, vast)] == [413, 413, 413]
    assert b"connection: close" in answer.lower()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "urn:facefusion:error:TooLargeError"


@pytest.mark.parametrize("says", ["-1", "abc", "1e3", "0x10", "10, 20", "9" * 30])
def test_a_length_that_is_no_number_is_refused(house: House, says: str) -> None:
    with house.serving(**LIMITS) as service:
        assert status(request(service, house.key(), "POST", "/v1/jobs", f"Content-Length: {says}")) in {400, 413}


def test_what_comes_in_chunks_is_counted_as_it_comes(house: House) -> None:
    key = house.key()
    with house.serving(**LIMITS) as service:
        ways = "Transfer-Encoding: chunked", "Content-Type: application/json"
        good = request(service, key, "POST", "/v1/jobs", *ways, body=chunked(b'{"a":', b" " * 1000, b"1}"))
        large = request(service, key, "POST", "/v1/jobs", *ways, body=chunked(b"[", *[b" " * 100] * 30, b"]"))
        endless = request(
            service, key, "PATCH", "/v1/uploads/1", *ways[:1], body=chunked(*[b"x" * 16384] * 5, ends=False)
        )
    assert (status(good), status(large), status(endless)) == (202, 413, 413)
    assert b"urn:facefusion:error:TooLargeError" in large  # whatever the application made of it


def test_a_body_that_is_longer_than_it_says_is_no_request(house: House) -> None:
    """What follows the length is a request of its own; here it is none, so that the connection ends."""
    key = house.key()
    with house.serving(**LIMITS) as service:
        ways = "Content-Length: 2", "Content-Type: application/json"
        answer = request(service, key, "POST", "/v1/jobs", *ways, body=b"{}" + b"x" * 5000 + b"\r\n\r\n", closes=False)
        both = request(service, key, "POST", "/v1/jobs", *ways, "Transfer-Encoding: chunked", body=chunked(b"{}"))
    assert status(answer) == 202
    assert b"400 Bad Request" in answer
    assert status(both) in {202, 400}
    assert both.count(b"HTTP/1.1") == 1 or b"400" in both


def test_a_body_that_does_not_come_is_not_waited_for(house: House) -> None:
    key = house.key()
    with house.serving(body_seconds=0.3, **LIMITS) as service:
        began = time.monotonic()
        ways = "Content-Length: 2000", "Content-Type: application/json"
        answer = request(service, key, "POST", "/v1/jobs", *ways, body=b'{"a":')
        took = time.monotonic() - began
    assert status(answer) == 408
    assert took < 8
    assert house.entries("denied")[0]["reason"] == "too-slow"


def test_a_body_that_drips_is_not_waited_for_either(house: House) -> None:
    key = house.key()
    with house.serving(body_seconds=0.5, body_rate=1000, **LIMITS) as service:
        head = (
            f"PATCH /v1/uploads/1 HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Length: 60000\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as made:
            made.sendall(head.encode())
            made.settimeout(0.05)
            answer = b""
            for _ in range(200):
                try:
                    made.sendall(b"x")
                    answer = made.recv(4096)
                    break
                except TimeoutError:
                    continue
                except (BrokenPipeError, ConnectionResetError):
                    break
            assert status(answer + received(made)) == 408


def test_an_answer_that_comes_before_the_body_does_not_reset_the_connection(house: House) -> None:
    with house.serving(**LIMITS) as service:
        head = f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Length: 60000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as made:
            made.sendall(head.encode())
            answer = made.recv(65536)
            for _ in range(60):
                made.sendall(b"x" * 1000)
            while part := made.recv(65536):
                answer += part
    assert status(answer) == 413


def test_time_in_which_the_application_does_not_read_is_nobodys_fault() -> None:
    now = [0.0]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def go() -> None:
        body = GuardedBody(receive, {}, BodyLimits(10, 10, 1, 1), clock=lambda: now[0])
        for _ in range(5):
            await body()
            now[0] += 100

    asyncio.run(go())


def test_a_fault_is_kept_for_whoever_answers() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 6, "more_body": True}

    async def go() -> None:
        body = GuardedBody(receive, {}, BodyLimits(10, 10, 5, 1))
        await body()
        for _ in range(2):
            with pytest.raises(TooLargeError):
                await body()
        assert isinstance(body.fault, TooLargeError)

        async def never() -> Any:
            await asyncio.Event().wait()

        slow = GuardedBody(never, {}, BodyLimits(10, 10, 0.01, 1000))
        with pytest.raises(SlowRequestError):
            await slow()

    asyncio.run(go())


# JSON


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((depth_of(each) for each in value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


anything = st.recursive(
    st.none() | st.integers() | st.text(alphabet=st.sampled_from('ab"\\[]{}\0é\n'), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\[{', max_size=3), inner, max_size=3),
    max_leaves=20,
)


@given(value=anything, cuts=st.lists(st.integers(0, 400), max_size=6), is_ascii=st.booleans())
def test_depth_is_counted_as_json_has_it_wherever_it_is_cut(value: object, cuts: list[int], is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii).encode()
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    parts = [text[one:other] for one, other in itertools.pairwise(places)]
    depth = depth_of(value)

    def passes(most: int) -> bool:
        counting = JsonDepth(most)
        return all(counting.goes_on(part) for part in parts)

    assert passes(depth)
    assert depth == 0 or not passes(depth - 1)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/problem+json", "APPLICATION/JSON; charset=utf-8", ""]
)
def test_deep_json_is_refused(house: House, kind: str) -> None:
    key = house.key()
    with house.serving(max_body=1 << 20) as service, service.client(key) as client:
        headers = {"Content-Type": kind} if kind else {}
        deep = client.post("/v1/jobs", content=b"[" * 33 + b"]" * 33, headers=headers)
        very = client.post("/v1/jobs", content=b'{"a":' * 100_000, headers=headers)
        tricky = client.post("/v1/jobs", content=b'["\\"", ' + b"[" * 33, headers=headers)
    assert [each.status_code for each in (deep, very, tricky)] == [400, 400, 400]
    assert "levels" in deep.json()["detail"]


def test_brackets_in_texts_are_no_depth(house: House) -> None:
    with house.serving() as service, service.client(house.key()) as client:
        assert client.post("/v1/jobs", json=["[" * 500, {"{" * 100: '"[\\'}]).status_code == 202


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_json_in_another_encoding_is_refused_as_nobody_counts_it(house: House, encoding: str) -> None:
    with house.serving() as service, service.client(house.key()) as client:
        content = json.dumps([["a"]]).encode(encoding)
        answer = client.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["detail"]
