"""Whether this machine can do the work, and what to do where it cannot."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facefusion.errors import CatalogueError, FaceFusionError, ModelDamagedError
from facefusion.inference.catalogue import Catalogue, ModelCard, full_catalogue
from facefusion.inference.families import Families
from facefusion.inference.machine import total_memory, usable_cores
from facefusion.inference.opening import open_catalogue, open_store, own_folder
from facefusion.inference.plugins import GROUPS, points_of
from facefusion.inference.store import ModelStore
from facefusion.inference.store.overview import overview
from facefusion.options import ModelOptions, Options, find_config, load_options

Status = Literal["ok", "warn", "fail"]
_LEAST_MEMORY = 2 * 2**30
_LEAST_DISK = 2**30
_SUBSTITUTES = {
    "onnxruntime": tuple(f"onnxruntime-{build}" for build in ("gpu", "openvino", "directml", "migraphx", "rocm")),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what was looked at.
        status: `ok`; `warn` when something is less than it could be; `fail` when the main job cannot run.
        found: what was found.
        advice: what to do; empty where nothing needs doing.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


def examine(*, config_path: Path | None = None, folder: Path | None = None) -> Iterator[Check]:
    """Look at everything that the main job needs.

    Args:
        config_path: TOML file named by the user; where `load_options` looks when None.
        folder: where outputs will go; the working directory when None.
    """
    yield Check("facefusion", "ok", importlib.metadata.version("facefusion"))
    yield _python()
    yield Check("platform", "ok", platform.platform())
    yield from map(_package, _requirements())
    yield _guarded("execution providers", _providers)
    yield from (_model(card) for card in Catalogue.bundled())
    yield from _weights(config_path)
    yield _guarded("content check", lambda name: _content(name, config_path))
    yield from _processors()
    yield from _plug_ins()
    yield _guarded("ffmpeg in PyAV", _ffmpeg)
    yield _cores()
    yield _memory(total_memory())
    yield _disk(folder or Path.cwd())
    yield _configuration(config_path)


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} ({sys.executable})")


def _guarded(name: str, look: Callable[[str], Check]) -> Check:
    """A package that cannot be imported is a finding, not the end of the examination."""
    try:
        return look(name)
    except ImportError as error:
        return Check(name, "fail", f"cannot be imported: {error}", "install the packages again")


def _requirements() -> list[str]:
    """Return the names of the packages that ours asks for, without those of its extras."""
    needed = [text for text in importlib.metadata.requires("facefusion") or () if "extra ==" not in text]
    names = (re.match(r"[\w.-]+", text) for text in needed)
    return [name.group() for name in names if name]


def _package(name: str) -> Check:
    for candidate in (name, *_SUBSTITUTES.get(name, ())):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return Check(f"package {candidate}", "ok", importlib.metadata.version(candidate))
    return Check(f"package {name}", "fail", "missing", f"pip install {name}")


def _providers(name: str) -> Check:
    providers = importlib.import_module("facefusion.inference.providers")
    there = providers.available_providers()
    lines = {other: providers.install_line(other) for other in providers.PROVIDERS if other not in there}
    advice = "; ".join(f"for {other}: {line}" for other, line in lines.items() if line)
    return Check(name, "ok" if there else "fail", ", ".join(there) or "none", advice)


def _model(card: ModelCard, store: ModelStore | None = None) -> Check:
    use = "commercial use allowed" if card.commercial else "no commercial use"
    try:
        size = len((store or ModelStore()).read(card))
    except ModelDamagedError as error:
        return Check(f"model {card.name}", "fail", error.what, error.hint)
    return Check(f"model {card.name}", "ok", f"sha256 verified, {size / 1e6:.1f} MB, {card.licence}, {use}")


def _weights(config_path: Path | None) -> Iterator[Check]:
    """One line for each task that has models besides those that come with the package."""
    try:
        options = load_options({}, config_path=config_path).models
    except FaceFusionError:  # told by the check of the configuration
        options = ModelOptions()
    name = f"weights in {own_folder(options)}"
    try:
        tasks = overview(open_catalogue(options), open_store(options), Families())
    except FaceFusionError as error:
        yield Check(name, "fail", error.what, error.hint)
        return
    for task in tasks:
        further = [entry for entry in task.entries if not entry.is_bundled]
        ready = [entry.card.name for entry in further if entry.state == "ready"]
        if further:
            names = f": {', '.join(ready)}" if ready else ""
            found = f"{len(ready)} of {len(further)} further models can run{names}"
            yield Check(f"weights for {task.task}", "ok", found, task.command)


def _content(name: str, config_path: Path | None) -> Check:
    """Tell what content is checked by; without the detector nothing is done."""
    content = importlib.import_module("facefusion.trust.content.active")
    try:
        options = load_options({}, config_path=config_path)
    except FaceFusionError:  # told by the check of the configuration
        options = Options()
    try:
        catalogue, store = open_catalogue(options.models), open_store(options.models)
        age = options.faces.face_classifier_model
        active = content.active_checks(catalogue, lambda model: store.is_here(catalogue[model]), age_model=age)
        store.path(catalogue[content.PRIMARY])
    except FaceFusionError as error:
        return Check(name, "fail", error.what, error.hint)
    pull = store.command(f"pull {age}")
    return Check(name, "ok", f"{active}", "" if active.age else f"to look for apparent minors: {pull}")


def _processors() -> Iterator[Check]:
    """What other packages bring may be broken, and the main job runs."""
    try:
        registry = importlib.import_module("facefusion.processors.registry")
    except ImportError as error:
        yield Check("processors", "fail", f"cannot be imported: {error}", "install the packages again")
        return
    for found in registry.found_processors():
        name = f"processor {found.name}" if found.is_ours else f"processor {found.name} of {found.package}"
        if found.spec is not None:
            yield Check(name, "ok", "installed")
        else:
            yield Check(name, "fail" if found.is_ours else "warn", found.problem, found.advice)


def _plug_ins() -> Iterator[Check]:
    """Families that cannot be used, and what counts for nothing because its name is taken."""
    families = Families()
    for name in families.names:
        try:
            families[name]
        except CatalogueError as error:
            yield Check(f"family {name}", "warn", error.what, error.hint)
    faults = (fault for group in GROUPS[:2] for fault in points_of(group).faults)
    yield from (Check("plug-ins", "warn", f"{fault}") for fault in (*faults, *full_catalogue().faults))


def _ffmpeg(name: str) -> Check:
    av = importlib.import_module("av")
    versions = (f"{library} {'.'.join(map(str, version))}" for library, version in av.library_versions.items())
    found = ", ".join(sorted(versions))
    if "libx264" in av.codec.codecs_available:
        return Check(name, "ok", f"libx264 there; {found}")
    return Check(name, "fail", f"no libx264; {found}", "pip install --force-reinstall av")


def _cores() -> Check:
    return Check("cores", "ok", f"{usable_cores()} usable of {os.cpu_count()}")


def _memory(total: int | None) -> Check:
    if total is None:
        return Check("memory", "warn", "not told by this system", "2 GiB are enough")
    found = f"{total / 2**30:.1f} GiB"
    return Check("memory", "ok", found) if total >= _LEAST_MEMORY else Check("memory", "warn", found, "2 GiB are safer")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free in {folder}"
    if free >= _LEAST_DISK:
        return Check("disk", "ok", found)
    return Check("disk", "warn", found, "make room, or write the output to another disk")


def _configuration(path: Path | None) -> Check:
    """Read the options as a job would, so that a mistake shows here and not in the middle of the night."""
    config = find_config(path)
    try:
        load_options({}, config_path=path)
    except FaceFusionError as error:
        return Check("configuration", "fail", error.what, error.hint)
    return Check("configuration", "ok", f"{config}" if config else "none (defaults and environment)")
