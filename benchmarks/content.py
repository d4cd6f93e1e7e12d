"""The content check on ordinary pictures: how many are refused, how near the others come, and what a look costs."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageFile, ImageOps

from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.base import FaceView
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.options import FaceSelectionOptions
from facefusion.trust.content import MINOR_BELOW, ContentCheck, ContentWatch
from facefusion.trust.content.framing import Picture

_ENDINGS = {".jpg", ".png", ".webp"}
_AGE_MODEL = ("ssrnet_age", "attribute/ssrnet_age.onnx")
_LINES = 720
_JOB = 42.0
"""CPU milliseconds that a frame of 720 lines takes in a job with the bundled swapper; see docs/performance.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("content", __doc__)
    made.add_argument("--every", type=int, default=1, metavar="N", help="frames of clips: one of N (%(default)s)")
    options = made.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        sessions = _sessions(Path(folder))
        check = ContentCheck.create(sessions, age_model=_AGE_MODEL[0])
        figures = {"refused": _refused(check, options.every), "watch": _watched(check), "cost": _cost(check)}
        figures["ages"] = _ages(check, FaceAnalyser.create(FaceSelectionOptions(), sessions))
    return finish(figures, options.json)


def _sessions(folder: Path) -> SessionFactory:
    """Return what opens the models that are here, with the small age network of the test material."""
    name, file = _AGE_MODEL
    catalogue = Catalogue.known()
    (folder / catalogue[name].file).write_bytes(assets("models", file).read_bytes())
    return SessionFactory(("cpu",), catalogue=catalogue, store=ModelStore(own=folder))


def _refused(check: ContentCheck, every: int) -> Figures:
    """Look at every picture and frame; all of them are ordinary."""
    figures: Figures = {}
    rows = []
    for kind, items in (("pictures", _pictures()), ("close-ups of faces", _chips()), ("frames", _frames(every))):
        verdicts = [(name, check.look([image])[0]) for name, image in items]
        nearest = max(verdicts, key=lambda item: item[1].nearness)
        refused = [name for name, verdict in verdicts if verdict.is_explicit]
        twice = sum(bool(verdict.findings) for _, verdict in verdicts)
        figures[kind] = {"looked at": len(verdicts), "refused": refused, "nearest": nearest[1].nearness}
        rows.append((kind, len(verdicts), len(refused), twice, f"{nearest[1].nearness:.2f}", nearest[0]))
    print(table(("ordinary", "looked at", "refused", "with findings", "nearest to a refusal (1)", "which"), rows))
    return figures


def _watched(check: ContentCheck) -> Figures:
    """Let the watch choose the frames of each clip; both sides, target and output, are counted."""
    rows, figures = [], {}
    for path in _clips():
        watch, looks, frames, end = ContentWatch(), 0, 0, 0.0
        for image, seconds in _decoded(path):
            frames, end = frames + 1, seconds
            if watch.wants(image, seconds):
                looks += 1
                watch.saw(check.look([image])[0])
        figures[path.name] = {"frames": frames, "seconds": end, "looks": looks}
        rows.append((path.name, frames, f"{end:.1f}", looks, f"{looks / max(end, 1):.2f}"))
    print("\n" + table(("clip", "frames", "seconds", "looks", "looks a second"), rows))
    return figures


def _cost(check: ContentCheck) -> Figures:
    """Measure CPU time of all threads on a portrait that fills 720 lines."""
    portrait = _opened(assets("pictures", "synthetic", "sfhq_30_elderly_woman.jpg"))
    image = np.zeros((_LINES, 1280, 3), np.uint8)
    image[:] = np.asarray(Image.fromarray(portrait).resize((1280, _LINES)))
    watch = ContentWatch(1e9)
    look = _milliseconds(lambda: check.look([image]), 40)
    asked = _milliseconds(lambda: watch.wants(image, 0.0), 400)
    for seconds in (1.0, 2.0, 4.0):
        share = (2 * look / seconds + 2 * 25 * asked) / (25 * _JOB)
        print(f"a look every {seconds:g} s at target and output each: {100 * share:.1f} % of a job at 25 frames/s")
    print(f"a look {look:.1f} ms, asking whether to look {asked:.3f} ms of CPU")
    return {"look_ms": look, "asked_ms": asked}


def _ages(check: ContentCheck, analyser: FaceAnalyser) -> Figures:
    """Look at the faces of all pictures and close-ups, all of adults."""
    found = []
    for name, image in (*_pictures(), *_chips()):
        faces = analyser.find(image)
        ages = check.ages([FaceView(image, face) for face in faces])
        found += [(age, name) for age in ages if age is not None]
    found.sort()
    minors = [name for age, name in found if age < MINOR_BELOW]
    print(f"\n{_AGE_MODEL[0]}: {len(found)} faces of adults, {len(minors)} taken for minors' (below {MINOR_BELOW:g})")
    print("youngest: " + ", ".join(f"{age:.1f} ({name})" for age, name in found[:5]))
    return {"faces": len(found), "minors": minors, "youngest": found[0][0]}


def _pictures() -> Iterator[tuple[str, Picture]]:
    root = assets()
    for path in sorted(root.rglob("*")):
        if path.suffix in _ENDINGS and "parsemap" not in path.name:
            yield str(path.relative_to(root)), _opened(path)


def _chips() -> Iterator[tuple[str, Picture]]:
    with tarfile.open(assets("train", "train-clean.tar")) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and Path(member.name).suffix in _ENDINGS:
                yield member.name, _opened(io.BytesIO(file.read()))


def _frames(every: int) -> Iterator[tuple[str, Picture]]:
    for path in _clips():
        for place, (image, _) in enumerate(_decoded(path)):
            if place % every == 0:
                yield f"{path.name}, frame {place}", image


def _clips() -> list[Path]:
    return sorted(path for folder in ("video", "talk") for path in assets(folder).iterdir())


def _decoded(path: Path) -> Iterator[tuple[Picture, float]]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24"), float(frame.time or 0)


def _opened(file: Path | io.BytesIO) -> Picture:
    with Image.open(file) as picture:
        return np.array(ImageOps.exif_transpose(picture).convert("RGB"))


def _milliseconds(work, times: int) -> float:
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e3


if __name__ == "__main__":
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # one of the pictures is cut short, on purpose
    command(main)
