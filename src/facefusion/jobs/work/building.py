"""Making the options of a job: those of the place, with what the request says on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from facefusion.jobs.own_files import with_own_files
from facefusion.jobs.request import JobRequest
from facefusion.jobs.values import Job
from facefusion.jobs.work.staging import Staging
from facefusion.options import Options

_OUTPUTS: Final = "out"
_LEAST_SHARE: Final = 0.5
"""GiB of `max_memory` for each of several tasks at once."""


def built_options(job: Job, request: JobRequest, staging: Staging) -> Options:
    """Return the options of a job whose files are on this machine.

    Args:
        job: for whom it is.
        request: what it is to do.
        staging: brings its inputs.

    Raises:
        OptionsError: the request asks for something impossible.
        FaceFusionError: an input cannot be brought.
    """
    base, slots = staging.bench.options, staging.bench.serving.worker.slots
    outputs = staging.folder / _OUTPUTS
    outputs.mkdir(exist_ok=True)

    def written(name: str) -> Path:
        staging.said.add(outputs / name, name)
        return outputs / name

    values = request.values(staging.path, written)
    if base.models.license_policy == "commercial":
        values.pop("license_policy", None)
    options = base.changed(values | {"overwrite": True, "resume": False})
    options = with_own_files(options, request.options, staging.path)
    trust = options.trust.model_copy(update={"tenant": job.tenant, "actor": job.owner})
    update: dict[str, Any] = {"trust": trust}
    if base.runtime.max_memory is not None and slots > 1:
        share = max(_LEAST_SHARE, base.runtime.max_memory / slots)
        update["runtime"] = options.runtime.model_copy(update={"max_memory": share})
    return options.model_copy(update=update)
