"""The content check on ordinary pictures: how many are refused, how near the others come, and what a look costs."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
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
_PORTRAITS = ("congress", "pairs", "pictures/synthetic")
_PARTS = {"eyes": (0, 2, 0.35), "nose and mouth": (2, 5, 0.3), "mouth": (3, 5, 0.2)}
"""Which of the five landmarks are in the middle, and how far a cut reaches from there, in widths of the face."""
_LINES = 720
_JOB = 42.0
"""CPU milliseconds that a frame of 720 lines takes in a job with the bundled swapper; see docs/performance.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("content", __doc__)
    made.add_argument("--every", type=int, default=1, metavar="N", help="frames of clips: one of N (%(default)s)")
    made.add_argument("--most", type=int, metavar="N", help="pictures of each kind, and clips; all when not given")
    options = made.parse_args(arguments)
    most = options.most
    with tempfile.TemporaryDirectory() as folder:
        sessions = _sessions(Path(folder))
        check = ContentCheck.create(sessions, age_model=_AGE_MODEL[0])
        analyser = FaceAnalyser.create(FaceSelectionOptions(), sessions)
        figures = {
            "refused": _refused(check, analyser, options.every, most),
            "watch": _watched(check, most),
            "cost": _cost(check),
        }
        figures["ages"] = _ages(check, analyser, most)
    return finish(figures, options.json)


def _sessions(folder: Path) -> SessionFactory:
    """Return what opens the models that are here, with the small age network of the test material."""
    name, file = _AGE_MODEL
    catalogue = Catalogue.known()
    (folder / catalogue[name].file).write_bytes(assets("models", file).read_bytes())
    return SessionFactory(("cpu",), catalogue=catalogue, store=ModelStore(own=folder))


def _refused(check: ContentCheck, analyser: FaceAnalyser, every: int, most: int | None) -> Figures:
    """Look at every picture and frame, and at parts of faces by themselves; all of them are ordinary."""
    figures: Figures = {}
    rows = []
    kinds = [("pictures", _pictures()), ("close-ups of faces", _chips()), ("frames", _frames(every))]
    kinds += [(f"{part} alone", _parts(analyser, part)) for part in _PARTS]
    for kind, items in kinds:
        verdicts = [(name, check.look([image])[0]) for name, image in islice(items, most)]
        nearest = max(verdicts, key=lambda item: item[1].nearness)
        refused = [name for name, verdict in verdicts if verdict.is_explicit]
        twice = sum(bool(verdict.findings) for _, verdict in verdicts)
        figures[kind] = {"looked at": len(verdicts), "refused": refused, "nearest": nearest[1].nearness}
        rows.append((kind, len(verdicts), len(refused), twice, f"{nearest[1].nearness:.2f}", nearest[0]))
    print(table(("ordinary", "looked at", "refused", "with findings", "nearest to a refusal (1)", "which"), rows))
    return figures


def _watched(check: ContentCheck, most: int | None) -> Figures:
    """Let the watch choose the frames of each clip; both sides, target and output, are counted."""
    rows, figures = [], {}
    for path in _clips()[:most]:
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


def _ages(check: ContentCheck, analyser: FaceAnalyser, most: int | None) -> Figures:
    """Look at the faces of all pictures and close-ups, all of adults."""
    found = []
    for name, image in islice(chain(_pictures(), _chips()), most):
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


def _parts(analyser: FaceAnalyser, part: str) -> Iterator[tuple[str, Picture]]:
    """Yield a part of each portrait's face, cut out so that it fills the picture."""
    first, last, half = _PARTS[part]
    for name, image in _pictures():
        for face in analyser.find(image)[:1] if name.startswith(_PORTRAITS) else ():
            (x, y), reach = face.landmarks5[first:last].mean(0).tolist(), half * face.width
            top, left = max(0, int(y - reach)), max(0, int(x - reach))
            cut = image[top : int(y + reach), left : int(x + reach)]
            if cut.size:
                yield name, np.ascontiguousarray(cut)


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


def _milliseconds(work: Callable[[], object], times: int) -> float:
    """Return the CPU time of a piece of work, in the mean over so many times, after one that does not count."""
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e3


if __name__ == "__main__":
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # one of the pictures is cut short, on purpose
    command(main)
