"""Real jobs, as small as they can be: pictures and short clips of portraits, and what each gives undisturbed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from benchmarks.chaos.scene import Scene
from benchmarks.clips import SOURCE, TARGET
from benchmarks.servers import until
from facefusion.jobs.board import JobBoard
from facefusion.jobs.submitting import HandingIn
from facefusion.jobs.values import Job, NewJob

Form = tuple[str, dict[str, Any], bool]
"""A tenant, a request, and whether its job is cut."""
TENANTS: Final = ("a", "b", "c")
_FRAMES: Final = 40
_SIDE: Final = 160


def forms(scene: Scene) -> tuple[Form, ...]:
    """Return real jobs for each tenant; their files are in the storage."""
    portrait, other = cv2.imread(str(SOURCE)), cv2.imread(str(TARGET))
    pictures = {"near.png": portrait[30:222, 120:312], "small.png": other[: other.shape[0] // 2 * 2 : 2, ::2]}
    for name, image in pictures.items():
        cv2.imwrite(str(scene.folder / name), image)
    _write_clip(scene.folder / "moving.mp4", portrait)
    made: list[Form] = []
    for tenant in TENANTS:
        for target, output in (("near.png", "result.png"), ("small.png", "result.jpg"), ("moving.mp4", "result.mp4")):
            values = {
                "source_paths": [str(SOURCE if target == "small.png" else TARGET)],
                "target_path": str(scene.folder / target),
                "output_path": output,
            }
            request = HandingIn(scene.storage, tenant).request(values).to_json()
            made.append((tenant, request, output.endswith(".mp4")))
    return tuple(made)


def undisturbed(scene: Scene, wanted: tuple[Form, ...]) -> dict[str, str]:
    """Do each job once while nothing disturbs it; return digests of the results by `key`."""
    board = JobBoard(scene.engine)
    jobs = [board.submit(NewJob(tenant, "reference", request, is_cut=is_cut)) for tenant, request, is_cut in wanted]

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
    return json.dumps([tenant, request], sort_keys=True)


def output(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the file that a job's result is."""
    found: Mapping[str, Any] = result["outputs"][0] if "outputs" in result else result
    return found


def digest(result: Mapping[str, Any]) -> str:
    """Return the digest of the file that a job's result is."""
    return str(output(result)["sha256"])


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
