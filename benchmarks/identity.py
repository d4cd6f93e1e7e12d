"""Measure how well the bundled recogniser tells labelled people apart, by distance and by cosine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.recognisers.dlib_resnet import mean_embedding

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    people = sorted(path for path in (options.folder or assets("lfw_subset")).iterdir() if path.is_dir())
    labels, vectors, pictures = _read(people[: options.people])
    if len(vectors) < 3:
        raise MissingAssetsError("fewer than three faces were found")
    same = _pairs(np.array(labels)[:, None] == np.array(labels)[None])
    raw = vectors + mean_embedding()
    measures = {
        "distance": (_distances(vectors), -1),
        "cosine, mean taken off": (_cosines(vectors), 1),
        "cosine of raw vectors": (_cosines(raw), 1),
    }
    found = {name: compare(values, same, sign) for name, (values, sign) in measures.items()}
    print(f"{len(vectors)} faces found in {pictures} pictures of {len(set(labels))} people; ", end="")
    print(f"{same.sum()} pairs of one person, {(~same).sum()} of two\n")
    heads = (
        "",
        "same: mean",
        "extreme",
        "different: mean",
        "extreme",
        "balanced accuracy",
        "at threshold",
        "at 1 ‰ false",
    )
    print(table(heads, [[name, *_row(figures)] for name, figures in found.items()]))
    print('\n"extreme": of one person the pair least alike, of two people the pair most alike.')
    print('"at 1 ‰ false": share of pairs of one person accepted where one of 1000 pairs of two people is.')
    return finish({"faces": len(vectors), "pictures": pictures, "measures": found}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("identity", __doc__)
    made.add_argument("--folder", type=Path, help="a folder of pictures for each person (default: lfw_subset)")
    made.add_argument("--people", type=int, help="only so many people (default: all)")
    return made.parse_args(arguments)


def _read(people: Sequence[Path]) -> tuple[list[str], npt.NDArray[np.float32], int]:
    """Return name and identity vector of the largest face in each picture, and the number of pictures."""
    studio = Studio()
    paths = [path for person in people for path in sorted(person.glob("*.jpg"))]
    found: list[tuple[str, Portrait]] = []
    for path in paths:
        portrait = studio.portrait(path)
        if portrait is not None:
            found.append((path.parent.name, portrait))
    vectors = np.array([portrait.embedding for _, portrait in found], np.float32)
    return [name for name, _ in found], vectors, len(paths)


def compare(values: Values, same: Mask, sign: int) -> Figures:
    """Return how well a measure separates pairs of one person from pairs of two.

    Args:
        values: the measure of each pair.
        same: which pairs are of one person.
        sign: 1 where more means more alike, -1 where less does.
    """
    alike = sign * values
    thresholds = np.sort(alike)
    # Balanced: both kinds of pair weigh the same, although there are far more pairs of two people.
    accepted = 1 - np.searchsorted(np.sort(alike[same]), thresholds) / same.sum()
    refused = np.searchsorted(np.sort(alike[~same]), thresholds) / (~same).sum()
    accuracy = (accepted + refused) / 2
    best = _middle_of_best(thresholds, accuracy)
    strict = float(np.quantile(alike[~same], 0.999))
    return {
        "same_mean": float(values[same].mean()),
        "same_extreme": float(sign * alike[same].min()),
        "different_mean": float(values[~same].mean()),
        "different_extreme": float(sign * alike[~same].max()),
        "balanced_accuracy": float(accuracy.max()),
        "threshold": sign * best,
        "accepted_at_one_in_1000": float((alike[same] > strict).mean()),
    }


def _middle_of_best(thresholds: Values, accuracy: Values) -> float:
    """Return the threshold in the middle of those that separate best."""
    best = thresholds[accuracy >= accuracy.max() - 1e-9]
    return float(np.median(best))


def _row(figures: Figures) -> list[object]:
    shares = {"balanced_accuracy", "accepted_at_one_in_1000"}
    return [f"{value:.1%}" if name in shares else value for name, value in figures.items()]


def _distances(vectors: npt.NDArray[np.float32]) -> Values:
    return _pairs(np.linalg.norm(vectors[:, None] - vectors[None], axis=2).astype(np.float64))


def _cosines(vectors: npt.NDArray[np.float32]) -> Values:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return _pairs((units @ units.T).astype(np.float64))


def _pairs(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the entry of every pair once."""
    return matrix[np.triu_indices(len(matrix), 1)]


if __name__ == "__main__":
    command(main)
