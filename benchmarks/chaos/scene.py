"""The cluster that is put to the test: servers, cables to them, machines, and who submits."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine

from benchmarks import servers
from benchmarks.cable import Cable
from benchmarks.chaos.kept import Kept
from benchmarks.chaos.submitter import Orders
from benchmarks.chaos.worker import Machine
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.schema import METADATA
from facefusion.trust.database import open_database

BrokerKind = Literal["rabbitmq", "redis"]
_SCRATCH_MIB = 64


@dataclass(frozen=True, slots=True)
class Size:
    """How large the cluster is.

    Attributes:
        machines: worker machines.
        children: worker processes of each.
        lease: seconds that a worker may be silent.
        beat: seconds between looks for what was missed.
        jobs: least number of jobs.
        ahead: jobs that are not finished at one time.
        seed: of everything that is left to chance.
    """

    machines: int = 2
    children: int = 2
    lease: float = 4.0
    beat: float = 1.0
    jobs: int = 300
    ahead: int = 8
    seed: int = 1


@dataclass(slots=True)
class Scene:
    """A cluster.

    Attributes:
        kind: of its broker.
        engine: the database, by a way of our own that is never cut.
        database, broker, storage: their servers.
        database_cable, broker_cable, storage_cable: by which all others reach them.
        told: the broker as others know it.
        direct: the broker, by a way of our own.
        scratch: folder in which machines make files; a small disk of its own where we may make one.
        is_small_disk: whether it is one.
        machines: of workers.
        submitter: which submits.
        enough: see `Orders`.
        url: of the storage.
        busy: servers that are being begun again.
    """

    kind: BrokerKind
    engine: Engine
    database: servers.Postgres
    broker: servers.RabbitMQ | servers.Redis
    storage: servers.S3
    database_cable: Cable
    broker_cable: Cable
    storage_cable: Cable
    told: Broker
    direct: Broker
    scratch: Path
    is_small_disk: bool
    url: str
    enough: Path
    machines: list[Kept] = field(default_factory=list)
    submitter: Kept | None = None
    busy: dict[str, threading.Lock] = field(default_factory=dict)

    def tend(self) -> None:
        """Begin again whatever has ended; a submitter that is through stays ended."""
        for machine in self.machines:
            machine.tend()
        if self.submitter is not None and self.submitter.code != 0:
            self.submitter.tend()


@contextmanager
def scene(kind: BrokerKind, size: Size, folder: Path, **work: Any) -> Iterator[Scene]:
    """Build a cluster up, and take it down.

    Args:
        kind: of its broker.
        size: how large it is.
        folder: an empty folder, for logs.
        work: further values of `Orders` and `Machine`, as `orders` and `machine`.
    """
    with ExitStack() as ending:
        database = ending.enter_context(servers.postgres(is_durable=True))
        begun = servers.rabbitmq() if kind == "rabbitmq" else servers.redis_server(is_durable=True)
        broker: servers.RabbitMQ | servers.Redis = ending.enter_context(begun)  # type: ignore[arg-type]
        storage = ending.enter_context(servers.s3_server())
        cables = [Cable(server.port) for server in (database, broker, storage)]
        for cable in cables:
            ending.callback(cable.close)
        name = database.create_database()
        engine = open_database(database.url(name))
        ending.callback(engine.dispose)
        METADATA.create_all(engine)
        told = Broker(broker.url(port=cables[1].port), queue=f"chaos.{secrets.token_hex(4)}", beat=size.beat)
        scratch, is_small = ending.enter_context(_small_disk(folder))
        made = Scene(
            *(kind, engine, database, broker, storage, *cables),
            told=told,
            direct=replace(told, url=broker.url()),
            scratch=scratch,
            is_small_disk=is_small,
            url=f"s3://{storage.bucket}/chaos",
            enough=folder / "enough",
            busy={"database": threading.Lock(), "broker": threading.Lock(), "disk": threading.Lock()},
        )
        ending.enter_context(_credentials(storage))
        _people(made, size, folder, database.tcp_url(name, port=cables[0].port), **work)
        try:
            yield made
        finally:
            for kept in (*made.machines, made.submitter):
                if kept is not None:
                    kept.end()


def _people(made: Scene, size: Size, folder: Path, database: str, **work: Any) -> None:
    """Name the machines and the submitter; `tend` begins them."""
    orders = Orders(database, made.told, size.jobs, size.ahead, size.seed, str(made.enough), **work.get("orders", {}))
    made.submitter = Kept("benchmarks.chaos.submitter", orders.to_line(), folder / "submitter.log")
    endpoint = made.storage.endpoint(port=made.storage_cable.port)
    for number in range(size.machines):
        machine = Machine(
            f"machine{number}@chaos",
            *(database, made.told, made.url, endpoint, str(made.scratch)),
            children=size.children,
            lease=size.lease,
            failures=1000,
            tasks_per_child=50,
            **work.get("machine", {}),
        )
        made.machines.append(Kept("benchmarks.chaos.worker", machine.to_line(), folder / f"machine{number}.log"))


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield a folder that can be filled, and whether it can be: that takes a right to mount."""
    scratch = folder / "scratch"
    scratch.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SCRATCH_MIB}m", "tmpfs", str(scratch)]
    is_small = os.name == "posix" and _ran(mount)
    try:
        yield scratch, is_small
    finally:
        if is_small:
            _ran(["umount", "-l", str(scratch)])


def _ran(command: list[str]) -> bool:
    with suppress(FileNotFoundError):
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    return False


@contextmanager
def _credentials(storage: servers.S3) -> Iterator[None]:
    """Let processes that we begin find the key of the store, as those of a cluster do."""
    values = {"AWS_ACCESS_KEY_ID": storage.key, "AWS_SECRET_ACCESS_KEY": storage.secret, "AWS_REGION": "us-east-1"}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def folder_for(kept: Path | None) -> Iterator[Path]:
    """Yield an empty folder: one that is kept, or one that is removed afterwards."""
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as made:
        yield Path(made)
