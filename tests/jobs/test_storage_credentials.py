"""Credentials of a bucket may lie in a file, so that no variable holds a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.servers import S3
from storage_material import at_s3, material

from facefusion.errors import StorageAddressError
from facefusion.jobs.storage import open_storage


def test_a_file_of_credentials_opens_a_bucket(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    credentials = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    storage = open_storage(f"s3://{s3.create_bucket()}/jobs", at_s3(s3))
    path = material(tmp_path, 1000)
    with pytest.raises(StorageAddressError):
        storage.put(path, "file")
    credentials.write_text(f"[default]\naws_access_key_id = {s3.key}\naws_secret_access_key = {s3.secret}\n")
    again = open_storage(f"s3://{s3.create_bucket()}/jobs", at_s3(s3))
    again.put(path, "file")
    assert again.size("file") == 1000
