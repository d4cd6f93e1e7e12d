"""What a worker does tasks with: the storage, the options of its place, and what stays warm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facefusion.engine.run import Runner, run
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import DiskFullError
from facefusion.inference.machine import GIB
from facefusion.jobs.board import JobBoard
from facefusion.jobs.roots import roots_of
from facefusion.jobs.storage import Storage, StorageSettings
from facefusion.jobs.work.cache import InputCache
from facefusion.jobs.work.scratch import scratch_folder
from facefusion.options import Options, ServingOptions
from facefusion.telemetry.telemetry import Telemetry
from facefusion.trust.home import trust_home
from facefusion.trust.policy import policy_in_force
from facefusion.trust.privacy.work import work_folder, work_root

_INPUTS: Final = "inputs"


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker does tasks with.

    Attributes:
        storage: has what was handed in, and takes what is made.
        board: knows the results of other jobs; None where there is no database of jobs.
        options: of the place; a request's own come on top.
        serving: options of the service.
        scratch: folder of what is there only while a task is done.
        cache: keeps inputs.
        warm: what tasks share.
        settings: how storage is used at addresses of users' own.
        runner: does a whole job.
        telemetry: takes figures and traces.
    """

    storage: Storage
    board: JobBoard | None
    options: Options
    serving: ServingOptions
    scratch: Path
    cache: InputCache
    warm: WarmParts = field(default_factory=WarmParts)
    settings: StorageSettings = field(default_factory=StorageSettings)
    runner: Runner = run
    telemetry: Telemetry = field(default_factory=Telemetry)

    @classmethod
    def of(
        cls,
        options: Options,
        serving: ServingOptions,
        *,
        storage: Storage,
        board: JobBoard | None,
        settings: StorageSettings | None = None,
        telemetry: Telemetry | None = None,
    ) -> Bench:
        """Set one up on this machine.

        Raises:
            OptionsError: the scratch folder's name cannot be used.
            TrustError: the policy cannot be used, or wants all work in memory, and the scratch folder is on a disk.
            OutputUnwritableError, DiskFullError: the scratch folder cannot be used.
        """
        scratch = scratch_folder(serving.worker.scratch_dir)
        force = policy_in_force(
            options.trust.policy, home=trust_home(options.trust.trust_dir, options.trust.trust_key_file)
        )
        in_memory = force.policy.privacy.work_folder.value == "memory"
        inputs = work_root(scratch, in_memory=in_memory) / _INPUTS
        cache = InputCache(inputs, round(serving.worker.scratch_cache * GIB))
        settings = settings or StorageSettings()
        told = telemetry or Telemetry()
        return cls(storage, board, options, serving, scratch, cache, settings=settings, telemetry=told)

    def allowed(self, tenant: str) -> tuple[str, ...]:
        """Return the addresses below which a tenant may name files."""
        return roots_of(self.serving.jobs.allowed_roots, tenant)

    def has_room(self) -> bool:
        """Whether the scratch folder has the room for another task."""
        return shutil.disk_usage(self.scratch).free >= self.serving.worker.scratch_free * GIB

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder for one task, wiped at its end; what killed workers left goes first.

        Raises:
            OutputUnwritableError, DiskFullError: there is none.
        """
        if not self.has_room():
            raise DiskFullError(
                f"The scratch folder of the worker has less than {self.serving.worker.scratch_free:g} GiB left",
                "Free some, or choose another with --scratch-dir",
            )
        try:
            with work_folder(self.scratch) as folder:
                yield folder
        finally:
            self.cache.trim()
