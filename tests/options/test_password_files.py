"""Passwords of addresses may lie in files, as Docker and Kubernetes hand them to a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.errors import OptionsError, SecretError
from facefusion.options import load_options, load_serving

ADDRESSES = {
    "jobs_database": "postgresql://ada@db:5432/jobs",
    "broker": "amqp://ada@mq//film",
    "redis": "redis://cache:6379/0",
}


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("p@ss/w:rd%\nnot this\n")
    return path


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("jobs_database", "postgresql://ada:p%40ss%2Fw%3Ard%25@db:5432/jobs"),
        ("broker", "amqp://ada:p%40ss%2Fw%3Ard%25@mq//film"),
        ("redis", "redis://:p%40ss%2Fw%3Ard%25@cache:6379/0"),
    ],
)
def test_the_first_line_of_a_file_becomes_the_password_of_its_address(name: str, joined: str, password: Path) -> None:
    serving = load_serving(
        {},
        environment={
            f"FACEFUSION_{name.upper()}": ADDRESSES[name],
            f"FACEFUSION_{name.upper()}_PASSWORD_FILE": str(password),
        },
    )
    assert getattr(serving.service if name == "redis" else serving.jobs, name) == joined


def test_the_database_of_records_takes_one_too(password: Path) -> None:
    options = load_options(
        {"trust_database": "postgresql://ada@db/trust", "trust_database_password_file": str(password)}, environment={}
    )
    assert options.trust.trust_database == "postgresql://ada:p%40ss%2Fw%3Ard%25@db/trust"
    assert "trust_database" in options.trust.model_fields_set


def test_each_of_several_addresses_gets_it(password: Path) -> None:
    values = {"broker": "sentinel://a:26379;sentinel://b:26379", "broker_password_file": password}
    joined = load_serving(values, environment={}).jobs.broker
    assert joined == "sentinel://:p%40ss%2Fw%3Ard%25@a:26379;sentinel://:p%40ss%2Fw%3Ard%25@b:26379"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (None, "no address"),
        ("jobs.db", "no address"),
        ("postgresql://ada:other@db/jobs", "has a password"),
        ("postgresql://db/jobs", "whose password"),
    ],
)
def test_what_does_not_go_together_is_told_without_a_secret(address: str | None, says: str, password: Path) -> None:
    values = {"jobs_database_password_file": password} | ({} if address is None else {"jobs_database": address})
    with pytest.raises(OptionsError, match=says) as caught:
        load_serving(values, environment={})
    assert "p@ss" not in str(caught.value) and "other" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "no text")]
)
def test_a_file_without_a_password_is_refused(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecretError, match=says):
        load_serving({"broker": ADDRESSES["broker"], "broker_password_file": path}, environment={})
