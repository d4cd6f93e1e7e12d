"""The port on which a group of processes shows its figures: a service or a worker, and all that it begins."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Engine

from facefusion.jobs.monitoring.queue_figures import QueueFigures
from facefusion.jobs.opening import files_folder
from facefusion.jobs.work.scratch import scratch_folder
from facefusion.options import ServingOptions
from facefusion.telemetry.exposition import Shown, Source, exposed
from facefusion.telemetry.gathering import gathered_in
from facefusion.telemetry.listening import address_of, listening
from facefusion.telemetry.telemetry import missing
from facefusion.trust.privacy.work import work_folder

_LOG: Final = logging.getLogger(__name__)
_PATH: Final = "/metrics"


@dataclass(frozen=True, slots=True)
class Place:
    """Where figures are gathered and will be shown.

    Attributes:
        folder: in which the processes of the group put them.
        listener: the port.
        folders: of the service or worker, whose disks are told of, by what they are for.
    """

    folder: Path
    listener: socket.socket
    folders: dict[str, Path]

    @property
    def address(self) -> str:
        """Where they are shown."""
        return f"http://{address_of(self.listener)}{_PATH}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, for a process that is handed the port under the same number."""
        folders = {name: str(path) for name, path in self.folders.items()}
        return {"folder": str(self.folder), "port": self.listener.fileno(), "folders": folders}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` made values of, in the process that was handed the port."""
        folders = {name: Path(path) for name, path in values["folders"].items()}
        return cls(Path(values["folder"]), socket.socket(fileno=values["port"]), folders)

    @contextmanager
    def shown(self, engine: Engine, more: Sequence[Source] = ()) -> Iterator[None]:
        """Show them for as long as a block lasts.

        Args:
            engine: the database of jobs.
            more: further figures of this process.
        """
        from facefusion.telemetry.devices import MachineFigures  # noqa: PLC0415 - an extra

        sources: tuple[Source, ...] = (QueueFigures(engine), MachineFigures(self.folders), *more)
        with exposed(self.listener, Shown(self.folder, sources)):
            _LOG.info("figures are shown at %s", self.address)
            yield


@contextmanager
def gathering(serving: ServingOptions, say: Callable[[str], None]) -> Iterator[Place | None]:
    """Have this process and those that it begins take figures, where somebody wants them.

    It comes before anything that takes them, as processes decide at their beginning where they put them.

    Args:
        serving: options of the service.
        say: told where they are shown.

    Yields:
        where; None where nobody wants them.

    Raises:
        OptionsError: a library is missing, or the port is taken.
        OutputUnwritableError, DiskFullError: the scratch folder cannot be used.
    """
    said = serving.monitoring
    if said.metrics_port is None:
        yield None
        return
    _check_installed()
    scratch = scratch_folder(serving.worker.scratch_dir)
    storage = files_folder(serving)
    folders = {"scratch": scratch} | ({} if storage is None else {"storage": storage})
    with (
        work_folder(scratch) as folder,
        listening(said.metrics_host, said.metrics_port, option="metrics-") as listener,
        gathered_in(folder),
    ):
        place = Place(folder, listener, folders)
        say(f"figures are at {place.address}")
        yield place


def _check_installed() -> None:
    """Make sure that what figures need is there.

    Raises:
        OptionsError: it is not.
    """
    from importlib.util import find_spec  # noqa: PLC0415

    for name in ("prometheus_client", "psutil", "pynvml"):
        if find_spec(name) is None:
            raise missing("Figures", ModuleNotFoundError(f"No module named {name!r}", name=name), "service")
