"""A real Slurm of one node on 127.0.0.1, with a munge of its own; it ends with whoever began it."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.servers import MissingServerError, ServerProcess, answers, free_port

_PROGRAMS: Final = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo")
_FOLDERS: Final = "/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Slurm:
    """A cluster.

    Attributes:
        environment: variables with which its commands find it, and `facefusion` is found.
        programs: where they lie, by name.
    """

    environment: Mapping[str, str]
    programs: Mapping[str, str]

    def run(self, *command: str, **variables: str) -> str:
        """Run a command, and return what it printed."""
        done = subprocess.run(
            command, env={**self.environment, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Return what is known of all jobs and tasks of arrays."""
        said = self.run(self.programs["scontrol"], "--oneliner", "show", "job")
        return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in said.splitlines() if "JobId=" in line]


@contextmanager
def slurm() -> Iterator[Slurm]:
    """Run a cluster.

    Raises:
        MissingServerError: Slurm or munge is not installed.
    """
    programs = {name: shutil.which(name) or shutil.which(name, path=_FOLDERS) for name in _PROGRAMS}
    missing = sorted(name for name, found in programs.items() if found is None)
    if missing:
        raise MissingServerError(f"{', '.join(missing)} is not installed (apt-get install slurm-wlm munge)")
    found = {name: str(path) for name, path in programs.items()}
    with (
        tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp", ignore_cleanup_errors=True) as name,
        ExitStack() as ending,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        environment = _environment(folder)
        _begin(ending, _munge(found, folder, environment))
        ports = free_port(), free_port()
        (folder / "slurm.conf").write_text(_configuration(folder, *ports))
        _begin(ending, _daemon([found["slurmctld"], "-D", "-i"], ports[0], folder, environment))
        _begin(ending, _daemon([found["slurmd"], "-D"], ports[1], folder, environment))
        yield Slurm(environment, found)


def _begin(ending: ExitStack, process: ServerProcess) -> None:
    ending.callback(process.stop)
    process.start(60.0)


def _environment(folder: Path) -> dict[str, str]:
    beside = str(Path(sys.executable).parent)
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    path = f"{beside}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    return kept | {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", "SLURM_CONF": str(folder / "slurm.conf")}


def _munge(programs: Mapping[str, str], folder: Path, environment: Mapping[str, str]) -> ServerProcess:
    key, place = folder / "munge.key", folder / "munge.socket"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    files = {"key-file": key, "socket": place, "pid-file": folder / "munge.pid", "seed-file": folder / "munge.seed"}
    files["log-file"] = folder / "munge.log"

    def is_up() -> bool:
        asked = [programs["munge"], "--no-input", f"--socket={place}"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    # By force: the folders above are not for one user alone, as a temporary folder is not.
    flags = ["--foreground", "--force", "--num-threads=1", *(f"--{name}={path}" for name, path in files.items())]
    return ServerProcess([programs["munged"], *flags], is_up=is_up, log=folder / "munged.out", environment=environment)


def _daemon(command: list[str], port: int, folder: Path, environment: Mapping[str, str]) -> ServerProcess:
    log = folder / f"{Path(command[0]).name}.out"
    return ServerProcess(
        [*command, "-f", str(folder / "slurm.conf")], is_up=lambda: answers(port), log=log, environment=environment
    )


def _configuration(folder: Path, controller: int, node: int) -> str:
    """Return settings under which a task that is begun again waits seconds for that, and not two minutes."""
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    return f"""
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
