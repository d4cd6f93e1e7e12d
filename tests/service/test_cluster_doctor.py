"""`doctor --cluster` on real servers: all is well, and then one thing after the other is broken."""

from __future__ import annotations

import datetime
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.servers import S3, Postgres, RabbitMQ, Redis, free_port
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import insert, text, update

from facefusion.cli.main import main
from facefusion.inference.store import ModelStore
from facefusion.jobs.alike import FACT, found_alike
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import VERSION_TABLE, head
from facefusion.jobs.opening import open_files
from facefusion.jobs.outbox.tables import DELIVERIES
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import JOBS, LEASES, SCHEMA, WORKERS
from facefusion.jobs.values import NewJob
from facefusion.options import Options, ServingOptions
from facefusion.service.cluster import ClusterCheck, examine
from facefusion.service.cluster.alike import look_same_storage
from facefusion.service.cluster.examine import LOOKS
from facefusion.service.cluster.values import Finding, Place
from facefusion.service.presence import Presence
from facefusion.service.tables import PROCESSES
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

PASSWORD = "s3cret-w%40rd"
DAY = 86_400


class Cluster:
    """A cluster of processes that say what they find, on servers that are there."""

    def __init__(self, folder: Path, database: str, **serving: Any) -> None:
        trust = trust_home(folder / "trust")
        KeyRing.open(trust)
        self.folder, self.database = folder, database
        self.options = Options.parse({"trust_dir": trust, "trust_database": database, "models_dir": folder / "models"})
        given = {"jobs_database": database, "scratch_dir": folder / "scratch", "scratch_cache": 0.0} | serving
        self.serving = ServingOptions.parse(given)
        self.engine = open_database(database)
        look_same_storage(self.place)  # who looks first puts the mark there
        self.facts = self.found()
        self.worker("w1")
        self.presence = Presence(self.engine)
        self.presence.facts |= {FACT: self.facts, "upkeep": datetime.datetime.now(datetime.UTC).isoformat()}
        self.presence.seen()

    @property
    def place(self) -> Place:
        return Place(self.options, self.serving)

    def found(self) -> dict[str, str]:
        return found_alike(self.options, open_files(self.serving))

    def worker(self, name: str, alike: dict[str, str] | None = None, **facts: Any) -> None:
        told = {**self.presence_facts(), "slots": 1, "providers": ["cpu"], FACT: self.facts | (alike or {}), **facts}
        JobQueue(self.engine).seen(name, told)

    def presence_facts(self) -> dict[str, Any]:
        return {name: Presence(self.engine).facts[name] for name in ("host", "process", "version")}

    def changed(self, **values: Any) -> ServingOptions:
        return ServingOptions.parse(self._flat() | values)

    def _flat(self) -> dict[str, Any]:
        groups = (self.serving.jobs, self.serving.storage, self.serving.worker)
        return {
            name: value for group in groups for name, value in group.model_dump().items() if value not in (None, ())
        }

    def look(self, *names: str, serving: ServingOptions | None = None, **more: Any) -> dict[str, ClusterCheck]:
        looks = [each for each in LOOKS if not names or each[0] in names]
        found = examine(self.options, serving or self.serving, looks=looks, **more)
        return {check.name: check for check in found}

    def one(self, name: str, **more: Any) -> ClusterCheck:
        return self.look(name, **more)[name]


@pytest.fixture
def cluster(postgres_jobs_place: str, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with a folder as storage, whose processes agree."""
    made = Cluster(tmp_path, postgres_jobs_place, storage=str(tmp_path / "storage"))
    yield made
    made.engine.dispose()


def test_a_cluster_on_real_servers_is_well(
    postgres_jobs_place: str, rabbitmq: RabbitMQ, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    at = {"storage": f"s3://{s3.bucket}/doctor", "storage_endpoint": s3.endpoint(), "storage_region": "us-east-1"}
    made = Cluster(tmp_path, postgres_jobs_place, broker=rabbitmq.url(), **at)
    found = made.look(seconds=60.0)
    assert [check.name for check in found.values() if check.status != "ok"] == [], found
    assert list(found) == [name for name, _, _ in LOOKS]
    assert "PostgreSQL" in found["database"].found and f"schema {head()}" in found["database"].found
    assert "messages wait" in found["broker"].found
    assert "one storage here and in 2 processes" in found["same storage"].found
    assert all(check.means and check.seconds >= 0 for check in found.values())
    assert list(open_files(made.serving).keys("health")) == ["health/storage-mark"]  # the probe is gone
    told = json.dumps([check.found for check in found.values()])
    assert "guest:guest" not in told and "amqp://127.0.0.1" in told
    made.engine.dispose()


def test_a_message_that_was_laid_aside_is_told(rabbitmq: RabbitMQ, cluster: Cluster) -> None:
    import kombu

    serving = cluster.changed(broker=rabbitmq.url())
    cluster.one("broker", serving=serving)
    with kombu.Connection(rabbitmq.url(), transport_options={"confirm_publish": True}) as connection:
        channel = connection.channel()
        channel.queue_purge("facefusion.work.dead")
        message = channel.prepare_message("?", content_type="text/plain", content_encoding="utf-8")
        channel.basic_publish(message, exchange="", routing_key="facefusion.work.dead")
        check = cluster.one("broker", serving=serving)
        channel.queue_purge("facefusion.work.dead")
    assert (check.status, "1 were laid aside" in check.found) == ("warn", True)


def test_redis_is_a_broker_too(redis_server: Redis, cluster: Cluster) -> None:
    assert cluster.one("broker", serving=cluster.changed(broker=redis_server.url())).status == "ok"


@pytest.mark.parametrize("url", ["amqp://ada:{}@127.0.0.1:{}//", "redis://:{}@127.0.0.1:{}/0"])
def test_a_broker_that_is_away(cluster: Cluster, url: str) -> None:
    check = cluster.one("broker", serving=cluster.changed(broker=url.format(PASSWORD, free_port())))
    assert check.status == "fail"
    assert "The broker cannot be used" in check.found
    assert PASSWORD not in str(check) and "s3cret-w@rd" not in str(check)


def test_a_database_that_is_away_fails_what_rests_on_it(cluster: Cluster) -> None:
    url = f"postgresql://ada:{PASSWORD}@127.0.0.1:{free_port()}/jobs"
    found = cluster.look(serving=cluster.changed(jobs_database=url), seconds=30.0)
    away = {"database", "clock", "workers", "service", "queue", "leases", "webhooks", "same storage", "versions"}
    assert {name for name in away if found[name].status == "fail"} == away
    assert found["storage"].status == "ok"
    assert "s3cret" not in str(found)


def test_a_refused_password_is_told_and_not_shown(postgres: Postgres, cluster: Cluster) -> None:
    url = f"postgresql://nobody:{PASSWORD}@127.0.0.1:{postgres.port}/none"
    check = cluster.one("database", serving=cluster.changed(jobs_database=url))
    assert check.status == "fail"
    assert "s3cret" not in str(check)


@pytest.mark.parametrize(
    ("version", "works_from", "status"), [("0000", None, "fail"), ("9999", None, "fail"), ("9999", "0001", "warn")]
)
def test_another_schema(cluster: Cluster, version: str, works_from: str | None, status: str) -> None:
    with cluster.engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :v"), {"v": version})
        if works_from is not None:
            connection.execute(insert(SCHEMA).values(version=version, works_from=works_from))
    assert cluster.one("database").status == status


def test_a_file_that_is_not_there_is_not_made(cluster: Cluster, tmp_path: Path) -> None:
    check = cluster.one("database", serving=cluster.changed(jobs_database=str(tmp_path / "none.db")))
    assert check.status == "fail" and "There is no database of jobs" in check.found
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("seconds", "status"), [(0.0, "ok"), (10.0, "warn"), (-4000.0, "fail")])
def test_clocks_that_differ(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, seconds: float, status: str) -> None:
    there = lambda _: round((time.time() + seconds) * 1e6)  # noqa: E731
    monkeypatch.setattr("facefusion.service.cluster.database.database_time", there)
    assert cluster.one("clock").status == status


def test_a_bucket_that_is_not_there(cluster: Cluster, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    at = {"storage": "s3://no-such-bucket/x", "storage_endpoint": s3.endpoint(), "storage_region": "us-east-1"}
    assert cluster.one("storage", serving=cluster.changed(**at), seconds=30.0).status == "fail"


def test_a_storage_that_does_not_answer_is_waited_for_no_longer_than_asked(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        at = {"storage": "s3://b/x", "storage_endpoint": endpoint, "storage_region": "us-east-1"}
        began = time.monotonic()
        check = cluster.one("storage", serving=cluster.changed(**at), seconds=1.0)
    assert (check.status, check.found) == ("fail", "no answer within 1 seconds")
    assert time.monotonic() - began < 20  # a busy machine included


def test_what_hangs_keeps_nothing_else_from_being_told() -> None:
    never = threading.Event()

    def hang(_place: Place) -> Finding:
        never.wait()
        raise AssertionError

    def bug(_place: Place) -> Finding:
        raise RuntimeError("broken")

    looks = [("hangs", "a", hang), ("well", "b", lambda _: Finding("ok", "fine")), ("bug", "c", bug)]
    found = examine(Options(), ServingOptions(), seconds=0.2, looks=looks)
    never.set()
    assert [(check.name, check.status) for check in found] == [("hangs", "fail"), ("well", "ok"), ("bug", "fail")]


def test_little_room(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1 << 20

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    found = cluster.look("storage", "scratch")
    assert (found["storage"].status, found["scratch"].status) == ("warn", "fail")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("storage", "same storage"),
        ("keys", "keys"),
        ("policy", "policy"),
        ("models", "models alike"),
        ("records", "records"),
    ],
)
def test_a_worker_that_finds_something_else_is_named(cluster: Cluster, what: str, name: str) -> None:
    assert cluster.one(name).status == "ok"
    cluster.worker("other-machine:1:ab", {what: "other"})
    check = cluster.one(name)
    assert check.status == "fail"
    assert "worker other-machine:1:ab" in check.found and check.advice


def test_machines_with_records_of_their_own_are_told(cluster: Cluster) -> None:
    options = cluster.options.changed({"trust_database": None})
    cluster.worker("w1", {"records": "a file of its own"})
    cluster.worker("w2", {"records": "a file of its own"}, host="elsewhere")
    cluster.presence.gone()
    [look] = [each for each in LOOKS if each[0] == "records"]
    [check] = examine(options, cluster.serving, looks=[look])
    assert check.status == "fail" and "2 machines" in check.found


def test_a_process_that_did_not_say_yet_is_waited_for(cluster: Cluster) -> None:
    with cluster.engine.begin() as connection:
        connection.execute(update(WORKERS).values(facts={"host": "h"}))
        connection.execute(update(PROCESSES).values(facts={"host": "h"}))
    check = cluster.one("keys")
    assert (check.status, check.advice) == ("warn", "run this again in two minutes")


def test_workers_that_are_silent_gone_or_of_other_kinds(cluster: Cluster) -> None:
    cluster.worker("w2", providers=["cuda"])
    assert cluster.one("workers").status == "warn"
    cluster.worker("w2", version="0.0.1")
    versions = cluster.one("versions")
    assert versions.status == "warn" and "1 × 0.0.1" in versions.found
    with cluster.engine.begin() as connection:
        late = WORKERS.c.seen - 600 * 1_000_000
        connection.execute(update(WORKERS).where(WORKERS.c.id == "w2").values(seen=late))
    silent = cluster.one("workers")
    assert silent.status == "warn" and "silent: w2" in silent.found
    with cluster.engine.begin() as connection:
        connection.execute(update(WORKERS).values(seen=0))
    assert cluster.one("workers").status == "fail"


def test_retention_that_is_not_done(cluster: Cluster) -> None:
    assert cluster.one("retention").status == "ok"
    cluster.presence.facts["upkeep"] = "2026-01-01T00:00:00+00:00"
    cluster.presence.seen()
    assert cluster.one("retention").status == "fail"
    cluster.presence.gone()
    assert (cluster.one("retention").status, cluster.one("service").status) == ("warn", "warn")


def test_weights_that_are_altered(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cluster.one("models").status == "ok"
    real, pack = ModelStore(), tmp_path / "pack"
    pack.mkdir()
    for path in real.folder.iterdir():
        (pack / path.name).symlink_to(path) if path.is_file() else None
    spoilt = next(path for path in pack.iterdir() if path.suffix == ".onnx")
    spoilt.unlink()
    spoilt.write_bytes(b"other")
    store = ModelStore(pack)
    monkeypatch.setattr("facefusion.service.cluster.files.open_store", lambda _: store)
    check = cluster.one("models")
    assert check.status == "fail" and spoilt.stem in check.found


def test_stuck_jobs_and_leases(cluster: Cluster) -> None:
    board, queue = JobBoard(cluster.engine), JobQueue(cluster.engine)
    job = board.submit(NewJob("t", "o", {}))
    assert cluster.one("queue").status == "ok"
    with cluster.engine.begin() as connection:
        connection.execute(update(JOBS).values(queued=JOBS.c.queued - 2 * 3600 * 1_000_000))
    waiting = cluster.one("queue")
    assert waiting.status == "warn" and "the oldest for 2.0 hours" in waiting.found
    assert queue.claim("gone", seconds=30) is not None
    assert cluster.one("leases").status == "ok"
    with cluster.engine.begin() as connection:
        connection.execute(update(LEASES).values(until=LEASES.c.until - 600 * 1_000_000))
    late = cluster.one("leases")
    assert late.status == "fail" and "gone" in late.found
    with cluster.engine.begin() as connection:
        connection.execute(text("DELETE FROM tasks"))
    stuck = cluster.one("queue")
    assert stuck.status == "fail" and job.id in stuck.found


def test_messages_that_do_not_arrive(cluster: Cluster) -> None:
    row = {"message": "m", "webhook": "w", "tenant": "t", "kind": "job.failed", "at": 0, "since": 0, "not_before": 0}
    with cluster.engine.begin() as connection:
        connection.execute(insert(DELIVERIES).values(**row, state="waiting", token=0, attempts=3))
    check = cluster.one("webhooks")
    assert check.status == "warn" and "1 messages wait for more than an hour" in check.found


def test_the_proxy_of_webhooks(cluster: Cluster, tmp_path: Path) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        url = f"http://ada:{PASSWORD}@127.0.0.1:{proxy.getsockname()[1]}"
        well = cluster.one("webhook proxy", serving=cluster.changed(webhook_proxy=url))
    away = cluster.one("webhook proxy", serving=cluster.changed(webhook_proxy=url))
    assert (well.status, away.status) == ("ok", "fail")
    assert "s3cret" not in f"{well}{away}"
    (tmp_path / "ca.pem").write_text("none")
    serving = cluster.changed(webhook_certificates=tmp_path / "ca.pem")
    assert cluster.one("webhook proxy", serving=serving).status == "fail"


@pytest.mark.parametrize(("days", "status"), [(90, "ok"), (20, "warn"), (3, "fail"), (-1, "fail")])
def test_a_certificate_that_ends(cluster: Cluster, tmp_path: Path, days: int, status: str) -> None:
    path = tmp_path / "certificate.pem"
    path.write_bytes(certificate(days))
    check = cluster.one("certificate", serving=cluster.changed(tls_certificate=path, tls_key=path))
    assert check.status == status


def test_what_is_no_certificate(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "certificate.pem"
    path.write_text("none")
    assert cluster.one("certificate", serving=cluster.changed(tls_certificate=path, tls_key=path)).status == "fail"


def test_the_command_says_what_fails_and_what_to_do(
    quiet_place: Path, sqlite_jobs_place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["doctor", "--cluster", "--jobs-database", sqlite_jobs_place, "--storage", str(quiet_place / "storage")]
    flags += ["--trust-dir", str(quiet_place / "trust"), "--scratch-cache", "0"]
    assert main(flags) == 1  # nobody works there
    out = capsys.readouterr().out
    assert "ok   database: SQLite, for one machine alone" in out
    assert "fail workers: none is there\n     do the jobs\n     -> start facefusion worker" in out
    assert out.endswith("Something fails: see `fail`.\n")
    assert main([*flags, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["fit"] is False
    assert {"name", "status", "found", "means", "advice", "seconds"} == set(report["checks"][0])


def test_options_of_a_cluster_want_the_flag(quiet_place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--jobs-database", "x.db"]) == 2
    assert "Say --cluster as well" in capsys.readouterr().err


def certificate(days: int) -> bytes:
    """Return a certificate that ends in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=100))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
