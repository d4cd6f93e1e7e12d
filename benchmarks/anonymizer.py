"""Measure what is left of a person: re-identification by two recognisers, expression, and faces left as they are."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.analysers import sessions_of
from benchmarks.anonymizer_clips import Recognisers, clip_figures
from benchmarks.anonymizer_faces import Hidden, Labelled, Outcome, labelled_faces, likeness, threshold
from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Studio
from facefusion.faces.detectors.base import Detector
from facefusion.inference.catalogue import Catalogue

METHODS = ("synthetic", "blur", "pixelate", "mask")
_RATE = 0.01
"""Share of false matches at which the recognisers are asked."""
_SCORE = 0.8
"""Score of the other detector from which it sees a face."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    figures: Figures = {}
    if not options.only_clips:
        figures["faces"] = _faces(options)
    if not options.only_faces:
        figures["clips"] = _clips(options)
    return finish(figures, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("anonymizer", __doc__)
    made.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="(default: all)")
    made.add_argument("--strength", type=float, default=1.0, help="of blur and squares (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="of the new faces (default: %(default)s)")
    made.add_argument("--most", type=int, help="only so many faces, drawn from all (default: all)")
    made.add_argument("--clip", nargs="+", help="only clips of these names (default: all)")
    made.add_argument("--frames", type=int, default=10**6, help="only so many frames of each clip (default: all)")
    made.add_argument("--only-faces", action="store_true", help="leave out the clips")
    made.add_argument("--only-clips", action="store_true", help="leave out the faces")
    return made.parse_args(arguments)


def _faces(options: argparse.Namespace) -> list[Figures]:
    studio, second = Studio(), MobileFaceNet(assets("models/identity/mobilefacenet_128_dynbatch.onnx"))
    known = list(labelled_faces(studio))
    tried = known if options.most is None else random.Random(0).sample(known, min(options.most, len(known)))
    print(f"{len(known)} labelled faces of {len({each.person for each in known})} people, {len(tried)} of them tried\n")
    originals = (
        np.stack([each.portrait.embedding for each in known]),
        np.stack([second.embed(each.portrait) for each in known]),
    )
    rows = []
    for method in options.methods:
        hidden = Hidden(studio, second, method, strength=options.strength, seed=options.seed)
        outcomes = [hidden.outcome(each) for each in tried]
        rows += _rows(method, known, tried, originals, outcomes)
    print(table(list(rows[0]), [list(row.values()) for row in rows]))
    print(
        '\n"itself": share of results that are taken for the picture that they were made of; "another picture": for any'
    )
    print(
        'other of the same person; "anybody else": share of pairs of a result and another person that match, which is'
    )
    print(f"{_RATE:.0%} of photographs; nearest: the most alike of these. Thresholds: {_RATE:.0%} false matches.")
    return rows


def _rows(
    method: str,
    known: Sequence[Labelled],
    tried: Sequence[Labelled],
    originals: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float32]]],
    outcomes: Sequence[Outcome],
) -> list[Figures]:
    """Return what two recognisers say of one method."""
    people = np.array([each.person for each in known])
    same = np.array([each.person for each in tried])[:, None] == people[None]
    itself = np.array([[one is other for other in known] for one in tried])
    errors = [each.expression for each in outcomes if each.expression is not None]
    moved = [each.moved for each in outcomes if each.moved is not None]
    rows = []
    for name, by_distance, place in (("bundled", True, 0), ("MobileFaceNet", False, 1)):
        limit = threshold(
            likeness(originals[place], originals[place], by_distance=by_distance),
            people[:, None] != people[None],
            _RATE,
        )
        results = np.stack([each.second if place else each.bundled for each in outcomes])
        alike = likeness(results, originals[place], by_distance=by_distance)
        others = same & ~itself
        rows.append(
            {
                "method": method,
                "recogniser": name,
                "threshold": limit,
                "itself, %": 100 * float((alike[itself] >= limit).mean()),
                "another picture, %": 100 * float((alike[others] >= limit).mean()) if others.any() else 0.0,
                "anybody else, %": 100 * float((alike[~same] >= limit).mean()),
                "nearest": float(alike[~same].max()),
                "expression, % of eyes": float(np.mean(errors)) if errors else float("nan"),
                "moved, %": float(np.mean(moved)) if moved else float("nan"),
                "seen as faces": f"{len(errors)}/{len(outcomes)}",
            }
        )
    return rows


def _clips(options: argparse.Namespace) -> list[Figures]:
    paths = sorted([*assets("video").glob("*.m*"), *assets("talk").glob("*.mp4")])
    chosen = [path for path in paths if not options.clip or path.stem in options.clip]
    second = MobileFaceNet(assets("models/identity/mobilefacenet_128_dynbatch.onnx"))
    asked, rows = Recognisers(Studio().analyser, second), []
    with tempfile.TemporaryDirectory() as folder:
        detector = _other(Path(folder))
        for method in islice(options.methods, 1):
            rows += [clip_figures(asked, detector, path, method, options.frames) for path in chosen]
    heads = ("clip", "frames", "tracked", "left", "seen", "seen and left", "asked", "known, bundled", "known, second")
    print(table(heads, [[row[head] for head in heads] for row in rows]))
    print('\n"tracked": faces that the product follows, counted in every frame; "seen": those that another detector')
    print(
        '(RetinaFace) sees three times in a row; "left": of these those that are not covered; "asked": faces of every'
    )
    print("tenth frame, and how many of them the two recognisers take for the same face of the same frame before.")
    return rows


def _other(folder: Path) -> Detector:
    """Return a detector that the product does not use."""
    sessions = sessions_of(assets("models"), folder, list(Catalogue.known()))
    name = next(card.name for card in sessions.catalogue.of_task("face_detector") if "retinaface" in card.name)
    detector: Detector = sessions.load(name, "face_detector").detector(score=_SCORE, size=None)
    return detector


if __name__ == "__main__":
    command(main)
