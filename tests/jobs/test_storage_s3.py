"""Buckets of S3: parts, signed URLs, encryption, and servers and networks that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks.servers import S3
from storage_material import (
    MIB,
    PART,
    Proxy,
    SetLater,
    at_s3,
    cut_off,
    lost,
    material,
    passed_on,
    proxy_before,
    refused,
)

from facefusion.errors import (
    CancelledError,
    DiskFullError,
    OptionsError,
    OutputExistsError,
    StorageAddressError,
    StorageDamagedError,
    StorageError,
    StorageMissingError,
    StorageUnavailableError,
)
from facefusion.jobs.storage import Storage, open_storage
from facefusion.jobs.storage.objects import ObjectStorage
from facefusion.jobs.storage.putting import part_size
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.s3 import S3Bucket

FUTURE = timedelta(seconds=-60)
SLOW_DOWN = refused(503, "SlowDown")


@pytest.fixture(autouse=True)
def credentials(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.create_bucket()


@pytest.fixture
def client(s3: S3) -> Iterator[Any]:
    """A client of another maker's, to look at what is there."""
    client = s3.client()
    yield client
    client.close()


@pytest.fixture
def proxy(s3: S3) -> Iterator[Proxy]:
    with proxy_before(s3) as proxy:
        yield proxy


@pytest.fixture
def flaky(s3: S3, proxy: Proxy, bucket: str) -> Storage:
    """A storage behind the proxy."""
    return open_storage(f"s3://{bucket}/f", at_s3(s3, port=proxy.port, concurrency=1))


def _uploads(client: Any, bucket: str) -> list[str]:
    return [upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]


def test_an_object_bears_its_digest_and_has_parts(s3: S3, bucket: str, client: Any, tmp_path: Path) -> None:
    storage = open_storage(f"s3://{bucket}/some", at_s3(s3))
    stored = storage.put(material(tmp_path, 2 * PART + 1), "t/a")
    head = client.head_object(Bucket=bucket, Key="some/t/a")
    assert head["Metadata"]["sha256"] == stored.sha256
    assert head["ETag"].endswith('-3"')
    assert _uploads(client, bucket) == []


def test_what_others_changed_in_the_bucket_is_found(s3: S3, bucket: str, client: Any, tmp_path: Path) -> None:
    storage = open_storage(f"s3://{bucket}", at_s3(s3))
    stored = storage.put_bytes(b"as it was put", "a")
    notes = client.head_object(Bucket=bucket, Key="a")["Metadata"]
    client.put_object(Bucket=bucket, Key="a", Body=b"as it was pot", Metadata=notes)
    for reference in (stored, "a"):  # the digest that lies with it is enough
        with pytest.raises(StorageDamagedError, match="digest"):
            storage.get(reference, tmp_path / "got")


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed(s3: S3, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}", at_s3(s3, concurrency=1))
    storage.put_bytes(os.urandom(3 * PART), "a")
    pieces = storage.read("a")
    next(pieces)
    storage.put_bytes(os.urandom(3 * PART), "a")
    with pytest.raises(StorageDamagedError, match="replaced"):
        list(pieces)


@pytest.mark.parametrize(
    ("encryption", "key"), [("AES256", None), ("aws:kms", None), ("aws:kms", "arn:aws:kms:us-east-1:1:key/k")]
)
def test_encryption_by_the_server_is_asked_for(  # noqa: PLR0917
    s3: S3, bucket: str, client: Any, tmp_path: Path, encryption: Any, key: str | None
) -> None:
    storage = open_storage(f"s3://{bucket}", at_s3(s3, server_encryption=encryption, kms_key=key))
    storage.put(material(tmp_path, PART + 1), "large")
    storage.put_bytes(b"x", "small")
    for name in ("large", "small"):
        head = client.head_object(Bucket=bucket, Key=name)
        assert head["ServerSideEncryption"] == encryption
        assert head.get("SSEKMSKeyId") == key
    assert storage.presigned_put("a", 60) is None


def test_signed_urls_read_and_write_one_object(s3: S3, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/some", at_s3(s3))
    to = storage.presigned_put("t/uploads/1", 60, size=5, content_type="video/mp4")
    assert to is not None
    assert "content-length" in to
    assert httpx.put(to, content=b"12345", headers={"Content-Type": "video/mp4"}).status_code == 200
    assert b"".join(storage.read("t/uploads/1")) == b"12345"
    url = storage.presigned_get("t/uploads/1", 60, name='fi"lm ä.mp4')
    assert url is not None
    answer = httpx.get(url)
    assert answer.content == b"12345"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''fi%22lm%20%C3%A4.mp4"
    assert s3.secret not in url.replace("Credential=tests", "")
    for seconds in (0, -1, 7 * 24 * 3600 + 1):
        with pytest.raises(OptionsError, match="seven days"):
            storage.presigned_get("t/uploads/1", seconds)
    assert storage.presigned_put("t/uploads/1", 60, size=6 << 30) is None


def test_who_must_not_replace_is_refused_by_the_server_as_well(s3: S3, bucket: str, tmp_path: Path) -> None:
    class Late(S3Bucket):
        """A bucket in which somebody puts the object after it was looked for."""

        def head(self, name: str) -> Any:
            found = super().head(name)
            if found is None:
                open_storage(f"s3://{bucket}", at_s3(s3)).put_bytes(b"first", name)
            return found

    for size in (1, PART + 1):
        storage = ObjectStorage(Late(bucket, at_s3(s3)), "", Patience(2), part=PART, concurrency=2)
        with pytest.raises(OutputExistsError):
            storage.put(material(tmp_path, size), str(size), replace=False)
        assert b"".join(storage.read(str(size))) == b"first"
    assert storage.sweep_unfinished(FUTURE) == 0


def test_an_upload_that_fails_or_is_stopped_is_ended(
    flaky: Storage, proxy: Proxy, bucket: str, client: Any, tmp_path: Path
) -> None:
    path = material(tmp_path, 3 * PART)
    proxy.meet("PUT", refused(403, "AccessDenied"))
    with pytest.raises(StorageAddressError, match="may not be used: AccessDenied"):
        flaky.put(path, "a")
    with pytest.raises(CancelledError):
        flaky.put(path, "a", cancel=SetLater(28))
    assert any("UploadId" in line or "uploadId" in line for line in proxy.seen)
    assert _uploads(client, bucket) == []
    assert flaky.size("a") is None


FAULTS: dict[str, Callable[[Proxy], None]] = {
    "slow down": lambda proxy: proxy.meet("PUT", SLOW_DOWN, SLOW_DOWN),
    "server errors": lambda proxy: proxy.meet("PUT", refused(500, "InternalError"), refused(502, "")),
    "a part whose answer is lost": lambda proxy: proxy.meet("PUT", lost, lost),
    "an upload that somebody ended": lambda proxy: proxy.meet("PUT", passed_on, refused(404, "NoSuchUpload")),
    "an upload that is begun twice": lambda proxy: proxy.meet("POST", lost),
    "an end whose answer is lost": lambda proxy: proxy.meet("POST", passed_on, lost),
    "a digest that is wrong on the way": lambda proxy: proxy.meet("PUT", refused(400, "BadDigest")),
    "a look whose answer is lost": lambda proxy: proxy.meet("HEAD", lost, SLOW_DOWN),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("replace", [True, False])
def test_a_large_file_arrives_whole_whatever_the_network_does(
    flaky: Storage, proxy: Proxy, tmp_path: Path, fault: str, replace: bool
) -> None:
    path = material(tmp_path, 2 * PART + 1)
    FAULTS[fault](proxy)
    stored = flaky.put(path, "a", replace=replace)
    assert not any(proxy.faults.values())
    flaky.get(stored, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("replace", [True, False])
def test_a_small_file_whose_answer_is_lost_is_known_again(flaky: Storage, proxy: Proxy, replace: bool) -> None:
    proxy.meet("PUT", lost)
    assert flaky.put_bytes(b"x", "a", replace=replace).size == 1
    assert b"".join(flaky.read("a")) == b"x"


def test_a_download_goes_on_where_it_was_cut_off(flaky: Storage, proxy: Proxy, tmp_path: Path) -> None:
    path = material(tmp_path, 3 * PART)
    stored = flaky.put(path, "a")
    before = len(proxy.seen)
    proxy.meet("GET", cut_off, SLOW_DOWN, lost, passed_on, cut_off)
    flaky.get(stored, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == path.read_bytes()
    asked = [line for line in proxy.seen[before:] if line.startswith("GET")]
    assert len(asked) == 3 + 4  # each part that failed was asked for again, and no other
    proxy.meet("GET", *[cut_off] * 4)
    with pytest.raises(StorageUnavailableError):
        flaky.get(stored, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_listing_and_a_removal_are_tried_again(flaky: Storage, proxy: Proxy) -> None:
    for number in range(3):
        flaky.put_bytes(b"x", f"t/{number}")
    proxy.meet("GET", SLOW_DOWN, lost)
    assert len(list(flaky.keys("t"))) == 3
    proxy.meet("POST", lost, SLOW_DOWN)
    assert flaky.delete("t") == 3
    assert list(flaky.keys("t")) == []


@pytest.mark.parametrize(
    ("status", "code", "error", "match"),
    [
        (403, "AccessDenied", StorageAddressError, "may not be used"),
        (403, "InvalidAccessKeyId", StorageAddressError, "credentials"),
        (400, "ExpiredToken", StorageAddressError, "credentials"),
        (301, "PermanentRedirect", StorageAddressError, "another region"),
        (400, "AuthorizationHeaderMalformed", StorageAddressError, "another region"),
        (403, "RequestTimeTooSkewed", StorageUnavailableError, "time of this machine"),
        (507, "XMinioStorageFull", DiskFullError, "No space"),
        (400, "QuotaExceeded", DiskFullError, "No space"),
        (404, "NoSuchBucket", StorageAddressError, "no bucket"),
        (405, "MethodNotAllowed", StorageAddressError, "refused the request"),
        (503, "SlowDown", StorageUnavailableError, "not available: SlowDown"),
        (200, "InternalError", StorageUnavailableError, "not available"),
    ],
)
def test_what_the_server_says_is_told_in_our_words(  # noqa: PLR0917
    flaky: Storage, proxy: Proxy, tmp_path: Path, status: int, code: str, error: type[StorageError], match: str
) -> None:
    method = "POST" if status == 200 else "PUT"  # only the end of an upload may fail with 200
    proxy.meet(method, *([passed_on] if status == 200 else []), *[refused(status, code)] * 8)
    with pytest.raises(error, match=match) as raised:
        flaky.put(material(tmp_path, PART + 1), "a")
    assert raised.value.hint
    proxy.faults.clear()


def test_a_bucket_that_is_not_there_is_told(s3: S3, tmp_path: Path) -> None:
    storage = open_storage("s3://no-such-bucket-here", at_s3(s3))
    calls: list[Callable[[], object]] = [
        lambda: storage.put_bytes(b"x", "a"),
        lambda: storage.put(material(tmp_path, PART + 1), "a"),
        lambda: storage.get("a", tmp_path / "got"),
        lambda: list(storage.keys("")),
        lambda: storage.delete("a"),
    ]
    for call in calls:
        with pytest.raises(StorageAddressError, match="There is no bucket s3://no-such-bucket-here"):
            call()


def test_credentials_that_are_missing_are_told(s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(StorageAddressError, match="no credentials"):
        open_storage(f"s3://{bucket}", at_s3(s3)).put_bytes(b"x", "a")


def test_a_server_that_is_away_for_a_while_is_waited_for(s3: S3, bucket: str, cable: Any, tmp_path: Path) -> None:
    line = cable(s3.port)
    settings = at_s3(s3, port=line.port)
    patience = Patience(4, wait=lambda _: line.mend())
    storage = ObjectStorage(S3Bucket(bucket, settings), "", patience, part=PART, concurrency=2)
    path = material(tmp_path, 2 * PART)
    line.cut()
    stored = storage.put(path, "a")
    line.cut()
    storage.get(stored, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == path.read_bytes()


def test_a_server_that_stays_away_is_told(s3: S3, bucket: str, cable: Any, tmp_path: Path) -> None:
    line, waits = cable(s3.port), []
    patience = Patience(5, longest=1.5, wait=waits.append, vary=lambda: 1.0)
    storage = ObjectStorage(S3Bucket(bucket, at_s3(s3, port=line.port)), "", patience, part=PART, concurrency=2)
    line.cut()
    with pytest.raises(StorageUnavailableError, match=r"is not available: .*try again when it is back"):
        storage.put_bytes(b"x", "a")
    assert waits == [0.25, 0.5, 1.0, 1.5]


def test_a_network_that_swallows_everything_is_given_up(s3: S3, bucket: str, cable: Any) -> None:
    line = cable(s3.port)
    storage = open_storage(f"s3://{bucket}", at_s3(s3, port=line.port, read_seconds=0.3, attempts=2))
    with line.held(), pytest.raises(StorageUnavailableError, match="not available"):
        storage.size("a")
    assert storage.size("a") is None


PUT = """
import sys
from pathlib import Path
from facefusion.jobs.storage import StorageSettings, open_storage
settings = StorageSettings(endpoint=sys.argv[2], region="us-east-1", part_bytes=5 << 20, concurrency=2)
open_storage(sys.argv[1], settings).put(Path(sys.argv[3]), "t/a")
"""


def test_who_is_killed_while_putting_leaves_no_object(s3: S3, bucket: str, client: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(256 << 20)
    writer = subprocess.Popen([sys.executable, "-c", PUT, f"s3://{bucket}", s3.endpoint(), str(source)])
    end = time.monotonic() + 60
    try:
        while not _uploads(client, bucket):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    storage = open_storage(f"s3://{bucket}", at_s3(s3))
    assert storage.size("t/a") is None
    assert list(storage.keys("")) == []
    assert storage.sweep_unfinished(timedelta(days=100 * 365)) == 0  # the server says of all that they are of 2010
    assert storage.sweep_unfinished(FUTURE) == 1
    assert _uploads(client, bucket) == []


FORKED = """
import os, sys
from facefusion.jobs.storage import StorageSettings, open_storage
storage = open_storage(sys.argv[1], StorageSettings(endpoint=sys.argv[2], region="us-east-1"))
storage.put_bytes(b"of the parent", "parent")
child = os.fork()
if child == 0:
    same = b"".join(storage.read("parent")) == b"of the parent"
    storage.put_bytes(b"of the child", "child")
    os._exit(0 if same else 1)
_, status = os.waitpid(child, 0)
assert b"".join(storage.read("child")) == b"of the child"
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_storage_is_used_after_a_fork(s3: S3, bucket: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, f"s3://{bucket}", s3.endpoint()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


MEASURED = """
import resource, sys
from pathlib import Path
from facefusion.jobs.storage import StorageSettings, open_storage
settings = StorageSettings(endpoint=sys.argv[2], region="us-east-1", part_bytes=8 << 20, concurrency=2)
storage = open_storage(sys.argv[1], settings)
small, large, got = map(Path, sys.argv[3:])
storage.get(storage.put(small, "small"), got)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
storage.get(storage.put(large, "large"), got)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measured in KiB, as Linux does")
def test_memory_does_not_grow_with_the_file(s3: S3, bucket: str, tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    for path, size in ((small, 24 * MIB), (large, 256 * MIB)):
        with path.open("wb") as file:
            file.truncate(size)
    command = [sys.executable, "-c", MEASURED, f"s3://{bucket}", s3.endpoint(), str(small), str(large)]
    done = subprocess.run([*command, str(tmp_path / "got")], capture_output=True, text=True, check=True)
    assert (tmp_path / "got").stat().st_size == 256 * MIB
    assert int(done.stdout) < 48


@pytest.mark.parametrize("size", [1, 100 << 30, 1 << 40, 5 << 40])
def test_parts_are_as_many_as_a_store_takes(size: int) -> None:
    part = part_size(16 * MIB, size)
    assert part % MIB == 0
    assert part >= 16 * MIB
    assert -(-size // part) <= 10_000


def test_a_missing_key_is_no_missing_bucket(s3: S3, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StorageMissingError):
        open_storage(f"s3://{bucket}", at_s3(s3)).get("a", tmp_path / "got")
