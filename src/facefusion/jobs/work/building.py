"""Making the options of a job: those of the place, with what the request says on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from facefusion.errors import OptionsError
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.values import Job
from facefusion.jobs.work.staging import Staging
from facefusion.options import Leaf, Link, Options
from facefusion.options.leaves import leaf_table
from facefusion.options.own import own_values
from facefusion.processors.base import ProcessorSpec
from facefusion.processors.registry import resolve_processors

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
    options = _with_own_files(options, staging)
    trust = options.trust.model_copy(update={"tenant": job.tenant, "actor": job.owner})
    update: dict[str, Any] = {"trust": trust}
    if base.runtime.max_memory is not None and slots > 1:
        share = max(_LEAST_SHARE, base.runtime.max_memory / slots)
        update["runtime"] = options.runtime.model_copy(update={"max_memory": share})
    return options.model_copy(update=update)


def _with_own_files(options: Options, staging: Staging) -> Options:
    """Bring the files that options of processors from other packages name, as those of all others are."""
    if not (options.processor_options or options.chain):
        return options
    specs = {spec.name: spec for spec in resolve_processors(options.processors)}
    texts = []
    for text, (name, value) in zip(options.processor_options, own_values(options.processor_options), strict=True):
        owner = text.partition(".")[0]
        leaf = _own_leaf(specs.get(owner), name)
        texts.append(text if leaf is None else f"{owner}.{leaf.name}={_brought(owner, leaf, value, staging)}")
    links = tuple(_link_with_own_files(link, specs.get(link.processor), staging) for link in options.chain)
    return options.model_copy(update={"processor_options": tuple(texts), "chain": links})


def _link_with_own_files(link: Link, spec: ProcessorSpec | None, staging: Staging) -> Link:
    own = {name: _own_leaf(spec, name) for name in link.options}
    values = {
        name: value if (leaf := own[name]) is None else _brought(link.processor, leaf, str(value), staging)
        for name, value in link.options.items()
    }
    return link.model_copy(update={"options": values})


def _own_leaf(spec: ProcessorSpec | None, name: str) -> Leaf | None:
    """Return an option that a processor of another package has of its own, where it is a file."""
    group = None if spec is None else spec.options
    leaf = None if group is None else leaf_table(group).get(name.replace("-", "_"))
    return leaf if leaf is not None and leaf.kind is Path else None


def _brought(owner: str, leaf: Leaf, value: str, staging: Staging) -> str:
    try:
        reference = str(Reference.parse(value))
    except ValueError as error:
        raise OptionsError(f"Option {owner}.{leaf.name}: {error}", "A request names no file of a worker") from error
    return str(staging.path(reference))
