"""Make the pictures of the pages in docs/processors by running the commands that stand on them.

    python -m benchmarks.page_pictures [PAGE ...]

A picture shows what a page's own command made, beside what it was made of. All is made of the two portraits in
examples/portraits and of clips that `examples/make_clip.py` makes of them; nothing else is needed.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.common import ROOT, JobFailedError, command
from benchmarks.page_material import Material
from benchmarks.page_sheets import SHEETS, Panel, Sheet
from facefusion.cli.main import main as facefusion
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions

PAGES: Final = ROOT / "docs" / "processors"
MOST_BYTES: Final = 150_000
"""Of all pictures of a page together."""
_GAP: Final = 6
_WORST_QUALITY: Final = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_pictures", description=__doc__)
    parser.add_argument("pages", nargs="*", help="names of processors (default: all that have a picture)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images", help="folder (default: docs/images)")
    parser.add_argument("--keep", type=Path, help="keep what was made of and what came out in this folder")
    options = parser.parse_args(arguments)
    for sheet in SHEETS:
        if not options.pages or sheet.page in options.pages:
            path = options.output / f"{sheet.name}.jpg"
            make(sheet, path, options.keep)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)
    return 0


def commands(page: Path) -> list[list[str]]:
    """Return the commands on a page that can be run as they stand there, as they are split by a shell.

    Left out are those with `...`, which stands for what is not said.
    """
    found, lines = [], iter(page.read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith("    facefusion "):
            text = line.strip()
            while text.endswith("\\"):
                text = text[:-1] + next(lines).strip()
            found.append(shlex.split(text, comments=True))
    return [words[1:] for words in found if "..." not in words]


def chosen(sheet: Sheet) -> list[list[str]]:
    """Return the commands of a sheet.

    Raises:
        JobFailedError: the page has no such command.
    """
    known = commands(PAGES / f"{sheet.page}.md")
    found = []
    for run in sheet.runs:
        words = next((each for each in known if run.text in " ".join(each)), None)
        if words is None or not set(run.instead) <= set(words):
            raise JobFailedError(f"docs/processors/{sheet.page}.md has no command with {run.text}")
        found.append([run.instead.get(word, word) for word in words])
    return found


def make(sheet: Sheet, path: Path, keep: Path | None = None) -> None:
    """Make one picture.

    Args:
        sheet: what it shows.
        path: the JPEG file to write.
        keep: folder for the files that the commands read and wrote; a temporary one when None.

    Raises:
        JobFailedError: a command failed.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if keep is None else keep / sheet.name
        folder.mkdir(parents=True, exist_ok=True)
        material = Material(folder)
        for name, maker in sheet.material.items():
            maker(material, folder / name)
        with chdir(folder):
            for words in chosen(sheet):
                print("facefusion", shlex.join(words), flush=True)
                if facefusion([*words, "--acknowledge", "--quiet"]):
                    raise JobFailedError(f"facefusion {shlex.join(words)}")
        write(laid_out([[shown(folder, panel, sheet.height) for panel in row] for row in sheet.rows]), path)


def shown(folder: Path, panel: Panel, height: int) -> Image:
    """Return a part of a picture, or of a frame of a clip, at the height that it has in the sheet."""
    path = folder / panel.file
    if path.suffix in {".mp4", ".mkv", ".webm"}:
        with open_reader(path, limits=LimitOptions()) as reader:
            image = next(islice(reader, panel.frame, None)).image
    else:
        image = read_picture(path, LimitOptions()).image
    (rows, columns), (left, top, right, bottom) = image.shape[:2], panel.part
    part = image[round(top * rows) : round(bottom * rows), round(left * columns) : round(right * columns)]
    scale = height / part.shape[0]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if panel.has_pixels else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (round(part.shape[1] * scale), height), interpolation=way), np.uint8)


def laid_out(rows: Sequence[Sequence[Image]]) -> Image:
    """Return pictures of one height side by side, rows below each other, with white between."""
    lines = [_joined(row, axis=1) for row in rows]
    width = max(line.shape[1] for line in lines)
    padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255) for line in lines]
    return _joined(padded, axis=0)


def _joined(parts: Sequence[Image], axis: int) -> Image:
    return np.concatenate(list(_parted(parts, axis)), axis)


def _parted(parts: Sequence[Image], axis: int) -> Iterator[Image]:
    for number, part in enumerate(parts):
        if number:
            yield np.full((_GAP, part.shape[1], 3) if axis == 0 else (part.shape[0], _GAP, 3), 255, np.uint8)
        yield part


def write(image: Image, path: Path) -> None:
    """Write a JPEG file, of the best quality with which a page may have it.

    Raises:
        JobFailedError: it is too large.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(92, _WORST_QUALITY, -4):
        Pillow.fromarray(image).save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= MOST_BYTES:
            return
    raise JobFailedError(f"{path} has more than {MOST_BYTES} bytes; show less")


if __name__ == "__main__":
    command(main)
