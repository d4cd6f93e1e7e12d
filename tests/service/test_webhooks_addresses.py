"""To where webhooks go, and to where never: all forms of addresses, and names that answer otherwise later."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import OptionsError, WebhookAddressError
from facefusion.service.webhooks.addresses import check_address
from facefusion.service.webhooks.egress import CheckedBackend, ProxyBackend
from facefusion.service.webhooks.settings import Egress
from facefusion.service.webhooks.target import target_of

REFUSED_NETWORKS = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "168.63.129.16/32",
    "100.100.100.200/32",
    "::/128",
    "::1/128",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fd00:ec2::254/128",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "4000::/3",
    "8000::/1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2a00:1450:4001:800::200e",
    "2400:cb00::1",
    "2003::1",
]
# By these a name would lead to 127.0.0.1, if what stands for an IPv4 address in IPv6 were taken.
WRAPPED = [
    "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a9fe:a9fe", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("network", REFUSED_NETWORKS)
def test_no_end_of_a_special_network_is_taken(network):
    found = ipaddress.ip_network(network)
    for address in {found[0], found[-1], found[found.num_addresses // 2]}:
        with pytest.raises(WebhookAddressError):
            check_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_taken(address):
    check_address(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", WRAPPED)
def test_no_ipv4_address_within_an_ipv6_address_is_taken(address):
    with pytest.raises(WebhookAddressError):
        check_address(ipaddress.ip_address(address))


@given(st.sampled_from(REFUSED_NETWORKS), st.integers(min_value=0))
def test_nothing_within_a_special_network_is_taken(network, place):
    found = ipaddress.ip_network(network)
    with pytest.raises(WebhookAddressError):
        check_address(found[place % found.num_addresses])


@given(st.ip_addresses())
def test_what_python_knows_to_be_private_is_never_taken(address):
    if not address.is_global or address.is_multicast or address.is_reserved:
        with pytest.raises(WebhookAddressError):
            check_address(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_taken_in_no_ipv6_form(address):
    number = int(address)
    for form in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        with pytest.raises(WebhookAddressError):
            check_address(ipaddress.IPv6Address(form))


def test_networks_of_ones_own_are_taken_when_allowed_and_no_others():
    allowed = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/16"))
    check_address(ipaddress.ip_address("10.1.2.3"), allowed)
    check_address(ipaddress.ip_address("fd12::5"), allowed)
    for other in ("10.2.0.1", "127.0.0.1", "fd13::1", "::ffff:10.1.2.3"):
        with pytest.raises(WebhookAddressError):
            check_address(ipaddress.ip_address(other), allowed)


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"])
def test_data_of_cloud_machines_are_never_open_whatever_is_allowed(address):
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    with pytest.raises(WebhookAddressError, match="clouds"):
        check_address(ipaddress.ip_address(address), everything)


def test_an_address_of_one_link_is_not_taken():
    with pytest.raises(WebhookAddressError):
        check_address(ipaddress.ip_address("2606:4700::1%eth0"), (ipaddress.ip_network("::/0"),))


GOOD = {
    "https://hooks.example.com/a": "https://hooks.example.com/a",
    "https://hooks.example.com": "https://hooks.example.com/",
    "https://HOOKS.Example.com:443/A?b=1": "https://hooks.example.com/A?b=1",
    "https://hooks.example.com:8443/": "https://hooks.example.com:8443/",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/x": "https://[2606:4700:4700::1111]/x",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://xn--bcher-kva.example/": "https://xn--bcher-kva.example/",
    "https://a_b.example.com/": "https://a_b.example.com/",
}
BAD = [
    "", "hooks.example.com", "//hooks.example.com/", "http://hooks.example.com/", "ftp://hooks.example.com/",
    "file:///etc/passwd", "gopher://hooks.example.com/", "javascript:alert(1)", "https://", "https:///a",
    "https://user@hooks.example.com/", "https://user:word@hooks.example.com/", "https://@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/", "https://hooks.example.com:22/", "https://hooks.example.com:80/",
    "https://hooks.example.com:0/", "https://hooks.example.com:99999/", "https://hooks.example.com:x/",
    "https://hooks.example.com/#a", "https://hooks.example.com/#", "https://hooks.example.com/a b", " https://a.example/",
    "https://a.example/\n", "https://a.example/\r\nHost: b", "https://a.example\\@b.example/", "https://a.example/\0",
    "https://a.example\t/", "https://hooks.example.com./", "https://.example.com/", "https://a..example.com/",
    "https://-a.example.com/", "https://a-.example.com/", "https://a%2eexample.com/", "https://exa mple.com/",
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://0.0.0.0/",
    "https://127.0.0.1./", "https://１２７.０.０.１/", "https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://a.0x/",
    "https://8.8.8.08/", "https://8.8.8/", "https://1.2.3.4.5/", "https://999.1.1.1/", "https://256.256.256.256/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
    "https://[2606:4700::1%25eth0]/", "https://[8.8.8.8]/", "https://[v1.x]/", "https://[::1/", "https://::1/",
    "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
    "https://10.0.0.1/", "https://192.168.1.1/", "https://hooks.example.com/ä", "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/", "https://hooks.example.com/" + "a" * 2000, "https://\u202eexample.com/",
    "https://a.example/\x7f", "https://ex\u00admple\u2028.com/",
]  # fmt: skip


@pytest.mark.parametrize(("url", "form"), GOOD.items())
def test_addresses_that_are_taken_have_one_form(url, form):
    target = target_of(url, Egress())
    assert target.url == form
    assert target_of(form, Egress()) == target


@pytest.mark.parametrize("url", BAD)
def test_addresses_that_are_not_taken(url):
    with pytest.raises(WebhookAddressError):
        target_of(url, Egress())


@given(st.ip_addresses(v=4))
def test_no_number_stands_for_an_address(address):
    number = int(address)
    parts = [int(part) for part in str(address).split(".")]
    forms = [str(number), hex(number), f"0{number:o}", ".".join(hex(part) for part in parts)]
    forms += [".".join(f"0{part:o}" for part in parts), f"{parts[0]}.{number & 0xFFFFFF}"]
    for form in forms:
        with pytest.raises(WebhookAddressError):
            target_of(f"https://{form}/", Egress())


@given(st.text(max_size=60))
def test_whatever_the_text_it_is_taken_in_one_form_or_refused(text):
    try:
        target = target_of(f"https://{text}", Egress())
    except WebhookAddressError:
        return
    assert target.host.isascii()
    assert target_of(target.url, Egress()) == target


def test_http_and_other_ports_are_taken_when_allowed():
    egress = Egress(has_http=True, ports=frozenset({443, 9000}), networks=(ipaddress.ip_network("10.0.0.0/8"),))
    assert target_of("http://a.example/", egress).port == 80
    assert target_of("http://10.0.0.5:9000/hook", egress).authority == "10.0.0.5:9000"
    with pytest.raises(WebhookAddressError):
        target_of("https://a.example:8443/", egress)


class Changing:
    """A resolver that answers otherwise each time it is asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def addresses(self, host, port):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Noting(httpcore.AsyncNetworkBackend):
    """Connects to nothing, and notes to what it was to."""

    def __init__(self, failing=()):
        self.connected, self.failing = [], failing

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append((host, port))
        if host in self.failing:
            raise httpcore.ConnectError(host)
        return httpcore.AsyncMockStream([])


def connect(resolver, inner, networks=()):
    return asyncio.run(CheckedBackend(inner, resolver, networks).connect_tcp("hooks.example.com", 443))


def test_what_was_checked_is_what_is_connected_to_though_the_name_answers_otherwise_then():
    resolver, inner = Changing(["8.8.8.8"], ["127.0.0.1"]), Noting()
    connect(resolver, inner)
    assert inner.connected == [("8.8.8.8", 443)]
    assert resolver.asked == 1


def test_a_name_that_comes_to_mean_this_machine_is_refused_at_the_next_connection():
    resolver, inner = Changing(["8.8.8.8"], ["127.0.0.1"]), Noting()
    connect(resolver, inner)
    with pytest.raises(WebhookAddressError):
        connect(resolver, inner)
    assert len(inner.connected) == 1


@pytest.mark.parametrize(
    "addresses",
    [["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1"], ["2606:4700::1%1"], *[[w] for w in WRAPPED]],
)
def test_one_address_that_is_refused_is_enough_to_connect_to_none(addresses):
    inner = Noting()
    with pytest.raises(WebhookAddressError):
        connect(Changing(addresses), inner)
    assert inner.connected == []


def test_the_next_address_is_tried_where_one_does_not_answer():
    inner = Noting(failing={"8.8.8.8"})
    connect(Changing(["8.8.8.8", "8.8.4.4"]), inner)
    assert inner.connected == [("8.8.8.8", 443), ("8.8.4.4", 443)]


@pytest.mark.parametrize("answer", [[], socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_name_without_addresses_is_an_error_of_the_network(answer):
    with pytest.raises(httpcore.ConnectError):
        connect(Changing(answer), Noting())


def test_a_name_with_very_many_addresses_is_refused():
    with pytest.raises(WebhookAddressError):
        connect(Changing([f"8.8.{n}.8" for n in range(40)]), Noting())


def test_no_socket_of_this_machine_is_connected_to():
    backend = CheckedBackend(Noting(), Changing(["8.8.8.8"]), ())
    with pytest.raises(WebhookAddressError):
        asyncio.run(backend.connect_unix_socket("/var/run/docker.sock"))


@pytest.mark.parametrize("url", ["https://proxy:3128", "socks5://proxy", "proxy:3128", "http://"])
def test_a_proxy_that_is_not_understood_is_refused(url):
    with pytest.raises(OptionsError):
        ProxyBackend(Noting(), url)
