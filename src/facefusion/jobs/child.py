"""A worker process of the local pool: `python -m facefusion.jobs.child`, told by its parent through stdin.

The first line is what it works with; then each letter is a word of the parent: `w` there is work, `d` drain, `g` give
back and end. The end of stdin means that the parent is no more, however it ended.
"""

from __future__ import annotations

import base64
import logging
import os
import pickle  # nosec B403 - see below
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from facefusion.errors import FaceFusionError
from facefusion.jobs.devices import with_devices
from facefusion.options import Options, ServingOptions
from facefusion.trust.privacy.logs import Redactor, known_paths, log_file_handler

WAKE: Final = b"w"
DRAIN: Final = b"d"
GIVE_BACK: Final = b"g"
_SECONDS_TO_END: Final = 15.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spec:
    """What a worker process works with.

    Attributes:
        options: of its place.
        serving: of the service.
        log_level: from which on it logs, in words of `logging`.
        devices: graphics cards that it sees alone; all when empty.
        log_file: that takes lines of JSON, too; none when None.
    """

    options: Options
    serving: ServingOptions
    log_level: str = "WARNING"
    devices: tuple[str, ...] = ()
    log_file: Path | None = None

    def to_line(self) -> bytes:
        """Return it as one line, from a parent to its own child alone."""
        return base64.b64encode(pickle.dumps(self)) + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """Return what `to_line` made a line of."""
        # Its own parent wrote this into a pipe that nobody else holds.
        spec: Self = pickle.loads(base64.b64decode(line))  # nosec B301  # nosemgrep: no-pickled-objects
        return spec


def main() -> int:
    """Work until the parent says so, or is gone.

    Returns:
        the exit status: 0, that of what the worker cannot be opened for, or 1 where work hangs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    stdin = os.fdopen(0, "rb", buffering=0, closefd=False)  # words that come with the line must not stay in a buffer
    line = stdin.readline()
    if not line:
        return 0
    spec = Spec.of_line(line)
    logging.basicConfig(level=spec.log_level, format="%(levelname)s %(name)s: %(message)s")
    if spec.log_file is not None:
        _log_into(spec.log_file, spec.serving)
    from facefusion.jobs.opening import open_worker  # noqa: PLC0415 - takes long, and the parent may be gone by now

    try:
        worker = open_worker(with_devices(spec.options, spec.devices), spec.serving)
    except FaceFusionError as error:
        _LOG.error("%s", error)
        return error.exit_code
    words = {WAKE: worker.wake, DRAIN: worker.drain, GIVE_BACK: worker.give_back}
    signal.signal(signal.SIGTERM, lambda *_: worker.drain())

    def listen() -> None:
        while word := stdin.read(1):
            words.get(word, worker.wake)()
        worker.give_back()
        threading.Event().wait(_SECONDS_TO_END)
        os._exit(1)  # work that hangs must not outlive the parent

    threading.Thread(target=listen, daemon=True).start()
    return 0 if worker.run() else 1


def _log_into(path: Path, serving: ServingOptions) -> None:
    """Have records written to the end of the parent's file as well; where that cannot be, stderr has them alone."""
    redactor = Redactor()
    for known in known_paths([Path.home(), Path.cwd(), *serving.worker.model_dump().values()]):
        redactor.add_path(known)
    try:
        logging.getLogger().addHandler(log_file_handler(path, redactor))
    except OSError as error:
        _LOG.error("The log file cannot be written: %s", error.strerror)


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    os._exit(status)  # threads that hang in a driver would keep the process
