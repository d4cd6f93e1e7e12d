"""Tokens of an identity provider: which hold, which do not, and who comes with them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gateway_house import JOB, House
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from facefusion.errors import AccessUnavailableError, AuthenticationError, NotAllowedError, OptionsError
from facefusion.options.gateway import IdentityOptions
from facefusion.service.gateway.tokens import ClaimRules, FileKeys, RemoteKeys, TokenVerifier, read_keys
from facefusion.service.gateway.tokens.sources import check_address

ISSUER, AUDIENCE = "https://id.example.com/realm", "facefusion"
RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
SMALL = rsa.generate_private_key(65537, 1024)


def public(key: Any, name: str | None, **more: Any) -> dict[str, Any]:
    kinds = ((rsa.RSAPrivateKey, RSAAlgorithm), (ec.EllipticCurvePrivateKey, ECAlgorithm), (object, OKPAlgorithm))
    made = next(algorithm for kind, algorithm in kinds if isinstance(key, kind)).to_jwk(key.public_key(), as_dict=True)
    return made | ({"kid": name} if name else {}) | more


KEYS = {"keys": [public(RSA, "rsa"), public(CURVE, "curve"), public(EDWARDS, "edwards")]}


def claims(**more: Any) -> dict[str, Any]:
    now = time.time()
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "tenant": "studio"}
    found = usual | {"roles": ["operator"]} | more
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = RSA, algorithm: str = "RS256", name: str | None = "rsa", header: Any = None, **more: Any) -> str:
    headers = ({"kid": name} if name else {}) | (header or {})
    return jwt.encode(claims(**more), key, algorithm=algorithm, headers=headers)


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture
def verifier(keys_file: Path) -> TokenVerifier:
    return TokenVerifier(issuer=ISSUER, audience=AUDIENCE, source=FileKeys(keys_file), rules=ClaimRules(), leeway=30)


def refused(verifier: TokenVerifier, text: str) -> str:
    with pytest.raises(AuthenticationError) as caught:
        asyncio.run(verifier.caller(text))
    assert text not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("key", "algorithm", "name"), [(RSA, "RS256", "rsa"), (CURVE, "ES256", "curve"), (EDWARDS, "EdDSA", "edwards")]
)
def test_a_token_of_each_algorithm_lets_in(verifier: TokenVerifier, key: Any, algorithm: str, name: str) -> None:
    caller = asyncio.run(verifier.caller(token(key, algorithm, name)))
    assert (caller.tenant, caller.actor) == ("studio", "user:ada")
    assert "jobs:write" in caller.scopes
    assert "review:write" not in caller.scopes
    assert asyncio.run(verifier.caller(token(key, algorithm, None))) == caller  # the only key of its algorithm


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"exp": -60}, "token-expired"),
        ({"exp": None}, "token-claims"),
        ({"iat": None}, "token-claims"),
        ({"nbf": 600}, "token-not-yet"),
        ({"iat": 600}, "token-not-yet"),
        ({"iat": -100_000}, "token-too-old"),
        ({"iat": "yesterday"}, "token-malformed"),
        ({"iss": "https://id.example.com/other"}, "token-issuer"),
        ({"iss": ISSUER + "/"}, "token-issuer"),
        ({"iss": None}, "token-claims"),
        ({"aud": "another"}, "token-audience"),
        ({"aud": None}, "token-claims"),
        ({"aud": []}, "token-claims"),
        ({"sub": None}, "token-claims"),
        ({"sub": "x" * 300}, "token-claims"),
        ({"sub": "a\nb"}, "token-claims"),
        ({"sub": 7}, "token-claims"),
    ],
)
def test_claims_that_do_not_hold_are_refused(verifier: TokenVerifier, more: dict[str, Any], reason: str) -> None:
    # Times are seconds from now, as the test begins long after its parameters were made.
    times = {name: time.time() + value for name, value in more.items() if name != "sub" and isinstance(value, int)}
    assert refused(verifier, token(**more | times)) == reason


def test_clocks_may_differ_by_the_leeway_and_no_more(verifier: TokenVerifier) -> None:
    now = time.time()
    asyncio.run(verifier.caller(token(exp=now - 20)))
    asyncio.run(verifier.caller(token(iat=now + 20, nbf=now + 20)))
    assert refused(verifier, token(exp=now - 40)) == "token-expired"
    assert refused(verifier, token(nbf=now + 45)) == "token-not-yet"


def test_an_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    for algorithm in ("none", "None", "NONE", "nOnE"):
        for ending in ("", "eHg"):
            text = f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{encoded(claims())}.{ending}"
            assert refused(verifier, text) == "token-algorithm"


def test_a_public_key_is_no_shared_secret(verifier: TokenVerifier) -> None:
    secret = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret_form in (secret, secret.strip(), json.dumps(KEYS["keys"][0]).encode()):
        head = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{encoded(claims())}"
        mac = base64.urlsafe_b64encode(hmac.digest(secret_form, head.encode(), hashlib.sha256)).rstrip(b"=").decode()
        assert refused(verifier, f"{head}.{mac}") == "token-algorithm"


def test_the_algorithm_is_the_keys_and_not_the_tokens(verifier: TokenVerifier) -> None:
    assert refused(verifier, token(RSA, "RS256", "curve")) == "token-key"
    assert refused(verifier, token(RSA, "PS256", "rsa")) == "token-algorithm"
    assert refused(verifier, token(RSA, "RS512", "rsa")) == "token-algorithm"


def test_another_key_by_the_same_name_does_not_hold(verifier: TokenVerifier) -> None:
    assert refused(verifier, token(OTHER)) == "token-signature"
    assert refused(verifier, token(OTHER, name="other")) == "token-key"
    good = token()
    head, body, signature = good.split(".")
    assert refused(verifier, f"{head}.{encoded(claims(roles=['admin']))}.{signature}") == "token-signature"
    assert refused(verifier, f"{head}.{body}.") == "token-signature"


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": public(OTHER, "rsa")},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"zip": "DEF"},
        {"b64": True},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_token_cannot_say_how_it_is_verified(verifier: TokenVerifier, header: dict[str, Any]) -> None:
    text = f"{encoded({'alg': 'RS256', 'typ': 'JWT', 'kid': 'rsa'} | header)}.{encoded(claims())}.c2ln"
    assert refused(verifier, text) in {"token-header", "token-malformed"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        "eyJ.eyJ.x",
        f"{encoded([])}.{encoded({})}.x",
        "é.b.c",
        "x" * 9000 + ".a.b",
    ],
)
def test_what_is_no_token_is_refused(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(AuthenticationError):
        asyncio.run(verifier.caller(text))


def test_other_kinds_of_tokens_are_refused(verifier: TokenVerifier) -> None:
    asyncio.run(verifier.caller(token(header={"typ": "at+jwt"})))
    assert refused(verifier, token(header={"typ": "logout+jwt"})) == "token-type"
    assert refused(verifier, token(header={"kid": "k" * 300})) == "token-malformed"


# What claims say


def rules(**options: Any) -> ClaimRules:
    return ClaimRules.of(IdentityOptions(**options))


def test_claims_are_found_by_their_name_or_by_the_way_to_them() -> None:
    said = {
        "sub": "ada", "org": {"id": "studio"}, "realm_access": {"roles": ["film-editors", "cooks"]},
        "https://id.example.com/team": "blue",
    }  # fmt: skip
    found = rules(
        oidc_tenant_claim="org.id", oidc_roles_claim="realm_access.roles", oidc_roles=("film-editors=reviewer",)
    ).caller(said)
    assert found.tenant == "studio"
    assert "review:write" in found.scopes
    assert "jobs:write" not in found.scopes
    assert rules(oidc_tenant_claim="https://id.example.com/team").caller(said).tenant == "blue"


@pytest.mark.parametrize(
    ("said", "count"),
    [("viewer operator", 10), ("viewer,reviewer", 6), (["nobody"], 0), (None, 0), ({"a": 1}, 0), ([1, ["viewer"]], 0)],
)
def test_roles_may_be_words_or_a_list(said: object, count: int) -> None:
    assert len(ClaimRules().caller({"sub": "ada", "tenant": "studio", "roles": said}).scopes) == count


@pytest.mark.parametrize("tenant", [None, "", "../other", "a b", 7, ["studio"], "x" * 65])
def test_a_token_without_a_tenant_is_known_and_not_let_in(tenant: object) -> None:
    with pytest.raises(NotAllowedError) as caught:
        ClaimRules().caller({"sub": "ada", "tenant": tenant, "roles": ["admin"]})
    assert caught.value.reason == "no-tenant"
    assert rules(oidc_tenant="film").caller({"sub": "ada", "tenant": tenant}).tenant == "film"


# Keys


def test_keys_that_cannot_be_used_are_left_out() -> None:
    unfit = [
        public(SMALL, "small"),
        public(ec.generate_private_key(ec.SECP384R1()), "long"),
        public(OTHER, "for encryption", use="enc"),
        public(OTHER, "other algorithm", alg="PS256"),
        public(OTHER, "x" * 300),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "RSA", "kid": "half", "n": "AQAB"},
        {"kty": ["RSA"]},
        "no key",
    ]
    found = read_keys(json.dumps({"keys": [*unfit, public(RSA, "rsa")]}).encode())
    assert [key.id for key in found.keys] == ["rsa"]
    private = json.loads(json.dumps(RSAAlgorithm.to_jwk(OTHER, as_dict=True))) | {
        "kid": "private",
        "key_ops": ["verify"],
    }
    assert isinstance(read_keys(json.dumps({"keys": [private]}).encode()).keys[0].key, rsa.RSAPublicKey)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": []}', '{"keys": 7}', '{"keys": [{"kty": "oct", "k": "YQ"}]}', "[" * 100_000]
)
def test_what_is_no_set_of_keys_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_keys(text.encode())
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(OptionsError, match=r"keys\.json"):
        FileKeys(tmp_path / "keys.json")


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two keys have one name"):
        read_keys(json.dumps({"keys": [public(RSA, "a"), public(OTHER, "a")]}).encode())


def test_without_a_name_nothing_is_tried_out(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [public(RSA, "one"), public(OTHER, "two")]}))
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, source=FileKeys(path), rules=ClaimRules())
    assert refused(verifier, token(RSA, name=None)) == "token-key"


def test_a_file_of_keys_is_read_anew_when_it_was_changed_and_kept_when_it_is_damaged(keys_file: Path) -> None:
    now = [0.0]
    source = FileKeys(keys_file, clock=lambda: now[0])

    async def known(name: str) -> bool:
        now[0] += 2
        return await source.key(name, "RS256") is not None

    assert asyncio.run(known("rsa"))
    keys_file.write_text("damaged")
    assert asyncio.run(known("rsa"))
    keys_file.write_text(json.dumps({"keys": [public(OTHER, "next")]}))
    assert asyncio.run(known("next"))
    assert not asyncio.run(known("rsa"))


class Provider(ThreadingHTTPServer):
    """An identity provider that says what it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.content: dict[str, bytes] = {}
        self.status, self.asked = 200, 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.publish(KEYS)

    def publish(self, keys: object) -> None:
        said = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.content = {
            "/keys": json.dumps(keys).encode(),
            "/.well-known/openid-configuration": json.dumps(said).encode(),
        }


class Answering(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.asked += self.path == "/keys"
        body = self.server.content.get(self.path, b"")
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Asked:
    """Keys of a provider, and a clock."""

    def __init__(self, provider: Provider, url: str | None = None) -> None:
        self.now = 1000.0
        self.source = RemoteKeys(provider.url, url, clock=lambda: self.now)

    async def has(self, name: str, algorithm: str = "RS256") -> bool:
        return await self.source.key(name, algorithm) is not None


def test_keys_are_found_by_the_issuers_configuration_and_fetched_once(provider: Provider) -> None:
    async def go() -> None:
        asked = Asked(provider)
        assert all(await asyncio.gather(*(asked.has("rsa") for _ in range(20))))
        assert provider.asked == 1
        asked.now += 601
        assert await asked.has("rsa")
        assert provider.asked == 2
        await asked.source.close()

    asyncio.run(go())


def test_keys_that_nobody_knows_make_us_fetch_no_more_often_than_twice_a_minute(provider: Provider) -> None:
    async def go() -> None:
        asked = Asked(provider)
        assert await asked.has("rsa")
        for _ in range(50):
            assert not await asked.has("invented")
        assert provider.asked == 1
        asked.now += 31
        assert not any(await asyncio.gather(*(asked.has(f"invented{number}") for number in range(50))))
        assert provider.asked == 2
        await asked.source.close()

    asyncio.run(go())


def test_a_new_key_of_the_issuer_is_known_as_soon_as_it_is_used(provider: Provider) -> None:
    async def go() -> None:
        asked = Asked(provider)
        assert await asked.has("rsa")
        provider.publish({"keys": [public(OTHER, "next")]})
        asked.now += 31
        assert await asked.has("next")
        assert not await asked.has("rsa")
        await asked.source.close()

    asyncio.run(go())


def test_while_the_issuer_is_away_its_keys_are_believed_for_a_day(provider: Provider) -> None:
    async def go() -> None:
        asked = Asked(provider)
        assert await asked.has("rsa")
        provider.status = 503
        asked.now += 80_000
        assert await asked.has("rsa")
        asked.now += 7_000
        with pytest.raises(AccessUnavailableError):
            await asked.has("rsa")
        provider.status = 200
        asked.now += 31
        assert await asked.has("rsa")
        await asked.source.close()

    asyncio.run(go())


@pytest.mark.parametrize("fault", ["status", "redirect", "large", "other issuer", "no keys", "http", "silent"])
def test_an_issuer_that_says_no_keys_lets_nobody_in(provider: Provider, fault: str) -> None:
    async def go() -> None:
        asked = Asked(provider)
        if fault in {"status", "redirect"}:
            provider.status = {"status": 500, "redirect": 302}[fault]
        if fault == "large":
            provider.content["/keys"] = b" " * 300_000 + json.dumps(KEYS).encode()
        if fault == "no keys":
            provider.publish({"keys": []})
        if fault in {"other issuer", "http"}:
            said = {"issuer": "https://else.example", "jwks_uri": f"{provider.url}/keys"}
            said |= (
                {} if fault == "other issuer" else {"issuer": provider.url, "jwks_uri": "http://id.example.com/keys"}
            )
            provider.content["/.well-known/openid-configuration"] = json.dumps(said).encode()
        if fault == "silent":
            with socket.create_server(("127.0.0.1", 0)) as nobody:
                closed = f"http://127.0.0.1:{nobody.getsockname()[1]}/keys"
            asked = Asked(provider, closed)
        with pytest.raises(AccessUnavailableError):
            await asked.has("rsa")
        await asked.source.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com/k",
        "ftp://x/k",
        "https:///k",
        "http://10.0.0.1/k",
        "file:///etc/keys",
        "http://localhost.evil/",
    ],
)
def test_keys_are_fetched_by_https_alone(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        check_address(url)
    check_address("https://id.example.com/keys")
    check_address("http://localhost:8080/keys")


# At the door


@contextmanager
def trusting(house: House, keys_file: Path) -> Iterator[Any]:
    values = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_keys_file": keys_file}
    with house.serving(**values) as service:
        yield service


def test_a_person_comes_in_with_a_token_and_their_refusals_are_noted_without_it(house: House, keys_file: Path) -> None:
    good, old = token(roles=["viewer"]), token(exp=time.time() - 100)
    with trusting(house, keys_file) as service:
        shown = service.get(f"/v1/jobs/{JOB}", good)
        refused_ = service.get(f"/v1/jobs/{JOB}", old)
        with service.client(good) as client:
            without = client.post("/v1/jobs", json={})
        nowhere = service.get("/v1/open", token(tenant=None))
    assert shown.json()["actor"] == "user:ada"
    assert (refused_.status_code, without.status_code, nowhere.status_code) == (401, 403, 403)
    noted = {(entry["actor"], entry["reason"]) for entry in house.entries("denied")}
    assert noted == {("nobody", "token-expired"), ("user:ada", "scope"), ("nobody", "no-tenant")}
    lines = "".join(entry.line() for entry in house.log.entries())
    assert good not in lines
    assert "user:ada" not in lines


def test_without_an_issuer_tokens_are_refused(house: House) -> None:
    with house.serving() as service:
        assert service.get("/v1/open", token()).status_code == 401
