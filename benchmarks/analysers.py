"""Measure analysers over networks: detectors on pictures with known faces, recognisers on labelled people."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import Detector
from facefusion.faces.types import Face
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.media.picture import read_picture
from facefusion.options import FaceSelectionOptions, LimitOptions

Picture = npt.NDArray[np.uint8]
FIXED: Final = {"arcface_w600k_r50": 0.4, "mobilefacenet_128": 0.4, "dlib_resnet": 0.9}
"""Cosine of raw vectors from which two pictures are taken for one person."""
GROUPS: Final = {"group_12_faces.jpg": 12, "same_person_twice.jpg": 2, "sunglasses.jpg": 1, "surgical_mask.jpg": 1}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        sessions = sessions_of(options.weights or assets("models"), Path(folder), list(Catalogue.known()))
        detectors = [
            _detection(card.name, sessions, options.most) for card in sessions.catalogue.of_task("face_detector")
        ]
        recognisers = _recognition(sessions, options.most)
    print(
        table(
            ("detector", "close-ups", "of groups", "false alarms", "CPU ms a picture"),
            [_row(each) for each in detectors],
        )
    )
    print()
    heads = (
        "recogniser",
        "faces",
        "same: mean",
        "different: mean",
        "best accuracy",
        "at cosine",
        "accuracy at",
        "fixed",
    )
    print(table(heads, [_person_row(each) for each in recognisers]))
    print('\n"close-ups": portraits that the face fills, in which it is found once. Accuracy is balanced.')
    return finish({"detectors": detectors, "recognisers": recognisers}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("analysers", __doc__)
    made.add_argument("--weights", type=Path, help="a folder of weights, in folders or not (default: the small ones)")
    made.add_argument("--most", type=int, help="only so many pictures and people (default: all)")
    return made.parse_args(arguments)


def sessions_of(weights: Path, folder: Path, known: Sequence[ModelCard]) -> SessionFactory:
    """Return a factory for those of the models whose weights are in a folder, by digest or by name.

    Args:
        weights: where they are searched, in folders within it too.
        folder: empty; what is found is copied there.
        known: the models.
    """
    files = {path.name: path for path in weights.rglob("*.onnx")}
    digests = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files.values()}
    pack, cards = ModelStore().folder, []
    for card in known:
        path = pack / card.file if (pack / card.file).is_file() else digests.get(str(card.sha256), files.get(card.file))
        path = path or next((files[name] for name in files if name.startswith(f"{card.name}_")), None)
        if path is not None:
            cards.append(_copied(card, path, folder))
    return SessionFactory(("cpu",), catalogue=Catalogue(cards), store=ModelStore(folder))


def _copied(card: ModelCard, path: Path, folder: Path) -> ModelCard:
    content = path.read_bytes()
    (folder / card.file).write_bytes(content)
    return card.model_copy(update={"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})


def _read(path: Path) -> Picture:
    return read_picture(path, LimitOptions()).image


def _detection(name: str, sessions: SessionFactory, most: int | None) -> Figures:
    """Return what a detector finds of upright faces at score 0.5, and what it costs."""
    detector: Detector = sessions.load(name, "face_detector").detector(score=0.5)
    pictures = assets("pictures")
    portraits = [_read(path) for path in sorted((pictures / "synthetic").glob("*.jpg"))[:most]]
    detector.detect(portraits[:1])
    counts, seconds = [], []
    for image in portraits:
        start = time.process_time()
        counts.append(len(detector.detect([image])[0]))
        seconds.append(time.process_time() - start)
    groups = {file: len(detector.detect([_read(pictures / "derived" / file)])[0]) for file in GROUPS}
    alarms = sum(len(detector.detect([_read(path)])[0]) for path in sorted((pictures / "noface").iterdir()))
    alarms += sum(max(0, groups[file] - wanted) for file, wanted in GROUPS.items())
    return {
        "name": name,
        "portraits": len(portraits),
        "close_ups": counts.count(1),
        "in_groups": sum(min(groups[file], wanted) for file, wanted in GROUPS.items()),
        "false_alarms": alarms + sum(max(0, count - 1) for count in counts),
        "milliseconds": float(np.median(seconds)) * 1000,
    }


def _row(figures: Figures) -> list[Any]:
    return [
        figures["name"],
        f"{figures['close_ups']} of {figures['portraits']}",
        f"{figures['in_groups']} of {sum(GROUPS.values())}",
        figures["false_alarms"],
        f"{figures['milliseconds']:.0f}",
    ]


def _recognition(sessions: SessionFactory, most: int | None) -> list[Figures]:
    """Return how well each recogniser tells people apart."""
    analyser = FaceAnalyser.create(FaceSelectionOptions(), sessions)
    seen = list(_people(analyser, most))
    labels = [label for label, *_ in seen]
    found = []
    for card in sessions.catalogue.of_task("face_recogniser"):
        if card.name == "dlib_resnet":
            vectors = [analyser.recogniser.embed_faces(image, [face])[0] for _, image, face in seen]
        else:
            recogniser = sessions.load(card.name, card.task)
            vectors = [recogniser.embed_faces(image, [face])[0] for _, image, face in seen]
        found.append({"name": card.name, "faces": len(seen), **separation(labels, vectors, FIXED[card.name])})
    return found


def _people(analyser: FaceAnalyser, most: int | None) -> Iterator[tuple[str, Picture, Face]]:
    people = sorted(path for path in assets("lfw_subset").iterdir() if path.is_dir())
    for path in (path for person in people[:most] for path in sorted(person.glob("*.jpg"))):
        image = _read(path)
        if faces := analyser.find(image):
            yield path.parent.name, image, faces[0]


def separation(labels: Sequence[str], vectors: Sequence[npt.NDArray[np.float32]], fixed: float) -> Figures:
    """Return how well cosines separate pairs of one person from pairs of two.

    Args:
        labels: whose each vector is.
        vectors: identity vectors of any length.
        fixed: a threshold that is not fitted to these people.
    """
    unit = [vector / np.linalg.norm(vector) for vector in vectors]
    pairs = list(combinations(range(len(labels)), 2))
    cosines = np.array([float(unit[a] @ unit[b]) for a, b in pairs])
    same = np.array([labels[a] == labels[b] for a, b in pairs])
    best = max(np.unique(cosines), key=lambda threshold: _accuracy(cosines, same, threshold))
    return {
        "same": float(cosines[same].mean()),
        "different": float(cosines[~same].mean()),
        "best_accuracy": _accuracy(cosines, same, best),
        "best_threshold": float(best),
        "fixed_threshold": fixed,
        "fixed_accuracy": _accuracy(cosines, same, fixed),
    }


def _accuracy(cosines: npt.NDArray[np.float64], same: npt.NDArray[np.bool_], threshold: float) -> float:
    """Return the mean of the shares of pairs of one person accepted and of two people refused."""
    accepted = cosines >= threshold
    return float((accepted[same].mean() + (~accepted[~same]).mean()) / 2)


def _person_row(figures: Figures) -> list[Any]:
    return [
        *(figures["name"], figures["faces"], f"{figures['same']:.2f}", f"{figures['different']:.2f}"),
        *(f"{figures['best_accuracy']:.1%}", f"{figures['best_threshold']:.2f}"),
        *(f"{figures['fixed_accuracy']:.1%}", figures["fixed_threshold"]),
    ]


if __name__ == "__main__":
    command(main)
