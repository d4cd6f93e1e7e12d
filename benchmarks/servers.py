"""Servers for benchmarks and tests: PostgreSQL, Redis, RabbitMQ and a store that speaks S3, each in its own folder.

They listen on 127.0.0.1 or on a socket in that folder alone, on free ports, and end with whoever began them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NOBODY = 65534


class MissingServerError(Exception):
    """A program or a library that a server needs is not installed."""


def until(condition: Callable[[], Any], *, seconds: float = 30.0, pause: float = 0.02) -> Any:
    """Return what a condition returns as soon as it is true.

    Raises:
        TimeoutError: it did not come true in time.
    """
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"Not so within {seconds:g} s: {getattr(condition, '__name__', condition)}")
        time.sleep(pause)
    return value


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as made:
        made.settimeout(1)
        return made.connect_ex(("127.0.0.1", port)) == 0


class ServerProcess:
    """The process of a server, which can be begun, ended and begun again.

    Args:
        command: what runs in the foreground.
        is_up: whether the server answers.
        log: file that takes what the server says.
        environment: its variables.
        ending: signal that ends it in good order.
        killing: signal that ends it at once.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        is_up: Callable[[], bool],
        log: Path,
        environment: Mapping[str, str],
        ending: signal.Signals = signal.SIGTERM,
        killing: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._command, self._is_up, self._log, self._environment = command, is_up, log, environment
        self._ending, self._killing = ending, killing
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 180.0) -> None:
        """Begin, and wait until the server answers."""
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # signals of a terminal are not for it
            )

        def is_up() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"{self._command[0]} ended with {process.returncode}:\n{self._said()}")
            return self._is_up()

        try:
            until(is_up, seconds=seconds)
        except TimeoutError as error:
            self.kill()
            raise RuntimeError(f"{self._command[0]} does not answer:\n{self._said()}") from error

    def stop(self) -> None:
        """End in good order; at once where that takes more than 20 s."""
        self._end(self._ending)

    def kill(self) -> None:
        """End at once, as a loss of power does."""
        self._end(self._killing)

    def restart(self) -> None:
        """End at once, and begin again."""
        self.kill()
        self.start()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the process still, so that it takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL.

    Attributes:
        process: of the server; killing it is a crash, after which it recovers.
        folder: of its socket.
        port: on 127.0.0.1, and part of the socket's name.
    """

    process: ServerProcess
    folder: Path
    port: int

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, over the socket."""
        return f"postgresql://ours@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str = "postgres", *, port: int | None = None) -> str:
        """Return the URL of a database, over TCP; `port` of a cable that leads there, if one is between."""
        return f"postgresql://ours@127.0.0.1:{port or self.port}/{database}"

    def create_database(self, *, template: str = "template1") -> str:
        """Make a database, empty or as another is that nobody uses, and return its name."""
        name = f"d{secrets.token_hex(6)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres(*, is_durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """Run a PostgreSQL, as nobody where we are root.

    Args:
        is_durable: whether each commit reaches the disk, as in earnest.
        settings: further settings of the server.

    Raises:
        MissingServerError: it, its driver or `setpriv` is not installed.
    """
    _need_library("psycopg")
    programs = {name: _program(name) for name in ("initdb", "postgres")}
    as_nobody = [_program("setpriv"), f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    user = as_nobody if os.getuid() == 0 else []
    with _folder("pg") as folder:
        if user:
            os.chown(folder, _NOBODY, _NOBODY)
        environment = _environment(folder)
        made = [programs["initdb"], "-D", f"{folder}/data", "-U", "ours", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run([*user, *made], check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)
        port = free_port()
        chosen = {"listen_addresses": "127.0.0.1", "max_connections": "300", "logging_collector": "off"}
        chosen |= {} if is_durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [f"--{name}={value}" for name, value in (chosen | dict(settings or {})).items()]
        command = [*user, programs["postgres"], "-D", f"{folder}/data", "-k", str(folder), "-p", str(port), *flags]
        process = ServerProcess(
            command,
            is_up=lambda: _postgres_answers(folder, port),
            log=folder / "log",
            environment=environment,
            ending=signal.SIGINT,
            killing=signal.SIGQUIT,
        )
        with _running(process):
            yield Postgres(process, folder, port)


@dataclass(frozen=True, slots=True)
class Redis:
    """A Redis.

    Attributes:
        process: of the server.
        port: on 127.0.0.1.
        folder: in which it keeps what it keeps.
    """

    process: ServerProcess
    port: int
    folder: Path

    def url(self, *, port: int | None = None, database: int = 0) -> str:
        """Return its URL; `port` of a cable that leads there, if one is between."""
        return f"redis://127.0.0.1:{port or self.port}/{database}"

    def clear(self) -> None:
        """Remove all that it holds."""
        import redis  # noqa: PLC0415

        with redis.Redis(port=self.port) as client:
            client.flushall()


@contextmanager
def redis_server(*, is_durable: bool = False) -> Iterator[Redis]:
    """Run a Redis.

    Args:
        is_durable: whether it keeps each write in a file, and has it again after it was killed.

    Raises:
        MissingServerError: it or its library is not installed.
    """
    _need_library("redis")
    program = _program("redis-server")
    with _folder("redis") as folder:
        port = free_port()
        keeping = ["--appendonly", "yes", "--appendfsync", "always"] if is_durable else ["--appendonly", "no"]
        command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "", *keeping]
        process = ServerProcess(
            command, is_up=lambda: _redis_answers(port), log=folder / "log", environment=_environment(folder)
        )
        with _running(process):
            yield Redis(process, port, folder)


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A RabbitMQ.

    Attributes:
        process: of the server.
        port: on 127.0.0.1.
        environment: variables with which its own tools find it.
    """

    process: ServerProcess
    port: int
    environment: Mapping[str, str]

    def url(self, *, port: int | None = None) -> str:
        """Return its URL; `port` of a cable that leads there, if one is between."""
        return f"amqp://guest:guest@127.0.0.1:{port or self.port}//"

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` and return what it printed."""
        command = [_rabbit("rabbitmqctl"), "--quiet", *arguments]
        done = subprocess.run(command, env=dict(self.environment), check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def rabbitmq() -> Iterator[RabbitMQ]:
    """Run a RabbitMQ with a port mapper of its own; it takes some seconds and about 150 MB of memory.

    Raises:
        MissingServerError: it is not installed.
    """
    program, mapper = _rabbit("rabbitmq-server"), _program("epmd")
    with _folder("rabbit") as folder, ExitStack() as ending:
        port, names = free_port(), free_port()
        (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n")
        environment = _environment(folder) | {
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"tests-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RUNNING_UNDER_SYSTEMD": "true",  # its script becomes the server instead of waiting beside it
        }
        (folder / "environment").touch()
        (folder / "plugins").write_text("[].\n")
        names_process = ServerProcess(
            [mapper, "-port", str(names), "-address", "127.0.0.1"],
            is_up=lambda: answers(names),
            log=folder / "epmd.log",
            environment=environment,
        )
        ending.enter_context(_running(names_process))
        process = ServerProcess(
            [program], is_up=lambda: _rabbit_answers(port), log=folder / "log", environment=environment
        )
        ending.enter_context(_running(process))
        yield RabbitMQ(process, port, environment)


@dataclass(frozen=True, slots=True)
class S3:
    """A store that speaks S3; what it holds ends with its process.

    Attributes:
        process: of the server.
        port: on 127.0.0.1.
        bucket: one that is there.
        key, secret: with which it is used; it takes any.
    """

    process: ServerProcess
    port: int
    bucket: str
    key: str = "tests"
    secret: str = "tests"

    def endpoint(self, *, port: int | None = None) -> str:
        """Return its URL; `port` of a cable that leads there, if one is between."""
        return f"http://127.0.0.1:{port or self.port}"

    def client(self) -> Any:
        """Return a client of boto3."""
        import boto3  # noqa: PLC0415

        signing = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret}
        return boto3.client("s3", endpoint_url=self.endpoint(), region_name="us-east-1", **signing)

    def create_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"bucket-{secrets.token_hex(6)}"
        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        finally:
            client.close()
        return name


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run a store that speaks S3, in memory.

    Raises:
        MissingServerError: moto is not installed.
    """
    _need_library("moto.server")
    with _folder("s3") as folder:
        port = free_port()
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = ServerProcess(
            command, is_up=lambda: answers(port), log=folder / "log", environment=_environment(folder)
        )
        with _running(process):
            bucket = S3(process, port, "").create_bucket()
            yield S3(process, port, bucket)


@contextmanager
def _running(process: ServerProcess) -> Iterator[None]:
    try:
        process.start()
        yield
    finally:
        process.stop()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    # Short: the name of a socket has about 100 characters at most.
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
    return kept | {"HOME": str(folder), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    found = found or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None)
    if found is None:
        raise MissingServerError(f"{name} is not installed")
    return found


def _rabbit(name: str) -> str:
    """Return a script of RabbitMQ; Debian's wrapper around it wants to be root or one certain user."""
    inner = Path("/usr/lib/rabbitmq/bin", name)
    return str(inner) if inner.exists() else _program(name)


def _need_library(name: str) -> None:
    import importlib.util  # noqa: PLC0415

    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise MissingServerError(f"The Python library {name} is not installed")


def _postgres_answers(folder: Path, port: int) -> bool:
    import psycopg  # noqa: PLC0415

    try:
        with psycopg.connect(host=str(folder), port=port, user="ours", dbname="postgres"):
            return True
    except psycopg.OperationalError:
        return False


def _redis_answers(port: int) -> bool:
    return _said_by(port, b"PING\r\n").startswith(b"+PONG")


def _rabbit_answers(port: int) -> bool:
    return _said_by(port, b"AMQP\x00\x00\x09\x01").startswith(b"\x01\x00\x00")


def _said_by(port: int, sent: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as made:
            made.sendall(sent)
            return made.recv(64)
    except OSError:
        return b""
