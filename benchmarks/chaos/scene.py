"""The cluster that is put to the test: servers, cables to them, the service, machines, and who asks for jobs."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Engine

from benchmarks import servers
from benchmarks.cable import Cable
from benchmarks.chaos.kept import Kept
from benchmarks.chaos.worker import Machine
from benchmarks.common import ROOT
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.storage import Storage, StorageSettings, open_storage
from facefusion.trust.database import open_database

Kind = Literal["rabbitmq", "redis", "local"]
"""`local`: one machine, whose service has a pool of its own, with SQLite and a folder, and without a broker."""
TENANTS: Final = ("a", "b", "c")
_SCRATCH_MIB: Final = 64
_STORE_MIB: Final = 256
_REGION: Final = "us-east-1"
_SKEW: Final = "+3h"
_SKEWED: Final = Path(__file__).with_name("skewed")
_FAKE_TIME: Final = Path("/usr/lib")


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
        records: the database of the audit log, as all others reach it; None for a file in the folder of keys.
        direct_records: the same, by a way of our own.
        told: the broker, as all others reach it; None where there is none.
        direct: the broker, by a way of our own.
        servers: by what they are: `database`, `broker`.
        cables: by where they lead: `database`, `broker`, `storage`, `service`.
        storage: by a way of our own.
        root: of the storage, as all others reach it.
        endpoint: of an S3 storage, as all others reach it; None where it is a folder.
        scratch: folder in which machines make files.
        disks: small disks of their own that may be filled, by what lies on them: `scratch`, `storage`.
        service: which is asked for jobs; None where work is simulated.
        port: of the service.
        skew: by how much the clock of the last machine is wrong; None where all are right.
        machines: of workers.
        submitter: which asks for jobs.
        busy: what is being disturbed for a while.
    """

    size: Size
    folder: Path
    engine: Engine
    place: str
    records: str | None
    direct_records: str | None
    told: Broker | None
    direct: Broker | None
    servers: dict[str, servers.ServerProcess]
    cables: dict[str, Cable]
    storage: Storage
    root: str
    endpoint: str | None
    scratch: Path
    disks: dict[str, Path]
    service: Kept | None = None
    port: int = 0
    skew: str | None = None
    machines: list[Kept] = field(default_factory=list)
    submitter: Kept | None = None
    busy: dict[str, threading.Lock] = field(default_factory=dict)

    @property
    def trust(self) -> Path:
        """The folder of keys and records."""
        return self.folder / "trust"

    @property
    def has(self) -> frozenset[str]:
        """What there is that can be disturbed: servers, `service`, `bucket` or `folder`, and disks by their names."""
        store = "folder" if self.endpoint is None else "bucket"
        service = set() if self.service is None else {"service"}
        return frozenset({*self.servers, store, *service, *(f"{name} disk" for name in self.disks)})

    def tend(self) -> None:
        """Begin again whatever has ended; a submitter that is through stays ended."""
        for each in (self.service, *self.machines):
            if each is not None:
                each.tend()
        if self.submitter is not None and self.submitter.code != 0:
            self.submitter.tend()

    def settle(self) -> None:
        """Wait until nothing is disturbed any more."""
        for lock in self.busy.values():
            with lock:
                pass

    def submit(self, module: str, line: str) -> None:
        """Have jobs asked for from now on, by a module that reads a line."""
        self.submitter = Kept(module, line=line, log=self.folder / "submitter.log")


@contextmanager
def scene(size: Size, folder: Path) -> Iterator[Scene]:
    """Build a cluster up, and take it down.

    Args:
        size: how large it is.
        folder: an empty folder, for logs.
    """
    with ExitStack() as ending:
        scratch, disks = folder / "scratch", dict[str, Path]()
        if ending.enter_context(_small_disk(scratch, _SCRATCH_MIB)):
            disks["scratch"] = scratch
        made = _local(size, folder, disks, ending) if size.kind == "local" else _shared(size, folder, disks, ending)
        for cable in made.cables.values():
            ending.callback(cable.close)
        ending.callback(made.engine.dispose)
        upgrade(made.engine)
        made.busy = {name: threading.Lock() for name in ("database", "broker", "storage", *disks)}
        if not size.is_simulated:
            _with_service(made)
        if size.kind != "local":
            made.machines = [_machine(made, number) for number in range(size.machines)]
        try:
            yield made
        finally:
            for kept in (made.submitter, *made.machines, made.service):
                if kept is not None:
                    kept.end()
            for cable in made.cables.values():
                cable.close()


def _local(size: Size, folder: Path, disks: dict[str, Path], ending: ExitStack) -> Scene:
    """Return one machine, with nothing but files."""
    place, store = str(folder / "jobs.db"), folder / "storage"
    if ending.enter_context(_small_disk(store, _STORE_MIB)):
        disks["storage"] = store
    storage, engine = open_storage(str(store)), open_database(place)
    return Scene(
        *(size, folder, engine, place, None, None, None, None, {}, {}),
        storage=storage,
        root=str(store),
        endpoint=None,
        scratch=folder / "scratch",
        disks=disks,
    )


def _shared(size: Size, folder: Path, disks: dict[str, Path], ending: ExitStack) -> Scene:
    """Return machines that meet at servers."""
    store = ending.enter_context(servers.s3_server())
    ending.enter_context(_credentials(store))
    database = ending.enter_context(servers.postgres(is_durable=True))
    begun = servers.rabbitmq() if size.kind == "rabbitmq" else servers.redis_server(is_durable=True)
    broker: servers.RabbitMQ | servers.Redis = ending.enter_context(begun)  # type: ignore[arg-type]
    cables = {"storage": Cable(store.port), "database": Cable(database.port), "broker": Cable(broker.port)}
    name, records = database.create_database(), database.create_database()
    root, way = f"s3://{store.bucket}/chaos", cables["database"].port
    return Scene(
        *(size, folder, open_database(database.url(name)), database.tcp_url(name, port=way)),
        *(database.tcp_url(records, port=way), database.url(records)),
        *(Broker(broker.url(port=cables["broker"].port)), Broker(broker.url())),
        {"database": database.process, "broker": broker.process},
        cables,
        storage=open_storage(root, StorageSettings(endpoint=store.endpoint(), region=_REGION)),
        root=root,
        endpoint=store.endpoint(port=cables["storage"].port),
        scratch=folder / "scratch",
        disks=disks,
    )


def _with_service(scene: Scene) -> None:
    """Put a service into a cluster, which `tend` begins."""
    scene.port = servers.free_port()
    scene.cables["service"] = Cable(scene.port)
    variables = _variables(scene) | {"FACEFUSION_PORT": str(scene.port)}
    log = scene.folder / "service.log"
    scene.service = Kept("facefusion", "serve", "--log-level", "info", log=log, variables=variables)


def _machine(scene: Scene, number: int) -> Kept:
    """Return a machine, which `tend` begins: the command of the product, or one that simulates."""
    size, log = scene.size, scene.folder / f"machine{number}.log"
    if not size.is_simulated:
        variables = _variables(scene)
        library = next(_FAKE_TIME.glob("*/faketime/libfaketime.so.1"), None)
        if number and number == size.machines - 1 and library is not None:
            scene.skew = _SKEW
            paths = f"{_SKEWED}{os.pathsep}{os.environ.get('PYTHONPATH', ROOT)}"
            variables |= {"LD_PRELOAD": str(library), "FAKETIME": _SKEW, "PYTHONPATH": paths}
            # Without these Python waits in vain for its own locks.
            variables |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
        return Kept("facefusion", "worker", "--log-level", "info", log=log, variables=variables)
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
    """Return the settings of a machine that does real work, and of the service."""
    values = {
        "jobs_database": scene.place,
        "storage": scene.root,
        "storage_endpoint": scene.endpoint,
        "storage_region": None if scene.endpoint is None else _REGION,
        "broker": None if scene.told is None else scene.told.url,
        "trust_database": scene.records,
        "scratch_dir": scene.scratch,
        "scratch_free": 0.01,
        "scratch_cache": 0.01,
        "lease_seconds": scene.size.lease,
        "cut_after": 20,
        "segment_frames": 16,
        "workers": scene.size.children * (scene.size.machines if scene.told is None else 1),
        "drain_seconds": 5,
        "policy": ROOT / "benchmarks" / "policy.toml",
        "trust_dir": scene.trust,
        "local_access": "none",
        **{f"rate_{name}": 1e6 for name in ("address", "key", "tenant")},
    }
    return {f"FACEFUSION_{name.upper()}": str(value) for name, value in values.items() if value is not None}


@contextmanager
def _small_disk(folder: Path, mebibytes: int) -> Iterator[bool]:
    """Make a folder, and yield whether it is a disk of its own that can be filled: that takes a right to mount."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    is_small = os.name == "posix" and _ran(mount)
    try:
        yield is_small
    finally:
        if is_small:
            _ran(["umount", "-l", str(folder)])


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
