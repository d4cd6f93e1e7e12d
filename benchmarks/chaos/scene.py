"""The cluster that is put to the test: servers, cables to them, machines, and who submits."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from benchmarks import servers
from benchmarks.cable import Cable
from benchmarks.chaos.kept import Kept
from benchmarks.chaos.submitter import Orders
from benchmarks.chaos.worker import Machine
from benchmarks.common import ROOT
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.storage import Storage, StorageSettings, open_storage
from facefusion.trust.database import open_database

Kind = Literal["rabbitmq", "redis", "local"]
"""`local`: the pool of one machine, on SQLite, without a broker."""
_SCRATCH_MIB = 64
_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Size:
    """How large the cluster is.

    Attributes:
        kind: of its broker.
        is_simulated: whether tasks are waited for instead of done.
        machines: worker machines.
        children: worker processes of each.
        lease: seconds that a worker may be silent.
    """

    kind: Kind
    is_simulated: bool
    machines: int = 2
    children: int = 2
    lease: float = 4.0


@dataclass(slots=True)
class Scene:
    """A cluster.

    Attributes:
        size: how large it is.
        folder: in which logs and all that is no server's lies.
        engine: the database, by a way of our own that is never cut.
        place: the database, as all others reach it.
        told: the broker, as all others reach it; None where there is none.
        direct: the broker, by a way of our own.
        servers: by what they are: `database`, `broker`.
        cables: by where they lead: `database`, `broker`, `storage`.
        storage: by a way of our own.
        root, endpoint: of the storage, as all others reach it.
        scratch: folder in which machines make files; a small disk of its own where we may make one.
        is_small_disk: whether it is one.
        machines: of workers.
        submitter: which submits.
        busy: what is being disturbed for a while.
    """

    size: Size
    folder: Path
    engine: Engine
    place: str
    told: Broker | None
    direct: Broker | None
    servers: dict[str, servers.ServerProcess]
    cables: dict[str, Cable]
    storage: Storage
    root: str
    endpoint: str
    scratch: Path
    is_small_disk: bool
    machines: list[Kept] = field(default_factory=list)
    submitter: Kept | None = None
    busy: dict[str, threading.Lock] = field(default_factory=dict)

    def tend(self) -> None:
        """Begin again whatever has ended; a submitter that is through stays ended."""
        for machine in self.machines:
            machine.tend()
        if self.submitter is not None and self.submitter.code != 0:
            self.submitter.tend()

    def submit(self, orders: Orders) -> None:
        """Have jobs submitted from now on."""
        self.submitter = Kept("benchmarks.chaos.submitter", line=orders.to_line(), log=self.folder / "submitter.log")


@contextmanager
def scene(size: Size, folder: Path) -> Iterator[Scene]:
    """Build a cluster up, and take it down.

    Args:
        size: how large it is.
        folder: an empty folder, for logs.
    """
    with ExitStack() as ending:
        store = ending.enter_context(servers.s3_server())
        ending.enter_context(_credentials(store))
        running: dict[str, servers.ServerProcess] = {}
        cables = {"storage": Cable(store.port)}
        place = direct_place = str(folder / "jobs.db")
        told = direct = None
        if size.kind != "local":
            database = ending.enter_context(servers.postgres(is_durable=True))
            begun = servers.rabbitmq() if size.kind == "rabbitmq" else servers.redis_server(is_durable=True)
            broker: servers.RabbitMQ | servers.Redis = ending.enter_context(begun)  # type: ignore[arg-type]
            running = {"database": database.process, "broker": broker.process}
            cables |= {"database": Cable(database.port), "broker": Cable(broker.port)}
            name = database.create_database()
            place, direct_place = database.tcp_url(name, port=cables["database"].port), database.url(name)
            told, direct = Broker(broker.url(port=cables["broker"].port)), Broker(broker.url())
        for cable in cables.values():
            ending.callback(cable.close)
        engine = open_database(direct_place)
        ending.callback(engine.dispose)
        upgrade(engine)
        root = f"s3://{store.bucket}/chaos"
        scratch, is_small = ending.enter_context(_small_disk(folder))
        made = Scene(
            *(size, folder, engine, place, told, direct, running, cables),
            storage=open_storage(root, StorageSettings(endpoint=store.endpoint(), region=_REGION)),
            root=root,
            endpoint=store.endpoint(port=cables["storage"].port),
            scratch=scratch,
            is_small_disk=is_small,
            busy={name: threading.Lock() for name in ("database", "broker", "disk")},
        )
        made.machines = [_machine(made, number) for number in range(1 if size.kind == "local" else size.machines)]
        try:
            yield made
        finally:
            for kept in (*made.machines, made.submitter):
                if kept is not None:
                    kept.end()


def _machine(scene: Scene, number: int) -> Kept:
    """Return a machine, which `tend` begins: the command of the product, or one that simulates."""
    size, log = scene.size, scene.folder / f"machine{number}.log"
    if not size.is_simulated:
        return Kept("facefusion", "worker", "--log-level", "info", log=log, variables=_variables(scene))
    assert scene.told is not None
    machine = Machine(
        f"machine{number}@chaos",
        scene.place,
        replace(scene.told, beat=1.0),
        *(scene.root, scene.endpoint, str(scene.scratch)),
        children=size.children,
        lease=size.lease,
        failures=1000,
        tasks_per_child=50,
    )
    return Kept("benchmarks.chaos.worker", line=machine.to_line(), log=log)


def _variables(scene: Scene) -> dict[str, str]:
    """Return the settings of a machine that does real work."""
    values = {
        "jobs_database": scene.place,
        "storage": scene.root,
        "storage_endpoint": scene.endpoint,
        "storage_region": _REGION,
        "scratch_dir": scene.scratch,
        "scratch_free": 0.01,
        "scratch_cache": 0.01,
        "lease_seconds": scene.size.lease,
        "segment_frames": 16,
        "workers": scene.size.children * (scene.size.machines if scene.told is None else 1),
        "drain_seconds": 5,
        "policy": ROOT / "benchmarks" / "policy.toml",
        "trust_dir": scene.folder / "trust",
    }
    if scene.told is not None:
        values["broker"] = scene.told.url
    return {f"FACEFUSION_{name.upper()}": str(value) for name, value in values.items()}


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
def _credentials(store: servers.S3) -> Iterator[None]:
    """Let processes that we begin find the key of the store, as those of a cluster do."""
    values = {"AWS_ACCESS_KEY_ID": store.key, "AWS_SECRET_ACCESS_KEY": store.secret, "AWS_REGION": _REGION}
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
