"""Where a job keeps what is there only while it runs."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

from facefusion.errors import OutputUnwritableError, PolicyError
from facefusion.trust.policy import Policy
from facefusion.trust.privacy.work import work_folder


class WorkRoom:
    """The work folder of one job: made when somebody first asks for it, wiped when the job ends.

    Args:
        policy: whether it must lie in memory.
        chosen: the option `work_dir`.
        resources: holds it until the job has ended.
    """

    def __init__(self, policy: Policy, chosen: Path | None, resources: ExitStack) -> None:
        self._policy, self._chosen, self._resources = policy, chosen, resources
        self._lock = threading.Lock()
        self._folder: Path | None = None

    @property
    def is_in_memory(self) -> bool:
        """Whether nothing that is kept while the job runs may lie on a disk."""
        return self._policy.privacy.work_folder.value == "memory"

    def folder(self, room: int) -> Path:
        """Return the folder, for its owner alone.

        Args:
            room: bytes that are needed; they have a say in where it is made, so whoever asks first should know.

        Raises:
            PolicyError: it has to lie in memory, and there is no place.
            OutputUnwritableError, DiskFullError: it cannot be made.
        """
        with self._lock:
            if self._folder is None:
                self._folder = self._made(room)
            return self._folder

    def _made(self, room: int) -> Path:
        making = work_folder(self._chosen, room=room, in_memory=self.is_in_memory)
        try:
            return self._resources.enter_context(making)
        except OutputUnwritableError as error:
            if not self.is_in_memory:
                raise
            why = self._policy.privacy.work_folder.why.rstrip(".")
            raise PolicyError(
                f"{error.what}, and the policy {self._policy.name} wants it in memory: {why}", error.hint
            ) from error
