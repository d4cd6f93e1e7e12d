"""Addresses: what they may be, and files at addresses of users' own."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from storage_material import SETTINGS, at_s3, material

from facefusion.errors import (
    InputLimitError,
    OptionsError,
    OutputExistsError,
    SecretError,
    StorageAddressError,
    StorageMissingError,
)
from facefusion.jobs.storage import StorageSettings, clients, deliver, fetch, open_storage
from facefusion.jobs.storage.addresses import parsed_address

SECRET = "hunter2secret"

BAD = {
    "a page of the web": ("http://127.0.0.1/film.mp4", "not used for storage"),
    "a safe page of the web": ("https://example.org/film.mp4", "not used for storage"),
    "an unknown form": ("ftp://host/film.mp4", "not used for storage"),
    "a chain of forms": ("simplecache::s3://bucket/film.mp4", "not used for storage"),
    "a form that is none": (f"key:{SECRET}@s3://bucket/film.mp4", "not used for storage"),
    "a file of another machine": ("file://server/share/film.mp4", "names a machine"),
    "a share": ("//server/share/film.mp4", "names a machine"),
    "a share of Windows": ("\\\\server\\share\\film.mp4", "names a machine"),
    "a name and a password": (f"s3://AKIAX:{SECRET}@bucket/film.mp4", "name or a password"),
    "a name": (f"gs://{SECRET}@bucket/film.mp4", "name or a password"),
    "a password of Azure": (f"abfs://c:{SECRET}@account.dfs.core.windows.net/film.mp4", "name or a password"),
    "another host of Azure": ("abfs://c@evil.example.org/film.mp4", "name or a password"),
    "a query": (f"s3://bucket/film.mp4?X-Amz-Signature={SECRET}", "query or a fragment"),
    "a fragment": ("s3://bucket/film.mp4#1", "query or a fragment"),
    "no bucket": ("s3:///film.mp4", "no bucket"),
    "a port": ("s3://bucket:9000/film.mp4", "no bucket"),
    "a bucket that leads up": ("s3://../film.mp4", "no bucket"),
    "a way up": ("s3://bucket/a/../../film.mp4", "no key"),
    "an empty part": ("s3://bucket/a//film.mp4", "no key"),
    "a control character": ("s3://bucket/a\x07b", "no key"),
    "a mark that turns the direction": ("s3://bucket/a\u202eb", "no key"),
    "half a character": ("s3://bucket/a\ud800b", "no key"),
    "a control character that is hidden": ("file:///srv/a%0Ab", "control character"),
    "a mark that is hidden": ("file:///srv/a%E2%80%AEb", "control character"),
    "escapes that are no UTF-8": ("file:///srv/a%FFb", "no UTF-8"),
    "a way up in a folder": ("/srv/../etc/passwd", "'..'"),
    "a way up that is hidden": ("file:///srv/%2e%2e/etc/passwd", "'..'"),
    "a home": ("~/film.mp4", "begins with ~"),
    "nothing": ("", "empty"),
    "a zero byte": ("/srv/a\0b", "zero byte"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_address_that_is_none_is_refused_and_no_secret_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    address, why = BAD[case]
    caplog.set_level(logging.DEBUG)
    for call in (
        lambda: open_storage(address, SETTINGS),
        lambda: fetch(address, tmp_path / "got", ["/srv", "s3://bucket"]),
        lambda: deliver(material(tmp_path, 1), address, ["/srv", "s3://bucket"]),
    ):
        with pytest.raises(StorageAddressError, match=why) as raised:
            call()
        assert SECRET not in str(raised.value) + caplog.text
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/films", "file:///srv/films"),
        ("file:///srv/my%20films/", "file:///srv/my%20films"),
        ("s3://bucket", "s3://bucket"),
        ("s3a://bucket/a/", "s3://bucket/a"),
        ("gcs://bucket/ä b", "gs://bucket/ä b"),
        ("az://container/a", "az://container/a"),
        ("abfss://c@account.dfs.core.windows.net/a/b", "abfs://c@account.dfs.core.windows.net/a/b"),
    ],
)
def test_addresses_are_shown_in_one_form(text: str, shown: str) -> None:
    assert str(parsed_address(text)) == shown


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder of a tenant, and others' beside it."""
    root = tmp_path / "shared"
    for name in ("acme", "acme2"):
        (root / name / "in").mkdir(parents=True)
        (root / name / "in" / "film.mp4").write_bytes(name.encode() * 1000)
    return root


def test_a_file_below_an_allowed_root_is_fetched_and_delivered(shared: Path, tmp_path: Path) -> None:
    allowed = ["s3://bucket/acme", str(shared / "acme")]
    fetched = fetch(str(shared / "acme/in/film.mp4"), tmp_path / "got", allowed)
    assert (tmp_path / "got").read_bytes() == b"acme" * 1000
    assert (fetched.size, fetched.address) == (4000, (shared / "acme/in/film.mp4").as_uri())
    delivered = deliver(tmp_path / "got", (shared / "acme/out/deep/film 2.mp4").as_uri(), allowed)
    assert delivered.sha256 == fetched.sha256
    assert (shared / "acme/out/deep/film 2.mp4").read_bytes() == b"acme" * 1000
    assert {path.name for path in (shared / "acme").iterdir()} == {"in", "out"}


@pytest.mark.parametrize(
    "place", ["acme2/in/film.mp4", "acme", "film.mp4", "../etc/passwd", "acme/.facefusion-part-1", "acme/in/film.mp4/"]
)
def test_what_is_not_below_an_allowed_root_is_refused(shared: Path, tmp_path: Path, place: str) -> None:
    address = f"{shared}/{place}"
    if place == "acme/in/film.mp4/":
        assert fetch(address, tmp_path / "got", [str(shared / "acme")]).size == 4000
        return
    for call in (
        lambda: fetch(address, tmp_path / "got", [str(shared / "acme")]),
        lambda: deliver(material(tmp_path, 1), address, [str(shared / "acme")]),
        lambda: fetch(address, tmp_path / "got", []),
    ):
        with pytest.raises(StorageAddressError):
            call()
    assert not (tmp_path / "got").exists()


def test_links_are_not_followed(shared: Path, tmp_path: Path) -> None:
    (shared / "acme/folder").symlink_to(shared / "acme2/in")
    (shared / "acme/file.mp4").symlink_to(shared / "acme2/in/film.mp4")
    (shared / "acme/nowhere").symlink_to(tmp_path / "nowhere")
    os.mkfifo(shared / "acme/pipe")
    for place in ("folder/film.mp4", "file.mp4", "nowhere"):
        with pytest.raises(StorageAddressError, match="link"):
            fetch(f"{shared}/acme/{place}", tmp_path / "got", [str(shared / "acme")])
    for place in ("pipe", "in"):
        with pytest.raises(StorageMissingError):
            fetch(f"{shared}/acme/{place}", tmp_path / "got", [str(shared / "acme")])
    path = material(tmp_path, 10)
    with pytest.raises(StorageAddressError, match="link"):
        deliver(path, f"{shared}/acme/folder/new.mp4", [str(shared / "acme")])
    deliver(path, f"{shared}/acme/file.mp4", [str(shared / "acme")], replace=True)
    assert not (shared / "acme/file.mp4").is_symlink()
    assert (shared / "acme2/in/film.mp4").read_bytes() == b"acme2" * 1000
    deliver(path, f"{shared}/acme/nowhere", [str(shared / "acme")], replace=True)
    assert not (tmp_path / "nowhere").exists()


def test_the_root_itself_may_be_a_link(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(shared / "acme")
    assert fetch(f"{tmp_path}/link/in/film.mp4", tmp_path / "got", [f"{tmp_path}/link"]).size == 4000


def test_what_is_there_is_replaced_only_when_that_is_said(shared: Path, tmp_path: Path) -> None:
    path, address = material(tmp_path, 10), f"{shared}/acme/in/film.mp4"
    with pytest.raises(OutputExistsError):
        deliver(path, address, [str(shared)])
    assert (shared / "acme/in/film.mp4").read_bytes() == b"acme" * 1000
    deliver(path, address, [str(shared)], replace=True)
    assert (shared / "acme/in/film.mp4").read_bytes() == path.read_bytes()


def test_a_file_that_is_too_large_is_not_fetched(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(InputLimitError, match="4000 bytes, and 3999"):
        fetch(f"{shared}/acme/in/film.mp4", tmp_path / "got", [str(shared)], most=3999)
    assert fetch(f"{shared}/acme/in/film.mp4", tmp_path / "got", [str(shared)], most=4000).size == 4000


def test_a_folder_of_a_user_bears_no_mark_and_must_be_there(shared: Path, tmp_path: Path) -> None:
    assert not list(shared.rglob(".facefusion*"))
    with pytest.raises(StorageMissingError):
        fetch(f"{tmp_path}/none/film.mp4", tmp_path / "got", [f"{tmp_path}/none"])


def test_a_bucket_of_a_user_is_used_alike(s3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    bucket, path, settings = s3.create_bucket(), material(tmp_path, 1000), at_s3(s3)
    allowed = ["/srv", f"s3://{bucket}/acme/"]
    deliver(path, f"s3a://{bucket}/acme/out/film.mp4", allowed, settings=settings)
    with pytest.raises(OutputExistsError):
        deliver(path, f"s3://{bucket}/acme/out/film.mp4", allowed, settings=settings)
    fetched = fetch(f"s3://{bucket}/acme/out/film.mp4", tmp_path / "got", allowed, settings=settings)
    assert (tmp_path / "got").read_bytes() == path.read_bytes()
    assert fetched.address == f"s3://{bucket}/acme/out/film.mp4"
    for address in (f"s3://{bucket}/acme2/film.mp4", f"s3://{bucket}x/acme/film.mp4", f"gs://{bucket}/acme/film.mp4"):
        with pytest.raises(StorageAddressError, match="none of the places"):
            fetch(address, tmp_path / "got", allowed, settings=settings)


@pytest.mark.parametrize(
    "values",
    [
        {"part_bytes": 1},
        {"part_bytes": 1 << 40},
        {"concurrency": 0},
        {"attempts": 0},
        {"longest_wait": -1},
        {"connect_seconds": 0},
        {"read_seconds": float("nan")},
        {"server_encryption": "rot13"},
        {"kms_key": "a"},
        {"endpoint": f"https://key:{SECRET}@host"},
        {"endpoint": "minio:9000"},
        {"endpoint": "file:///srv"},
        {"endpoint": f"https://host?token={SECRET}"},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(OptionsError, match=f"setting {next(iter(values))} of the storage") as raised:
        StorageSettings(**values)  # type: ignore[arg-type]
    assert SECRET not in str(raised.value)


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(OptionsError, match=r"package no_such_package.*facefusion\[gs\]"):
        clients.imported("no_such_package", "gs")


def test_a_key_that_cannot_be_read_is_told_before_anything_is_put(tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        open_storage(str(tmp_path / "storage"), StorageSettings(key_file=tmp_path / "none"))
