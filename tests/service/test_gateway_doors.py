"""From where and by which name requests come; web pages of others; and what browsers are told."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from typing import Any

import pytest
from gateway_house import JOB, House, Served
from hypothesis import given
from hypothesis import strategies as st

from facefusion.options.trust import TrustOptions
from facefusion.service.gateway.local import peer_user, token_path
from facefusion.service.gateway.network import Client, Proxies

LOCAL = {"local_access": "same-user"}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")


def asked(service: Served, *headers: str, method: str = "GET", path: str = "/v1/open") -> tuple[int, str]:
    """Ask with these headers and no others."""
    lines = [f"{method} {path} HTTP/1.1", *headers, "Connection: close"]
    answer = service.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))
    return int(answer.split(b" ", 2)[1]), answer.decode()


# Names of the service


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "0.0.0.0", "[::2]", "LOCALHOST."],
)
def test_only_its_own_names_call_the_service(house: House, host: str) -> None:
    with house.serving() as service:
        status, said = asked(service, f"Host: {host}:{service.port}")
        assert asked(service, f"Host: LocalHost:{service.port}")[0] == 200
    assert status == (200 if host == "LOCALHOST." else 421)
    assert "caller" not in said or host == "LOCALHOST."


@pytest.mark.parametrize(
    "headers", [(), ("Host: ",), ("Host: a b",), ("Host: localhost@evil",), ("Host: localhost:port",)]
)
def test_a_request_says_whom_it_calls(house: House, headers: tuple[str, ...]) -> None:
    with house.serving() as service:
        assert asked(service, *headers)[0] == 400


def test_two_hosts_are_none(house: House) -> None:
    with house.serving() as service:
        assert asked(service, "Host: localhost", "Host: evil.example")[0] == 400
        assert asked(service, "Host: localhost", "Authorization: Bearer a", "Authorization: Bearer b")[0] == 400


def test_names_may_be_added_and_probes_call_by_any(house: House) -> None:
    with house.serving(public_url="https://faces.example.com/api", allowed_hosts="faces.internal") as service:
        for host in ("faces.example.com", "faces.internal", "faces.internal:5000", "localhost"):
            assert asked(service, f"Host: {host}")[0] == 200
        assert asked(service, "Host: 10.1.2.3:5000", path="/v1/health/live")[0] == 200
        assert asked(service, "Host: 10.1.2.3:5000")[0] == 421


# The user of this machine


@on_linux
def test_the_same_user_needs_no_key(house: House) -> None:
    with house.serving(**LOCAL) as service:
        found = service.get(f"/v1/jobs/{JOB}").json()
    assert (found["tenant"], found["actor"]) == ("default", "ada")
    assert "admin" in found["scopes"]


@pytest.mark.parametrize("user", [os.getuid() + 1, None])
def test_everybody_else_needs_one(house: House, monkeypatch: pytest.MonkeyPatch, user: int | None) -> None:
    monkeypatch.setattr("facefusion.service.gateway.local.peer_user", lambda _client, _server: user)
    with house.serving(**LOCAL) as service:
        assert service.get("/v1/open").json()["caller"] is None
        assert service.get(f"/v1/jobs/{JOB}").status_code == 401


@on_linux
def test_the_kernel_says_who_holds_the_other_end_while_it_is_open() -> None:
    for address in ("127.0.0.1", "::1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.create_server((address, 0), family=family) as listening:
            made = socket.create_connection(listening.getsockname()[:2])
            accepted, client = listening.accept()
            with accepted:
                server = accepted.getsockname()
                assert peer_user(client[:2], server[:2]) == os.getuid()
                made.close()
                assert peer_user(client[:2], server[:2]) is None
                assert peer_user(("127.0.0.1", 1), server[:2]) is None


@on_linux
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another")
def test_another_user_of_the_machine_is_not_let_in(house: House) -> None:
    code = (
        "import os, socket, sys\nos.setuid(65533)\nmade = socket.socket()\n"
        "made.connect(('127.0.0.1', int(sys.argv[1])))\n"
        "made.sendall(sys.argv[2].encode())\nprint(made.recv(4096).decode().split()[1])"
    )
    with house.serving(**LOCAL) as service:
        asking = f"GET /v1/jobs/{JOB} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        command = [sys.executable, "-S", "-c", code, str(service.port), asking]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "401", done.stderr
        assert service.get(f"/v1/jobs/{JOB}").status_code == 200


@on_linux
@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://localhost:1",
        "Origin: http://127.0.0.1.evil.example",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_a_web_page_of_another_origin_cannot_use_what_the_user_may(house: House, header: str) -> None:
    with house.serving(**LOCAL) as service:
        host = f"Host: 127.0.0.1:{service.port}"
        for method, path in (("POST", "/v1/jobs"), ("GET", f"/v1/jobs/{JOB}"), ("DELETE", f"/v1/jobs/{JOB}")):
            status, said = asked(service, host, header, "Content-Length: 0", method=method, path=path)
            assert status == 403
            assert "access-control" not in said.lower()
        own = f"Origin: http://127.0.0.1:{service.port}"
        assert asked(service, host, own, "Sec-Fetch-Site: same-origin", path=f"/v1/jobs/{JOB}")[0] == 200


@on_linux
@pytest.mark.parametrize(
    "header", ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 proxy", "X-Real-IP: 1.2.3.4"]
)
def test_what_came_through_a_proxy_is_not_the_user(house: House, header: str) -> None:
    with house.serving(**LOCAL) as service:
        status, _ = asked(service, f"Host: localhost:{service.port}", header, path=f"/v1/jobs/{JOB}")
    assert status == 401


def test_the_token_of_a_start_lies_where_only_the_user_reads_it_and_goes_at_the_end(house: House) -> None:
    with house.serving(local_access="token") as service:
        path = token_path(house.home, service.port)
        token = path.read_text().strip()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert service.get(f"/v1/jobs/{JOB}").status_code == 401
        assert service.get(f"/v1/jobs/{JOB}", token).json()["actor"] == "ada"
        assert service.get(f"/v1/jobs/{JOB}", token[:-1] + "x").status_code == 401
        assert asked(service, f"Host: localhost:{service.port}", "Authorization: Bearer ffl_é")[0] == 401
    assert not path.exists()
    with house.serving(local_access="token") as service:
        assert service.get("/v1/open", token).status_code == 401  # of another start


def test_the_user_of_the_machine_is_not_held_up_by_rates(house: House) -> None:
    with house.serving(local_access="token", rate_key=1, rate_address=1, rate_burst=1) as service:
        token = token_path(house.home, service.port).read_text().strip()
        assert [service.get("/v1/open", token).status_code for _ in range(5)] == [200] * 5


def test_who_the_user_is_says_the_place(house: House) -> None:
    trust = TrustOptions(actor="grace", tenant="film")
    with house.serving(local_access="token", trust=trust) as service:
        token = token_path(house.home, service.port).read_text().strip()
        found = service.get(f"/v1/jobs/{JOB}", token).json()
    assert (found["tenant"], found["actor"]) == ("film", "grace")


# Proxies


def client_of(
    trusted: list[str], peer: str | None, said: str | None, header: Any = "x-forwarded-for", **more: str
) -> Client:
    headers = {header.encode(): said.encode("latin-1")} if said is not None else {}
    headers |= {name.replace("_", "-").encode(): value.encode() for name, value in more.items()}
    scope = {"client": (peer, 5) if peer else None, "scheme": "http"}
    return Proxies(trusted, header).client(scope, headers)


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "owner"),
    [
        ([], "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (["10.0.0.0/8"], "11.0.0.1", "1.2.3.4", "11.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, nonsense", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "9.9.9.9, nonsense, 10.0.0.2", "10.0.0.2"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", "[2001:db8:1:2:3::4]:80", "2001:db8:1:2::/64"),
        (["unix"], None, "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], None, "1.2.3.4", "unknown"),
        (["2001:db8::/32"], "2001:db8::1", "1.2.3.4", "1.2.3.4"),
    ],
)
def test_the_first_address_that_is_no_trusted_proxys_counts(
    trusted: list[str], peer: str | None, said: str, owner: str
) -> None:
    assert client_of(trusted, peer, said).owner == owner


@pytest.mark.parametrize(
    ("said", "owner", "scheme"),
    [
        ("for=1.2.3.4;proto=https", "1.2.3.4", "https"),
        ('for="[2001:db8::4]:80";by=10.0.0.1', "2001:db8::/64", "http"),
        ("for=9.9.9.9, for=1.2.3.4;proto=HTTPS", "1.2.3.4", "https"),
        ("for=9.9.9.9, for=_hidden", "10.0.0.1", "http"),
        ("for=9.9.9.9, for=unknown", "10.0.0.1", "http"),
        ("by=1.2.3.4", "10.0.0.1", "http"),
        ('for="9.9.9.9', "10.0.0.1", "http"),
    ],
)
def test_the_standard_header_is_read_alike(said: str, owner: str, scheme: str) -> None:
    found = client_of(["10.0.0.0/8"], "10.0.0.1", said, "forwarded")
    assert (found.owner, found.scheme) == (owner, scheme)


def test_the_other_header_is_not_looked_at() -> None:
    assert client_of(["10.0.0.0/8"], "10.0.0.1", None, forwarded="for=1.2.3.4").owner == "10.0.0.1"
    assert client_of(["10.0.0.0/8"], "10.0.0.1", "1.2.3.4", x_forwarded_proto="https").scheme == "https"
    assert client_of([], "10.0.0.1", "1.2.3.4", x_forwarded_proto="https").scheme == "http"


@given(said=st.text(max_size=60), header=st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_nothing_that_stands_there_raises_or_is_taken_without_trust(said: str, header: str) -> None:
    text = said.encode("utf-8", "replace").decode("latin-1")
    assert client_of(["10.0.0.0/8"], "11.0.0.1", text, header).owner == "11.0.0.1"
    client_of(["10.0.0.0/8"], "10.0.0.1", text, header)


def test_behind_a_proxy_rates_are_of_whoever_is_behind_it(house: House) -> None:
    with house.serving(trusted_proxies="127.0.0.1", rate_address=1, rate_burst=120) as service:
        found = {
            address: [service.get("/v1/open", **{"X-Forwarded-For": address}).status_code for _ in range(3)]
            for address in ("1.1.1.1", "2.2.2.2")
        }
        assert (
            service.get("/v1/open", **{"X-Forwarded-For": "3.3.3.3", "X-Forwarded-Proto": "https"}).json()["scheme"]
            == "https"
        )
    assert found == {"1.1.1.1": [200, 200, 429], "2.2.2.2": [200, 200, 429]}


# Pages of others, and what browsers are told


def test_no_page_of_another_origin_may_call_unless_it_is_named(house: House) -> None:
    key = house.key()
    asks = {"Origin": "https://studio.example.com", "Access-Control-Request-Method": "POST"}
    with house.serving() as service, service.client() as client:
        before = client.options("/v1/jobs", headers=asks)
        shown = service.get("/v1/open", key, Origin="https://studio.example.com")
        assert not [name for name in (*before.headers, *shown.headers) if name.startswith("access-control")]
        assert before.status_code == 405
    with house.serving(cors_origins="https://studio.example.com") as service, service.client() as client:
        asks["Access-Control-Request-Headers"] = "authorization,content-type"
        before = client.options("/v1/jobs", headers=asks)
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == "https://studio.example.com"
        assert "access-control-allow-credentials" not in before.headers
        for answer in (service.get("/v1/open", key, **asks), service.get(f"/v1/jobs/{JOB}", **asks)):
            assert answer.headers["access-control-allow-origin"] == "https://studio.example.com"
            assert "origin" in answer.headers["vary"].lower()
        for other in (
            "https://evil.example",
            "https://studio.example.com.evil.example",
            "null",
            "http://studio.example.com",
        ):
            assert client.options("/v1/jobs", headers=asks | {"Origin": other}).status_code == 400
            assert "access-control-allow-origin" not in service.get("/v1/open", key, Origin=other).headers


def test_every_answer_tells_browsers_to_do_no_harm(house: House) -> None:
    key = house.key()
    with house.serving(public_url="https://faces.example.com") as service:
        answers = [
            service.get("/v1/open", key), service.get("/v1/open"), service.get("/nowhere"), service.get("/v1/bug"),
            service.get("/v1/open", "wrong"), service.get("/v1/open", Host="evil.example"),
        ]  # fmt: skip
        for answer in answers:
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
            assert "server" not in answer.headers
        kept = [answer.headers.get("cache-control") for answer in answers]
    assert kept == ["no-store", None, "no-store", "no-store", "no-store", "no-store"]
    with house.serving() as service:
        assert "strict-transport-security" not in service.get("/v1/open").headers
        assert service.get("/v1/events", key).headers["cache-control"] == "no-cache"  # what a route says itself stays


def test_streams_come_as_they_are_made(house: House) -> None:
    with (
        house.serving() as service,
        service.client(house.key()) as client,
        client.stream("GET", "/v1/events") as answer,
    ):
        parts = [part for part in answer.iter_bytes() if part]
    assert b"".join(parts) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert len(parts) > 1


# Addresses and headers


def test_what_is_too_long_is_refused(house: House) -> None:
    with house.serving() as service:
        assert service.get("/v1/open?" + "a" * 5000).status_code == 414
        assert service.get("/v1/open", **{"X-Long": "a" * 17_000}).status_code == 431
        assert service.get("/v1/open", **{f"X-{number}": "a" for number in range(120)}).status_code == 431
        host = f"Host: localhost:{service.port}"
        assert asked(service, host, "X-Vast: " + "a" * 200_000)[0] in {400, 431}


@pytest.mark.parametrize("header", ["X-A: a\rB: c", "X-A: \0", "X A: b", ": b"])
def test_headers_cannot_be_smuggled(house: House, header: str) -> None:
    with house.serving() as service:
        _, said = asked(service, f"Host: localhost:{service.port}", header)
    assert said.startswith("HTTP/1.1 400")
    assert said.count("HTTP/1.1") == 1


def test_nothing_of_a_request_comes_back_in_headers(house: House) -> None:
    planted = "x%0d%0aSet-Cookie:%20a=b"
    with house.serving(cors_origins="https://studio.example.com") as service:
        for answer in (
            service.get(f"/{planted}"),
            service.get(f"/v1/open?{planted}", Origin="https://a.example/" + planted),
        ):
            assert "set-cookie" not in answer.headers
            assert "Set-Cookie" not in str(answer.headers)
