"""Uploads over HTTP: whole, in parts, straight into storage."""

from __future__ import annotations

import base64
import errno
import hashlib
import http.client
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from api_server import EVE, Served, served, until

from facefusion.jobs.schema import JOBS
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.service.settings import ServiceSettings
from facefusion.service.tables import UPLOADS
from material import ASTRONAUT, CAPTAIN

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}
MOST = 8 << 20


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("uploads"), settings=ServiceSettings(max_upload=MOST)) as here:
        yield here


@pytest.fixture
def client(service: Served) -> httpx.Client:
    return service.client()


def begun(client: httpx.Client, size: int, **metadata: str) -> str:
    """Announce an upload; return where it is."""
    said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
    headers = TUS | {"Upload-Length": str(size)} | ({"Upload-Metadata": said} if said else {})
    answer = client.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def put(client: httpx.Client, place: str, first: int, data: bytes, **headers: str) -> httpx.Response:
    return client.patch(place, content=data, headers=PART | {"Upload-Offset": str(first)} | headers)


def there(client: httpx.Client, place: str) -> int:
    answer = client.head(place, headers=TUS)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def refused(answer: httpx.Response, status: int, kind: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:facefusion:error:{kind}"


def test_a_whole_file_is_sent_in_one_request(service: Served, client: httpx.Client) -> None:
    data = ASTRONAUT.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    answer = client.post(f"/v1/uploads?name=../me/Ada%20L.png&sha256={digest}", content=data)
    shown = answer.json()
    assert answer.status_code == 201 and shown["state"] == "ready" and shown["name"] == "Ada L.png"
    assert shown["sha256"] == digest and shown["kind"] == "picture"
    assert shown["facts"]["form"] == "PNG" and shown["facts"]["width"] > 100
    assert client.get(answer.headers["location"]).json() == shown
    stored = b"".join(service.parts.storage.read(f"acme/uploads/{shown['id']}"))
    assert hashlib.sha256(stored).hexdigest() == digest
    assert client.delete(answer.headers["location"]).status_code == 204
    refused(client.get(answer.headers["location"]), 404, "ResourceUnknownError")
    assert service.parts.storage.size(f"acme/uploads/{shown['id']}") is None


def test_what_a_file_is_goes_by_its_bytes(client: httpx.Client, moving_portrait: Path) -> None:
    clip = client.post("/v1/uploads?name=harmless.txt", content=moving_portrait.read_bytes()).json()
    assert clip["kind"] == "video" and clip["facts"]["frames"] == 20
    script = client.post("/v1/uploads?name=me.png", content=b"<script>alert(1)</script>").json()
    assert script["kind"] == "other" and script["facts"]["problem"] == "InputTypeError"
    cut = client.post("/v1/uploads?name=me.png", content=ASTRONAUT.read_bytes()[:30]).json()
    assert cut["kind"] == "other"
    empty = client.post("/v1/uploads?name=none", content=b"")
    assert empty.status_code == 201 and empty.json()["state"] == "ready" and empty.json()["kind"] == "other"


def test_a_file_is_sent_in_parts_and_goes_on_after_a_break(service: Served, client: httpx.Client) -> None:
    data = CAPTAIN.read_bytes() + bytes(6 << 20)
    place = begun(client, len(data), filename="captain.jpg", sha256=hashlib.sha256(data).hexdigest())
    assert there(client, place) == 0
    third = len(data) // 3
    answer = put(client, place, 0, data[:third])
    assert answer.status_code == 204 and answer.headers["upload-offset"] == str(third)
    assert answer.headers["upload-expires"].endswith("GMT")
    refused(put(client, place, 0, data[:third]), 409, "UploadError")
    refused(put(client, place, third + 1, data[third + 1 :]), 409, "UploadError")
    assert client.get(place).json()["state"] == "open"

    # The client goes away in the middle of a part: what came is kept.
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as line:
        said = {**PART, "Upload-Offset": third, "Content-Length": len(data) - third, "Host": "here"}
        said |= {"x-test-caller": client.headers["x-test-caller"]}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        line.sendall(f"PATCH {urlsplit(place).path} HTTP/1.1\r\n{head}\r\n".encode() + data[third:-1000])
        scratch = service.parts.scratch or Path()
        until(lambda: [each for each in scratch.glob("body-*") if each.stat().st_size] or None, 20)
    first = until(lambda: there(client, place) if there(client, place) > third else None, 20)
    assert third < first <= len(data) - 1000
    assert put(client, place, first, data[first:]).status_code == 204
    shown = client.get(place).json()
    assert shown["state"] == "ready" and shown["sha256"] == hashlib.sha256(data).hexdigest()
    assert shown["name"] == "captain.jpg" and shown["kind"] == "picture"
    assert list(service.parts.storage.keys(f"acme/uploads/{shown['id']}.parts")) == []
    refused(put(client, place, len(data), b""), 409, "UploadError")


def test_two_that_send_the_same_part_do_not_damage_the_file(client: httpx.Client) -> None:
    data = bytes(range(256)) * 4000
    place = begun(client, 2 * len(data))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: put(client, place, 0, data).status_code, range(4)))
    assert sorted(answers) == [204, 409, 409, 409]
    assert put(client, place, len(data), data).status_code == 204
    assert client.get(place).json()["sha256"] == hashlib.sha256(2 * data).hexdigest()


def test_a_service_that_dies_at_the_last_part_leaves_an_upload_that_goes_on(
    service: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class KilledError(BaseException):
        """The process ends, at any place."""

    def killed(*_: Any, **__: Any) -> None:
        raise KilledError

    data, part, store = ASTRONAUT.read_bytes(), tmp_path / "part", service.parts.uploads
    place = begun(client, len(data))
    assert put(client, place, 0, data[:300_000]).status_code == 204
    part.write_bytes(data[300_000:])
    upload = store.get(place.rpartition("/")[2], tenant="acme")
    for step in ("_finished", "_close"):
        with monkeypatch.context() as patch, pytest.raises(KilledError):
            patch.setattr(store, step, killed)
            store.append(upload, 300_000, part)
        assert there(client, place) == 300_000
    assert put(client, place, 300_000, data[300_000:]).status_code == 204
    shown = client.get(place).json()
    assert (shown["state"], shown["sha256"]) == ("ready", hashlib.sha256(data).hexdigest())
    assert not list(service.parts.storage.keys(upload.parts))


def test_a_scratch_disk_that_is_full_is_told_and_the_part_can_be_sent_again(
    service: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    data = ASTRONAUT.read_bytes()
    place = begun(client, len(data))
    assert put(client, place, 0, data[:300_000]).status_code == 204
    for name in ("NamedTemporaryFile", "TemporaryDirectory"):  # for what comes, and for the whole
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, name, full)
            answer = put(client, place, 300_000, data[300_000:])
        refused(answer, 507, "DiskFullError")
        assert there(client, place) == 300_000
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        refused(put(client, place, 300_000, data[300_000:]), 507, "DiskFullError")
    assert put(client, place, 300_000, data[300_000:]).status_code == 204
    assert client.get(place).json()["state"] == "ready"


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_part_with_another_checksum_is_not_kept(client: httpx.Client, algorithm: str) -> None:
    data = b"some bytes" * 100
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    place = begun(client, len(data))
    other = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    refused(put(client, place, 0, data, **{"Upload-Checksum": f"{algorithm} {other}"}), 460, "UploadDamagedError")
    assert there(client, place) == 0
    assert put(client, place, 0, data, **{"Upload-Checksum": f"{algorithm} {digest}"}).status_code == 204
    assert client.get(place).json()["state"] == "ready"


def test_a_file_with_another_digest_is_not_taken(service: Served, client: httpx.Client) -> None:
    wrong = "0" * 64
    refused(client.post(f"/v1/uploads?sha256={wrong}", content=b"abc"), 460, "UploadDamagedError")
    place = begun(client, 3, sha256=wrong)
    refused(put(client, place, 0, b"abc"), 460, "UploadDamagedError")
    shown = client.get(place).json()
    assert shown["state"] == "failed"
    assert service.parts.storage.size(f"acme/uploads/{shown['id']}") is None


def test_an_upload_begins_with_its_first_part(client: httpx.Client) -> None:
    headers = PART | {"Upload-Length": "6", "Idempotency-Key": "first part"}
    answer = client.post("/v1/uploads", headers=headers, content=b"abc")
    assert answer.status_code == 201 and answer.headers["upload-offset"] == "3"
    again = client.post("/v1/uploads", headers=headers, content=b"abc")
    assert again.headers["location"] == answer.headers["location"]
    assert put(client, answer.headers["location"], 3, b"def").status_code == 204


def test_what_can_be_done_is_told(client: httpx.Client) -> None:
    answer = client.options("/v1/uploads")
    assert answer.status_code == 204 and answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(MOST)
    assert set(answer.headers["tus-extension"].split(",")) == {
        *("creation", "creation-with-upload", "expiration", "checksum", "termination")
    }


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Upload-Length": str(MOST + 1)}, 413, "TooLargeError"),
        ({"Upload-Length": "-1"}, 422, "RequestInvalidError"),
        ({"Upload-Length": "9" * 30}, 422, "RequestInvalidError"),
        ({}, 422, "RequestInvalidError"),
        ({"Upload-Length": "1", "Tus-Resumable": "0.2"}, 412, "ProtocolVersionError"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename ?"}, 422, "RequestInvalidError"),
        ({"Upload-Length": "1", "Upload-Metadata": "filename /w=="}, 422, "RequestInvalidError"),
        ({"Upload-Length": "1", "Upload-Metadata": "sha256 YWI="}, 422, "RequestInvalidError"),
    ],
)
def test_an_announcement_that_cannot_be_taken(
    client: httpx.Client, headers: dict[str, str], status: int, kind: str
) -> None:
    refused(client.post("/v1/uploads", headers=TUS | headers), status, kind)


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Upload-Offset": "x"}, 422, "RequestInvalidError"),
        ({"Content-Type": "text/plain", "Upload-Offset": "0"}, 415, "MediaTypeError"),
        ({"Tus-Resumable": "2.0.0", "Upload-Offset": "0"}, 412, "ProtocolVersionError"),
        ({"Upload-Offset": "0", "Upload-Checksum": "crc32 AAAA"}, 422, "RequestInvalidError"),
        ({"Upload-Offset": "0", "Upload-Checksum": "sha256 AAAA"}, 422, "RequestInvalidError"),
    ],
)
def test_a_part_that_cannot_be_taken(client: httpx.Client, headers: dict[str, str], status: int, kind: str) -> None:
    place = begun(client, 10)
    refused(client.patch(place, content=b"abc", headers=PART | headers), status, kind)
    assert there(client, place) == 0


def test_no_more_is_taken_than_was_announced(service: Served, client: httpx.Client) -> None:
    place = begun(client, 3)
    refused(put(client, place, 0, b"abcd"), 413, "TooLargeError")
    assert there(client, place) == 0
    address = urlsplit(service.url)
    line = http.client.HTTPConnection(address.hostname or "", address.port)
    who = {"x-test-caller": client.headers["x-test-caller"]}
    line.request("POST", "/v1/uploads", body=iter([b"abc"]), headers=who, encode_chunked=True)
    assert line.getresponse().status == 422  # the length must be told
    line.close()


def test_what_is_not_finished_in_time_goes(tmp_path: Path) -> None:
    with served(tmp_path) as here:
        client = here.client()
        place, other = begun(client, 10), begun(client, 10)
        put(client, place, 0, b"abc")
        upload = place.rpartition("/")[2]
        with here.parts.engine.begin() as connection:
            connection.execute(UPLOADS.update().where(UPLOADS.c.id == upload).values(expires=1))
        assert client.head(place, headers=TUS).status_code == 410
        refused(client.get(place), 410, "UploadExpiredError")
        refused(put(client, place, 3, b"def"), 410, "UploadExpiredError")
        assert here.parts.uploads.sweep() == 1
        refused(client.get(place), 404, "ResourceUnknownError")
        assert list(here.parts.storage.keys("acme/uploads")) == []
        assert client.get(other).status_code == 200
        assert here.parts.quotas.stored("acme") == 10


def test_uploads_are_listed_by_tenant(service: Served, client: httpx.Client) -> None:
    ids = [client.post(f"/v1/uploads?name={n}", content=b"x").json()["id"] for n in range(3)]
    page = client.get("/v1/uploads?limit=2").json()
    assert [each["id"] for each in page["uploads"]] == ids[:0:-1]
    rest = client.get("/v1/uploads", params={"cursor": page["next"], "limit": 1}).json()
    assert [each["id"] for each in rest["uploads"]] == ids[:1]
    assert service.client(EVE).get("/v1/uploads").json() == {"uploads": [], "next": None}


def test_no_tenant_stores_more_than_it_may(tmp_path: Path) -> None:
    with served(tmp_path) as here:
        Tenants(here.parts.engine).set("acme", Quota(max_bytes=10))
        client = here.client()
        place = begun(client, 8)
        refused(client.post("/v1/uploads", headers=TUS | {"Upload-Length": "3"}), 429, "JobQuotaError")
        assert client.delete(place).status_code == 204
        assert begun(client, 10)


def test_a_folder_gives_no_addresses_to_put_files_to(client: httpx.Client) -> None:
    refused(client.post("/v1/uploads/direct", json={"name": "a.png", "size": 3}), 409, "UploadError")
    place = begun(client, 3)
    refused(client.post(f"{place}/complete"), 409, "UploadError")


def test_a_file_is_put_straight_into_a_bucket_and_fetched_from_there(
    tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facefusion.jobs.storage import StorageSettings, open_storage

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    settings = StorageSettings(endpoint=s3.endpoint(), region="us-east-1", attempts=2)
    storage = open_storage(f"s3://{s3.create_bucket()}/house", settings)
    with served(tmp_path, opened=storage) as here:
        client, data = here.client(), ASTRONAUT.read_bytes()
        said = {"name": "me.png", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        answer = client.post("/v1/uploads/direct", json=said)
        assert answer.status_code == 201, answer.text
        upload = answer.json()["upload"]["id"]
        refused(client.post(f"/v1/uploads/{upload}/complete"), 409, "UploadError")
        plain = httpx.Client(trust_env=False)
        assert plain.put(answer.json()["url"], content=data).status_code == 200
        shown = client.post(f"/v1/uploads/{upload}/complete").json()
        assert shown["state"] == "ready" and shown["kind"] == "picture"
        assert list(storage.keys("acme/uploads")) == [f"acme/uploads/{upload}"]
        result = {"address": f"acme/uploads/{upload}", "size": len(data), "sha256": said["sha256"], "name": "ä.png"}
        result |= {"media_type": "image/png", "form": "PNG", "is_encrypted": False}
        job = client.post(
            "/v1/jobs", json={"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
        ).json()["id"]
        with here.parts.engine.begin() as connection:
            values = {"state": "succeeded", "result": {"outputs": [result]}}
            connection.execute(JOBS.update().where(JOBS.c.id == job).values(values))
        led = client.get(f"/v1/jobs/{job}/result")
        assert led.status_code == 307 and plain.get(led.headers["location"]).content == data
        assert client.get(f"/v1/jobs/{job}/result?redirect=false").content == data
        plain.close()
