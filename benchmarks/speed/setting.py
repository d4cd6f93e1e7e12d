"""One setting in which a job is run, and running it: a fresh process with folders of its own, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.clips import SOURCE, repeated_clip, scaled_clip, talking_clip
from benchmarks.common import ROOT, Figures, JobFailedError, last_words
from benchmarks.generated import MESH, models_folder, swapper_name
from benchmarks.speed.device import DeviceMemory
from benchmarks.speed.figures import figures
from benchmarks.watch import watch

SIZES = {720: (1280, 720), 1080: (1920, 1080)}
"""Width and height of clips by the number of their lines; they are drawn with 720, and made larger."""
LONGEST_DRAWN = 10.0
"""Seconds of a clip that are drawn; longer ones repeat them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in which a job is run.

    Attributes:
        swapper: `mesh`, or one of `benchmarks.generated.CHANNELS`.
        lines: height of the clip.
        seconds: its length.
        preset: of x264.
        provider: what networks run on.
        encodes: whether anything is encoded; else frames are thrown away where the encoder would take them.
        container: form of the output.
    """

    swapper: str = MESH
    lines: int = 720
    seconds: float = LONGEST_DRAWN
    preset: str = "veryfast"
    provider: str = "cpu"
    encodes: bool = True
    container: str = "mp4"

    @property
    def title(self) -> str:
        """What a column of a table is called."""
        parts = [self.swapper, f"{self.lines}", f"{self.seconds:g} s", self.preset if self.encodes else "not encoded"]
        return ", ".join([*parts, *([] if self.provider == "cpu" else [self.provider])])

    def clip(self, folder: Path) -> Path:
        """Return the clip, drawn once and kept in the folder."""
        times = max(1, round(self.seconds / LONGEST_DRAWN))
        once = talking_clip(folder, self.seconds / times)
        if SIZES[self.lines] != SIZES[720]:
            once = scaled_clip(once, *SIZES[self.lines])
        return once if times == 1 else repeated_clip(once, times)


def run_once(setting: Setting, kept: Path) -> Figures:
    """Swap the face of the setting's clip in a fresh process that has folders of its own; return what it took.

    Args:
        setting: how.
        kept: where clips, models and the cache of verdicts on models are kept.

    Raises:
        JobFailedError: with the last thing that it said.
    """
    clip = setting.clip(kept / "clips").resolve()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folders = {use: place / use for use in ("home", "temporary", "working", "output")}
        for folder in folders.values():
            folder.mkdir()
        output, memory = folders["output"] / f"result.{setting.container}", DeviceMemory()
        task = {"source": str(SOURCE), "target": str(clip), "output": str(output), "encodes": setting.encodes}
        job = [sys.executable, "-m", "benchmarks.job", json.dumps(task | {"options": _options(setting, kept)})]
        cache = (kept / "cache").resolve()
        cache.mkdir(parents=True, exist_ok=True)
        try:
            seen = watch(
                job,
                folder=folders["working"],
                environment=_environment(folders, cache),
                folders=list(folders.values()),
                look=memory.look,
            )
        except subprocess.CalledProcessError as error:
            raise JobFailedError(f"{setting.title}: {last_words(error.stderr)}") from error
        return {"setting": asdict(setting)} | figures(seen, output, memory.peak, kept / "models")


def _options(setting: Setting, kept: Path) -> dict[str, Any]:
    options: dict[str, Any] = {"output_video_preset": setting.preset, "execution_providers": [setting.provider]}
    if setting.swapper == MESH:
        return options
    folder = models_folder(kept / "models", setting.swapper).resolve()
    return options | {"models_dir": str(folder), "face_swapper_model": swapper_name(setting.swapper)}


def option_flags(setting: Setting, kept: Path) -> list[str]:
    """Return the setting's options as flags of the command line."""
    values = _options(setting, kept).items()
    return [
        text
        for name, value in values
        for text in (f"--{name.replace('_', '-')}", *([value] if isinstance(value, str) else value))
    ]


def _environment(folders: dict[str, Path], cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FACEFUSION_", "XDG_"))}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"HOME": str(folders["home"]), "TMPDIR": str(folders["temporary"]), "PYTHONPATH": path}
    one_thread = {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_NUM_THREADS": "1"}  # as the program has it
    return kept | own | one_thread | {"XDG_CACHE_HOME": str(cache)}
