"""Small targets and sources of every kind, made of a portrait that anybody may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.common import ROOT

Image = npt.NDArray[np.uint8]
_PORTRAITS = ROOT / "examples" / "portraits"
CONSENTED, OTHER = _PORTRAITS / "astronaut.png", _PORTRAITS / "grace_hopper.jpg"
PICTURES = ("plain.png", "plain.jpg", "plain.webp", "plain.avif", "plain.tiff", "deep.png", "hollow.png", "grey.png")
MOVING = ("clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "slow.mp4", "loop.gif", "loop.apng", "loop.webp", "seq")
_WIDTH, _HEIGHT = 128, 96


def make(folder: Path) -> Mapping[str, Path]:
    """Make all of it; return the paths by name."""
    views = _views()
    made = {name: folder / name for name in (*PICTURES, *MOVING)}
    still = Pillow.fromarray(views[0])
    for name in PICTURES[:5]:
        still.save(made[name])
    cv2.imwrite(str(made["deep.png"]), views[0][:, :, ::-1].astype(np.uint16) * 257)
    faded = Pillow.fromarray(np.tile(np.linspace(0, 255, _WIDTH).astype(np.uint8), (_HEIGHT, 1)))
    hollow = still.copy()
    hollow.putalpha(faded)
    hollow.save(made["hollow.png"])
    still.convert("L").save(made["grey.png"])
    for name, codec in (("clip.mp4", "libx264"), ("clip.mov", "libx264"), ("clip.mkv", "mpeg4"), ("clip.webm", "vp8")):
        _film(made[name], views, codec, rate=25)
    _film(made["slow.mp4"], [*views, *views], "libx264", rate=2)
    frames = [Pillow.fromarray(view) for view in views]
    for name, form in (("loop.gif", "GIF"), ("loop.apng", "PNG"), ("loop.webp", "WEBP")):
        frames[0].save(made[name], format=form, save_all=True, append_images=frames[1:], duration=80, loop=0)
    made["seq"].mkdir()
    for number, frame in enumerate(frames, start=1):
        frame.save(made["seq"] / f"{number:04d}.png")
    return made | {"seq": made["seq"] / "%04d.png"}


def y4m() -> bytes:
    """Return the frames as a stream for a pipe."""
    parts = [f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F25:1 Ip A1:1 C420mpeg2\n".encode()]
    for view in _views():
        planes = av.VideoFrame.from_ndarray(view).reformat(format="yuv420p").to_ndarray()
        parts += [b"FRAME\n", np.ascontiguousarray(planes).tobytes()]
    return b"".join(parts)


def _views() -> list[Image]:
    """Return three moments of a portrait that drifts."""
    whole = np.asarray(Pillow.open(CONSENTED).convert("RGB"))
    parts = [whole[20:224, 90 + step : 362 + step] for step in (0, 2, 4)]
    return [np.asarray(cv2.resize(part, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8) for part in parts]


def _film(path: Path, views: Sequence[Image], codec: str, *, rate: int) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for view in views:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view)))
        container.mux(stream.encode(None))
