"""Sending messages to a real receiver that is well, away, slow, huge, elsewhere, or not what it says."""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import json
import socket
import threading
import time

import pytest
from webhook_material import LOCAL
from webhook_receiver import (
    certificate,
    close_early,
    dripping,
    endless_head,
    garbage,
    huge,
    receiving,
    status,
)

from facefusion.errors import OptionsError
from facefusion.options import ServingOptions
from facefusion.service.webhooks.post import Poster
from facefusion.service.webhooks.settings import Egress


class Leading:
    """A resolver that leads every name to this machine."""

    async def addresses(self, host, port):
        return ["127.0.0.1"]


def post(url, egress=LOCAL, *, body=b"{}", resolver=None):
    return asyncio.run(Poster(egress, resolver=resolver).post(url, body, {"webhook-id": "msg_1"}))


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


def url_of(receiver, path="/hook"):
    return f"http://127.0.0.1:{receiver.port}{path}"


def test_a_message_arrives_as_it_is(receiver):
    answer = post(url_of(receiver, "/hook?a=%20b"), body=b'{"a":1}')
    assert (answer.status, answer.reason) == (200, "")
    [got] = receiver.received
    assert (got.path, got.body) == ("/hook?a=%20b", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "msg_1"
    assert not {"authorization", "cookie", "proxy-authorization"} & got.headers.keys()


@pytest.mark.parametrize("code", [201, 202, 204])
def test_all_of_200_means_that_it_arrived(receiver, code):
    receiver.answers.append(status(code))
    assert post(url_of(receiver)).reason == ""


@pytest.mark.parametrize("code", [400, 401, 404, 410, 429, 500, 503])
def test_other_answers_mean_that_it_did_not(receiver, code):
    receiver.answers.append(status(code))
    answer = post(url_of(receiver))
    assert answer.status == code
    assert str(code) in answer.reason


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere(receiver, code):
    with receiving() as other:
        receiver.answers.append(status(code, Location=url_of(other)))
        answer = post(url_of(receiver))
        assert answer.status == code
        assert "elsewhere" in answer.reason
        assert other.received == []


def test_a_huge_answer_is_not_read_to_its_end(receiver):
    receiver.answers.append(huge)
    assert post(url_of(receiver)).status == 200


def test_headers_without_end_are_not_read_to_their_end(receiver):
    receiver.answers.append(endless_head)
    answer = post(url_of(receiver))
    assert answer.status is None
    assert answer.reason


def test_a_slow_receiver_is_left_in_time(receiver):
    receiver.answers.append(dripping)
    began = time.monotonic()
    answer = post(url_of(receiver), dataclasses.replace(LOCAL, timeout=0.5))
    assert answer.reason == "no answer within 0.5 seconds"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("answering", [close_early, garbage])
def test_a_receiver_that_is_none_is_told_of(receiver, answering):
    receiver.answers.append(answering)
    answer = post(url_of(receiver))
    assert answer.status is None
    assert "ProtocolError" in answer.reason


def test_a_receiver_that_is_away_is_told_of():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = post(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert answer.status is None
    assert "ConnectError" in answer.reason


def test_a_name_that_nobody_knows_is_told_of():
    class Unknown:
        async def addresses(self, host, port):
            raise socket.gaierror(-2, "Name or service not known")

    assert "looked up" in post("https://nowhere.example/", Egress(), resolver=Unknown()).reason


def test_a_name_that_leads_to_this_machine_gets_nothing(receiver):
    egress = Egress(has_http=True, ports=frozenset({receiver.port}))
    answer = post(f"http://hooks.example.com:{receiver.port}/", egress, resolver=Leading())
    assert "127.0.0.1, which is loopback" in answer.reason
    assert receiver.received == []


def test_proxies_and_passwords_of_the_environment_are_not_used(receiver, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert post(url_of(receiver)).status == 200
    assert "authorization" not in receiver.received[0].headers


@pytest.mark.parametrize(("value", "seconds"), [("120", 120.0), ("0", 0.0), ("soon", None), ("-5", None), ("", None)])
def test_what_a_receiver_asks_to_wait(receiver, value, seconds):
    receiver.answers.append(status(503, Retry_After=value))
    assert post(url_of(receiver)).after == seconds


def test_a_date_to_wait_for_is_taken_by_the_receivers_own_clock(receiver):
    dates = {"Date": "Sun, 22 Nov 2026 08:00:00 GMT", "Retry_After": "Sun, 22 Nov 2026 08:02:00 GMT"}

    def answer(handler):
        handler.send_response_only(429)
        for name, date in dates.items():
            handler.send_header(name.replace("_", "-"), date)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers.append(answer)
    assert post(url_of(receiver)).after == 120.0


def test_tls_is_for_the_name_and_the_connection_to_the_address_that_was_checked(tmp_path):
    trusted, context = certificate(tmp_path, "hooks.example.com")
    with receiving(context) as server:
        egress = dataclasses.replace(LOCAL, ca_file=trusted, has_http=False)
        answer = post(f"https://hooks.example.com:{server.port}/hook", egress, resolver=Leading())
        assert (answer.status, answer.reason) == (200, "")
        assert server.server_names == ["hooks.example.com"]
        assert server.received[0].headers["host"] == f"hooks.example.com:{server.port}"


@pytest.mark.parametrize("trusts", [True, False])
def test_a_certificate_that_is_for_another_name_or_not_trusted_gets_nothing(tmp_path, trusts):
    trusted, context = certificate(tmp_path, "other.example.com" if trusts else "hooks.example.com")
    with receiving(context) as server:
        egress = dataclasses.replace(LOCAL, ca_file=trusted if trusts else None)
        answer = post(f"https://hooks.example.com:{server.port}/hook", egress, resolver=Leading())
        assert answer.status is None
        assert "certificate" in answer.reason.lower()
        assert server.received == []


def test_certificates_that_cannot_be_read_are_an_error_of_the_options(tmp_path):
    with pytest.raises(OptionsError, match="certificates"):
        Poster(Egress(ca_file=tmp_path / "none.pem"))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(OptionsError, match="certificates"):
        Poster(Egress(ca_file=tmp_path / "bad.pem"))


class TunnelingProxy:
    """A proxy that knows `CONNECT`, or refuses."""

    def __init__(self, reply=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.reply, self.heads = reply, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://user:se%3Acret@127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self):
        client, _ = self.socket.accept()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.heads.append(head.decode())
        client.sendall(self.reply)
        if b" 200 " in self.reply:
            place = head.split()[1].decode().rpartition(":")
            with socket.create_connection((place[0], int(place[2]))) as target:
                back = threading.Thread(target=self._copy, args=(target, client), daemon=True)
                back.start()
                self._copy(client, target)
                back.join(10)
        client.close()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self):
        self.thread.join(10)
        self.socket.close()


def test_a_proxy_is_told_the_address_that_was_checked_not_the_name(tmp_path):
    trusted, context = certificate(tmp_path, "hooks.example.com")
    proxy = TunnelingProxy()
    with receiving(context) as server:
        egress = dataclasses.replace(LOCAL, ca_file=trusted, proxy=proxy.url)
        answer = post(f"https://hooks.example.com:{server.port}/hook", egress, resolver=Leading())
        assert (answer.status, answer.reason) == (200, "")
        assert server.server_names == ["hooks.example.com"]
        [head] = proxy.heads
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic dXNlcjpzZTpjcmV0\r\n" in head
    proxy.close()


def test_through_a_proxy_too_nothing_goes_where_it_must_not():
    proxy = TunnelingProxy(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    egress = Egress(proxy=proxy.url)
    assert "loopback" in post("https://hooks.example.com/", egress, resolver=Leading()).reason
    assert proxy.heads == []
    allowed = dataclasses.replace(egress, networks=(ipaddress.ip_network("127.0.0.0/8"),))
    assert "the proxy refused" in post("https://hooks.example.com/", allowed, resolver=Leading()).reason
    proxy.close()


def test_the_body_holds_json(receiver):
    post(url_of(receiver), body=json.dumps({"é": "ü"}).encode())
    assert json.loads(receiver.received[0].body) == {"é": "ü"}


def test_what_is_allowed_comes_from_the_options_of_the_service(tmp_path):
    given = {"webhook_networks": "10.1.0.0/16,fd12::/16", "webhook_ports": "443,9000", "webhook_http": True}
    more = {"webhook_proxy": "http://proxy:3128", "webhook_certificates": tmp_path / "own.pem"}
    egress = Egress.of(ServingOptions.parse({**given, **more}).webhooks)
    assert egress.networks == (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/16"))
    assert (egress.ports, egress.has_http) == (frozenset({443, 9000}), True)
    assert (egress.proxy, egress.ca_file) == ("http://proxy:3128", tmp_path / "own.pem")
    assert Egress.of(ServingOptions().webhooks) == Egress()


@pytest.mark.parametrize("given", [{"webhook_networks": "10.1.2.3/8"}, {"webhook_ports": "0"}, {"webhook_ports": "x"}])
def test_options_that_are_impossible(given):
    with pytest.raises(OptionsError):
        ServingOptions.parse(given)
