"""Small files of every form that is written, with the tags that people put into them."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.still.encode import encode
from facefusion.trust.metadata import Marks

MARKS = Marks(
    content_producer="001191110102MAD55U9H0F10002",
    produce_id="01J9ZK3T5Q",
    content_propagator="example.com",
    propagate_id="v-77",
    tool="FaceFusion 0.1.0",
    models=("mesh", "inswapper_128"),
)
WIDTH, HEIGHT = 96, 64
_FILMS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")


def _picture(seed: int = 1) -> np.ndarray[Any, np.dtype[np.uint8]]:
    noise = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    return noise.repeat(8, axis=0).repeat(8, axis=1)


def _still(form: Form, *, plain: bool = False, clear: bool = False) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        exif = Pillow.Exif()
        exif[0x010F] = "Maker"
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        path.write_bytes(
            encode(
                form,
                _picture(),
                _picture(9)[..., 0].copy() if clear else None,
                deep=None,
                quality=90,
                icc_profile=None if plain else profile,
                exif=None if plain else exif.tobytes(),
            )
        )

    return write


def _lossless(path: Path) -> None:
    Pillow.fromarray(_picture()).convert("RGBA").save(path, lossless=True)


def _animation(path: Path) -> None:
    first, *rest = (Pillow.fromarray(_picture(seed)) for seed in range(3))
    first.save(path, save_all=True, append_images=rest, loop=0, duration=100)


def _animated_png(path: Path) -> None:
    first, *rest = (Pillow.fromarray(_picture(seed)) for seed in range(3))
    first.save(path, "PNG", save_all=True, append_images=rest, loop=0, duration=100)


def movie(*, flags: str = "+faststart", tags: dict[str, str] | None = None) -> Callable[[Path], None]:
    """Return what writes a second of video with sound's worth of tags and a chapter."""

    def write(path: Path) -> None:
        settings = {"fflags": "+bitexact"}
        if path.suffix in (".mp4", ".m4v", ".mov") and flags:
            settings["movflags"] = flags
        kind = {".mkv": "matroska", ".webm": "webm", ".mov": "mov"}.get(path.suffix, "mp4")
        with av.open(str(path), "w", format=kind, container_options=settings) as output:
            output.metadata.update({"title": "Spring", "comment": "By the lake"} if tags is None else tags)
            stream: Any = output.add_stream("libvpx-vp9" if kind == "webm" else "libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for seed in range(10):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(seed), format="rgb24")))
            output.mux(stream.encode(None))

    return write


MADE: dict[str, tuple[Form, Callable[[Path], None]]] = {
    "whole.png": (forms.PNG, _still(forms.PNG)),
    "plain.png": (forms.PNG, _still(forms.PNG, plain=True)),
    "whole.jpg": (forms.JPEG, _still(forms.JPEG)),
    "plain.jpg": (forms.JPEG, _still(forms.JPEG, plain=True)),
    "whole.webp": (forms.WEBP, _still(forms.WEBP)),
    "plain.webp": (forms.WEBP, _still(forms.WEBP, plain=True)),
    "whole.avif": (forms.AVIF, _still(forms.AVIF)),
    "plain.avif": (forms.AVIF, _still(forms.AVIF, plain=True)),
    "whole.tiff": (forms.TIFF, _still(forms.TIFF)),
    "plain.tiff": (forms.TIFF, _still(forms.TIFF, plain=True)),
    "clear.png": (forms.PNG, _still(forms.PNG, clear=True)),
    "clear.webp": (forms.WEBP, _still(forms.WEBP, clear=True)),
    "lossless.webp": (forms.WEBP, _lossless),
    "clear.avif": (forms.AVIF, _still(forms.AVIF, clear=True)),
    "moving.gif": (forms.ANIMATED_GIF, _animation),
    "moving.webp": (forms.ANIMATED_WEBP, _animation),
    "moving.apng": (forms.ANIMATED_PNG, _animated_png),
    "front.mp4": (forms.MP4, movie()),
    "front.m4v": (forms.MP4, movie()),
    "front.mov": (forms.MOV, movie()),
    "back.mp4": (forms.MP4, movie(flags="")),
    "back.mov": (forms.MOV, movie(flags="")),
    "named.mp4": (forms.MP4, movie(flags="+faststart+use_metadata_tags")),
    "named.mov": (forms.MOV, movie(flags="+faststart+use_metadata_tags")),
    "bare.mp4": (forms.MP4, movie(tags={})),
    "film.mkv": (forms.MATROSKA, movie()),
    "bare.mkv": (forms.MATROSKA, movie(tags={})),
    "film.webm": (forms.WEBM, movie()),
}
"""What writes each file, and its form."""
MOVIES = tuple(name for name, (form, _) in MADE.items() if form.reader in ("mov", "matroska"))


@cache
def _written(name: str) -> bytes:
    """Return what one of the files holds; encoders take longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        MADE[name][1](path)
        return path.read_bytes()


def make(folder: Path, name: str) -> tuple[Path, Form]:
    """Write one of the files."""
    path = folder / name
    path.write_bytes(_written(name))
    return path, MADE[name][0]


def content(path: Path) -> list[Any]:
    """Return everything that marks must leave alone: pixels or packets, profiles, times, tags."""
    if path.suffix in _FILMS:
        with av.open(str(path)) as file:
            tags = {
                name.lower(): value for name, value in file.metadata.items() if name.lower() in ("title", "comment")
            }
            return [tags, [(packet.pts, packet.dts, bytes(packet)) for packet in file.demux() if packet.size]]
    with Pillow.open(path) as image:
        said = [image.info.get(name) for name in ("icc_profile", "loop", "duration")]
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGBA").tobytes())
        return [*said, image.getexif().get(0x010F), *frames]


@cache
def _begun(program: str) -> subprocess.Popen[str]:
    """Begin an exiftool that stays until all tests are done, for to load it takes longer than to ask it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [program, "-stay_open", "True", "-@", "-"], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    atexit.register(process.communicate, "-stay_open\nFalse\n")
    return process


def exiftool(*arguments: str) -> str:
    """Ask exiftool, which knows nothing of us."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    process = _begun(program)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n".join([*arguments, "-execute", ""]))
    process.stdin.flush()
    lines = iter(process.stdout.readline, "{ready}\n")
    return "".join(takewhile(bool, lines))
