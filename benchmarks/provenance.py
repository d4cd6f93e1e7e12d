"""What signing and checking provenance costs, and whether any byte of a signed file can be changed unnoticed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.clips import talking_clip
from benchmarks.common import Figures, command, finish, parser, table
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.provenance import (
    LocalAuthority,
    ManifestFacts,
    ManifestState,
    ModelFact,
    read_manifest,
    sign,
)

FACTS = ManifestFacts(
    version="benchmark",
    source_digests=("00" * 32,),
    processors=("face_swapper",),
    models=(ModelFact("mesh", "00" * 32),),
    watermark=1,
)
SMALL = {"a.jpg": forms.JPEG, "a.png": forms.PNG, "a.webp": forms.WEBP, "a.mp4": forms.MP4}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    figures: Figures = {"import": _import_seconds(options.times)}
    print(f"importing the C2PA library: {figures['import'] * 1000:.0f} ms of CPU time\n")
    with tempfile.TemporaryDirectory() as folder:
        home = trust_home(Path(folder) / "trust")
        authority = LocalAuthority.open(home, KeyRing.open(home))
        figures["cost"] = _costs(Path(folder), authority, options)
        figures["bytes"] = _changes(Path(folder), authority, options.step)
    return finish(figures, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("provenance", __doc__)
    made.add_argument("--step", type=int, default=1, metavar="N", help="try every Nth byte only [1]")
    made.add_argument("--clips", type=Path, default=Path(tempfile.gettempdir()) / "facefusion-clips", metavar="FOLDER")
    made.add_argument("--seconds", type=float, default=10, metavar="N", help="length of the clip that is signed [10]")
    made.add_argument("--large", type=int, default=1024, metavar="N", help="size of a large clip in MiB [1024]")
    made.add_argument("--width", type=int, default=4000, metavar="N", help="of the pictures that are signed [4000]")
    made.add_argument("--times", type=int, default=5, metavar="N", help="measurements of each, the best counts [5]")
    return made.parse_args(arguments)


def _import_seconds(times: int) -> float:
    code = "import time; t = time.process_time(); import c2pa; print(time.process_time() - t)"
    return min(float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(times))


def _costs(folder: Path, authority: LocalAuthority, options: argparse.Namespace) -> Figures:
    width, height = options.width, options.width * 3 // 4
    size = f"{width * height / 1e6:g} megapixels"
    files = {
        f"JPEG, {size}": (_photograph(folder / "p.jpg", width, height), forms.JPEG),
        f"PNG, {size}": (_photograph(folder / "p.png", width, height), forms.PNG),
        f"MP4, {options.seconds:g} s of 1280×720": (talking_clip(options.clips, options.seconds), forms.MP4),
        f"MP4, {options.large} MiB": (_large(folder / "l.mp4", options.large), forms.MP4),
    }
    figures = {name: _cost(path, form, folder, authority, options.times) for name, (path, form) in files.items()}
    heads = ("file", "MiB", "CPU ms to sign", "CPU ms to check", "more memory, MiB")
    print(table(heads, [(name, *each.values()) for name, each in figures.items()]), "\n")
    return figures


def _cost(path: Path, form: Form, folder: Path, authority: LocalAuthority, times: int) -> dict[str, float]:
    copy = folder / f"signed{path.suffix}"
    is_large = path.stat().st_size > 1 << 28
    memory = _more_memory(path, folder) if is_large else 0.0
    signing, checking = [], []
    for _ in range(1 if is_large else times):
        path.replace(copy) if is_large else copy.write_bytes(path.read_bytes())
        start = time.process_time()
        sign(copy, form, FACTS, authority.signer())
        middle = time.process_time()
        found = read_manifest(copy, [authority.anchor()])
        signing.append(middle - start)
        checking.append(time.process_time() - middle)
        assert found.state is ManifestState.TRUSTED, found.why
    size = copy.stat().st_size / (1 << 20)
    copy.unlink()
    return {"size": size, "sign": min(signing) * 1000, "check": min(checking) * 1000, "memory": memory}


def _more_memory(path: Path, folder: Path) -> float:
    """Return by how many MiB a process grows that signs and checks a large file, beyond one that did a small one."""
    small = _small(folder / "small.mp4")
    code = (
        "import sys; from pathlib import Path; from benchmarks.provenance import most_memory, signed_and_checked\n"
        "for path in map(Path, sys.argv[2:]):\n"
        "    signed_and_checked(path, Path(sys.argv[1]))\n"
        "    print(most_memory())"
    )
    words = [sys.executable, "-c", code, str(folder / "trust"), str(small), str(path)]
    first, second = map(float, subprocess.check_output(words, text=True).split())
    return second - first


def most_memory() -> float:
    """Return the peak of resident memory of this process in MiB, without that of the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def signed_and_checked(path: Path, home: Path) -> None:
    """Sign an MP4 and read its manifest back."""
    authority = LocalAuthority.open(home, KeyRing.open(home))
    sign(path, forms.MP4, FACTS, authority.signer())
    read_manifest(path, [authority.anchor()])


def _changes(folder: Path, authority: LocalAuthority, step: int) -> Figures:
    figures: Figures = {}
    for name, form in SMALL.items():
        path = _small(folder / name)
        sign(path, form, FACTS, authority.signer())
        figures[form.name] = _tried(path, authority.anchor(), step)
    heads = ("form", "bytes changed", "unnoticed", "by C2PA", "by the seal alone")
    print(table(heads, [(name, *each.values()) for name, each in figures.items()]))
    return figures


def _tried(path: Path, anchor: str, step: int) -> dict[str, int]:
    """Change one bit of each byte after the other."""
    whole, found = bytearray(path.read_bytes()), Counter[str]()
    for place in range(0, len(whole), step):
        whole[place] ^= 1 << place % 8
        path.write_bytes(whole)
        whole[place] ^= 1 << place % 8
        reading = read_manifest(path, [anchor])
        found[reading.part if reading.state is ManifestState.INVALID else "unnoticed"] += 1
    tried, seal = found.total(), found["seal"]
    return {"tried": tried, "unnoticed": found["unnoticed"], "c2pa": tried - seal - found["unnoticed"], "seal": seal}


def _picture(width: int, height: int, number: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    noise = np.random.default_rng(number).normal(0, 5, (height, width, 3)).astype(np.float32)
    waves = np.stack([rows, columns + 9 * number, rows + columns], -1) * (200 / max(width, height))
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


def _photograph(path: Path, width: int, height: int) -> Path:
    Image.fromarray(_picture(width, height)).save(path, quality=92)
    return path


def _small(path: Path) -> Path:
    if path.suffix != ".mp4":
        Image.fromarray(_picture(64, 48)).save(path)
        return path
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(64, 48, number), format="rgb24")))
        output.mux(stream.encode())
    return path


def _large(path: Path, megabytes: int) -> Path:
    """Make a clip long by media data that no track points at."""
    whole = _small(path).read_bytes()
    start = whole.index(b"mdat") - 4
    length = int.from_bytes(whole[start : start + 4])
    with path.open("wb") as file:
        file.write(whole[:start] + (length + (megabytes << 20)).to_bytes(4) + whole[start + 4 : start + length])
        file.seek(megabytes << 20, os.SEEK_CUR)
        file.write(whole[start + length :])
    return path


if __name__ == "__main__":
    command(main)
