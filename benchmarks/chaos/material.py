"""Real jobs, as small as they can be: pictures and short clips of portraits, and what each gives undisturbed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from benchmarks.chaos.scene import TENANTS, Scene
from benchmarks.clips import SOURCE, TARGET
from benchmarks.servers import until
from facefusion.jobs.board import JobBoard
from facefusion.jobs.submitting import HandingIn
from facefusion.jobs.values import Job, NewJob

_FRAMES: Final = 40
_SIDE: Final = 160


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to have done.

    Attributes:
        source: path of the picture of the new face.
        target: path of what is to be edited.
        output: name of the result, which no other wish has.
    """

    source: str
    target: str
    output: str

    @property
    def is_clip(self) -> bool:
        """Whether its job is cut."""
        return self.output.endswith(".mp4")


def wishes(folder: Path) -> tuple[Wish, ...]:
    """Write the files of some wishes into a folder, and return them."""
    portrait, other = cv2.imread(str(SOURCE)), cv2.imread(str(TARGET))
    near, small, clip, face = (folder / name for name in ("near.png", "small.png", "moving.mp4", "face.png"))
    cv2.imwrite(str(near), portrait[30:222, 120:312])
    cv2.imwrite(str(small), other[: other.shape[0] // 2 * 2 : 2, ::2])
    cv2.imwrite(str(face), portrait[10:240, 100:330])
    _write_clip(clip, portrait)
    return (
        Wish(str(TARGET), str(near), "near.png"),
        Wish(str(face), str(small), "small.jpg"),
        Wish(str(TARGET), str(clip), "moving.mp4"),
    )


def undisturbed(scene: Scene, wanted: tuple[Wish, ...]) -> dict[str, str]:
    """Do each job once for each tenant while nothing disturbs it; return digests of the results by `key`."""
    board = JobBoard(scene.engine)
    jobs = [board.submit(_job(scene, tenant, wish)) for tenant in TENANTS for wish in wanted]

    def are_done() -> bool:
        scene.tend()
        return all(_state(board, job) == "succeeded" for job in jobs)

    until(are_done, seconds=600, pause=0.2)
    found = {key(job.tenant, job.request): digest(board.job(job.id, tenant=None).result or {}) for job in jobs}
    for job in jobs:
        board.remove(job.id, tenant=None)
    return found


def key(tenant: str, request: Mapping[str, Any]) -> str:
    """Return by what jobs are known that give the same; outputs of two tenants differ in an identifier."""
    return json.dumps([tenant, request["output"]])


def output(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the file that a job's result is."""
    found: Mapping[str, Any] = result["outputs"][0] if "outputs" in result else result
    return found


def digest(result: Mapping[str, Any]) -> str:
    """Return the digest of the file that a job's result is."""
    return str(output(result)["sha256"])


def _job(scene: Scene, tenant: str, wish: Wish) -> NewJob:
    values = {"source_paths": [wish.source], "target_path": wish.target, "output_path": wish.output}
    request = HandingIn(scene.storage, tenant).request(values).to_json()
    return NewJob(tenant, "reference", request, is_cut=wish.is_clip)


def _state(board: JobBoard, job: Job) -> str:
    state = board.job(job.id, tenant=None).state
    if state in {"failed", "rejected"}:
        raise RuntimeError(f"Undisturbed, a job {state}: {board.job(job.id, tenant=None).failure}")
    return state


def _write_clip(path: Path, portrait: Any) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"preset": "ultrafast", "crf": "12"})
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuv420p"
        for step in range(_FRAMES):
            view = portrait[40 : 40 + _SIDE, 130 + step : 130 + step + _SIDE]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(view), format="bgr24")))
        container.mux(stream.encode(None))
