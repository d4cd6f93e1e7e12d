"""Measure how well keyed templates tell labelled people apart, and what can be had from them without the key."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.pairs import Studio
from facefusion.trust.templates import THRESHOLD
from facefusion.trust.templates.projection import BITS, Projection, differing

Floats = npt.NDArray[np.float64]
_KEYS = tuple(bytes([number]) * 32 for number in range(1, 9))
_THRESHOLDS = (0.455, 0.46, 0.464, THRESHOLD, 0.47, 0.475)
_KNOWN, _ASKED = 4000, 200
_RIDGE = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    labels, vectors = _read(options.people)
    same = labels[:, None] == labels[None]
    np.fill_diagonal(same, False)
    upper = np.triu(np.ones_like(same), 1)
    apart = np.stack([_differences(vectors, key) for key in _KEYS])
    people = len(set(labels))
    print(f"{len(vectors)} faces of {people} people, {len(_KEYS)} keys; ", end="")
    print(f"{(same & upper).sum()} pairs of one person, {(~same & upper).sum()} of two\n")
    rows = [rates(apart, same, upper, threshold) for threshold in _THRESHOLDS]
    heads = ("share of bits", "false matches", "false non-matches", "with two pictures on record")
    print(table(heads, [[f"{row['threshold']:.3f}", *_shares(row)] for row in rows]))
    crossed = _crossed(vectors)
    print(
        f"\nOne picture, two keys: templates differ in {crossed.mean():.3f} ± {crossed.std():.3f} of their bits, ",
        end="",
    )
    print(f"the least {crossed.min():.3f} (chance: 0.500 ± 0.008).")
    undone = {name: undo(vectors, name) for name in ("sign bits", "ours")}
    print(f"\nUndone without the key, learnt from {_KNOWN} known pairs (cosine of found and true vector): ")
    print("; ".join(f"{name} {value:.2f}" for name, value in undone.items()) + ".")
    return finish(
        {"faces": len(vectors), "rates": rows, "crossed": float(crossed.mean()), "undone": undone}, options.json
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("face_templates", __doc__)
    made.add_argument("--people", type=int, help="only so many people of each set (default: all)")
    return made.parse_args(arguments)


def _read(most: int | None) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Return who is on each picture, and the identity vector of the largest face in it."""
    studio, found = Studio(), []
    for person, path in _pictures(most):
        portrait = studio.portrait(path)
        if portrait is not None:
            found.append((person, portrait.embedding))
    if len(found) < 3:
        raise MissingAssetsError("fewer than three faces were found")
    return np.array([person for person, _ in found]), np.stack([vector for _, vector in found])


def _pictures(most: int | None) -> Iterator[tuple[str, Path]]:
    for folder in sorted(path for path in assets("lfw_subset").iterdir() if path.is_dir())[:most]:
        yield from ((folder.name, path) for path in sorted(folder.glob("*.jpg")))
    for path in sorted(assets("congress").glob("*.jpg"))[:most]:
        yield path.stem, path
    for path in sorted(assets("pairs").glob("*.jpg"))[: None if most is None else 2 * most]:
        yield path.stem.rsplit("-", 1)[0], path


def _differences(vectors: npt.NDArray[np.float32], key: bytes) -> Floats:
    projection = Projection(key, vectors.shape[1])
    bits = np.stack([projection.bits(vector) for vector in vectors])
    return np.stack([differing(each, bits) for each in bits])


def rates(apart: Floats, same: npt.NDArray[np.bool_], upper: npt.NDArray[np.bool_], threshold: float) -> Figures:
    """Return how often a threshold errs.

    Args:
        apart: share of bits in which templates differ, for each key and pair, float64 (K, N, N).
        same: which pairs are of one person, bool (N, N).
        upper: each pair once, bool (N, N).
        threshold: share of bits.
    """
    matched = apart <= threshold
    return {
        "threshold": threshold,
        "false_matches": float(matched[:, ~same & upper].mean()),
        "false_non_matches": float(1 - matched[:, same & upper].mean()),
        "with_two_pictures": _with_two(matched, same),
    }


def _with_two(matched: npt.NDArray[np.bool_], same: npt.NDArray[np.bool_]) -> float:
    """Return the share of pictures that match neither of two others of the same person."""
    missed: list[npt.NDArray[np.bool_]] = []
    for picture in range(len(same)):
        others = np.flatnonzero(same[picture])
        pairs = itertools.combinations(others, 2)
        missed += [~matched[:, picture, list(pair)].any(1) for pair in pairs]
    return float(np.mean(missed)) if missed else float("nan")


def _shares(row: Figures) -> list[str]:
    return [f"{row['false_matches']:.2%}", f"{row['false_non_matches']:.1%}", f"{row['with_two_pictures']:.1%}"]


def _crossed(vectors: npt.NDArray[np.float32]) -> Floats:
    """Return in which share of their bits the templates of one vector by two keys differ."""
    one, other = (Projection(key, vectors.shape[1]) for key in _KEYS[:2])
    return np.array([differing(one.bits(vector), other.bits(vector)[None])[0] for vector in vectors])


def undo(vectors: npt.NDArray[np.float32], kind: str) -> float:
    """Return how well somebody without the key undoes templates who knows vectors and templates of many others.

    Args:
        vectors: real ones, from whose distribution others are drawn.
        kind: `ours`, or `sign bits`: those of a plain keyed projection, for comparison.

    Returns:
        the mean cosine of the vectors that were sought and those found by ridge regression.
    """
    draw = np.random.default_rng(0)
    drawn = draw.multivariate_normal(vectors.mean(0), np.cov(vectors.T), _KNOWN + _ASKED).astype(np.float32)
    if kind == "ours":
        projection = Projection(_KEYS[0], vectors.shape[1])
        bits = np.stack([np.unpackbits(projection.bits(vector)) for vector in drawn])
    else:
        bits = (drawn @ draw.standard_normal((vectors.shape[1], BITS)) > 0).astype(np.uint8)
    signs = bits.astype(np.float64) * 2 - 1
    known, sought = signs[:_KNOWN], drawn[_KNOWN:] - drawn[:_KNOWN].mean(0)
    solved = np.linalg.solve(
        known.T @ known + _RIDGE * np.eye(BITS), known.T @ (drawn[:_KNOWN] - drawn[:_KNOWN].mean(0))
    )
    found = signs[_KNOWN:] @ solved
    cosines = (found * sought).sum(1) / (np.linalg.norm(found, axis=1) * np.linalg.norm(sought, axis=1))
    return float(cosines.mean())


if __name__ == "__main__":
    command(main)
