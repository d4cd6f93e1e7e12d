"""Files of every form to be signed, and an authority to sign them with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import av
import numpy as np
from PIL import Image, ImageSequence

from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.provenance import LocalAuthority, ManifestFacts, ModelFact

SOURCE_DIGEST = "5a" * 32
FACTS = ManifestFacts(
    version="1.2.3",
    source_digests=(SOURCE_DIGEST,),
    processors=("face_swapper",),
    models=(ModelFact("mesh", "0a" * 32),),
    watermark=0x123456789ABCDEF0,
    marks={"produce_id": "ff-0001", "marks": "label metadata watermark"},
)
PICTURES = {
    "a.jpg": forms.JPEG,
    "a.png": forms.PNG,
    "a.webp": forms.WEBP,
    "a.tiff": forms.TIFF,
    "a.avif": forms.AVIF,
}
ANIMATIONS = {"a.gif": forms.ANIMATED_GIF, "a.apng": forms.ANIMATED_PNG, "b.webp": forms.ANIMATED_WEBP}
VIDEOS = {"a.mp4": forms.MP4, "a.m4v": forms.MP4, "a.mov": forms.MOV, "fragmented.mp4": forms.MP4}
HOLDING = PICTURES | ANIMATIONS | VIDEOS
BESIDE = {"a.mkv": forms.MATROSKA, "a.webm": forms.WEBM}
FORMS: dict[str, Form] = HOLDING | BESIDE


def authority(folder: Path) -> LocalAuthority:
    home = trust_home(folder / "trust")
    return LocalAuthority.open(home, KeyRing.open(home))


def file_of(name: str, folder: Path) -> Path:
    """Return a copy of the file of a name."""
    return Path(shutil.copy(_made() / name, folder / name))


@cache
def _made() -> Path:
    folder = Path(mkdtemp(prefix="facefusion-signed-"))
    first, *others = [Image.fromarray(picture(number)) for number in range(4)]
    for name in PICTURES:
        first.save(folder / name)
    for name in ANIMATIONS:
        form = "PNG" if name.endswith(".apng") else None
        first.save(folder / name, format=form, save_all=True, append_images=others, duration=100)
    for name in VIDEOS | BESIDE:
        _write_clip(folder / name)
    return folder


def picture(number: int = 0) -> np.ndarray:
    """Far from square, which halves the ways in which a watermark is looked for."""
    rows, columns = np.mgrid[:72, :128].astype(np.float32)
    noise = np.random.default_rng(number).normal(0, 6, (72, 128, 3))
    waves = np.stack([rows * 2, columns * 1.5 + 9 * number, (rows + columns) % 255], -1)
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


def _write_clip(path: Path) -> None:
    container = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}[path.suffix]
    options = {"movflags": "frag_keyframe+empty_moov"} if path.stem == "fragmented" else {}
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = output.add_stream("libvpx" if container == "webm" else "libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        for number in range(12):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        output.mux(stream.encode())


def content(path: Path) -> bytes:
    """Return what people see of a file: its pixels, or the packets of its streams."""
    if path.name in VIDEOS | BESIDE:
        with av.open(str(path)) as clip:
            return b"".join(bytes(packet) for packet in clip.demux() if packet.size)
    with Image.open(path) as still:
        return b"".join(np.asarray(frame.convert("RGBA")).tobytes() for frame in ImageSequence.Iterator(still))


def flipped(path: Path, place: int, bit: int, judge: Callable[[Path], object]) -> object:
    """Return what `judge` says of a file in which one bit is the other; afterwards it is as before."""
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes((byte ^ 1 << bit,)))
    try:
        return judge(path)
    finally:
        with path.open("r+b") as file:
            file.seek(place)
            file.write(bytes((byte,)))
