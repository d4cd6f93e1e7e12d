"""Swap many random pairs and measure whose face the results show, by two recognisers."""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common import Figures, assets, command, finish, parser, pictures, table
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.recognisers.dlib_resnet import identity_distance

BANDS = ((0, 15), (15, 30), (30, 60))
"""How far targets are turned, in degrees."""
FRONTAL = 15.0
"""Sources are turned no further than this."""
_POOL = ("pictures/synthetic", "congress")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pair; distances by the bundled recogniser, cosines by MobileFaceNet.

    Attributes:
        turn: how far the target is turned, in degrees.
        to_source: distance of result and source.
        to_target: distance of result and target.
        like_source: cosine of result and source.
        like_target: cosine of result and target.
        alike: cosine of source and target.
    """

    turn: float
    to_source: float
    to_target: float
    like_source: float
    like_target: float
    alike: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    studio, second = Studio(), MobileFaceNet(assets("models/identity/mobilefacenet_128_dynbatch.onnx"))
    chance = random.Random(options.seed)
    portraits = [portrait for path in pictures(*_POOL)[: options.most] if (portrait := studio.portrait(path))]
    sources = [portrait for portrait in portraits if portrait.turn <= FRONTAL]
    pairs = list(itertools.islice(draw_pairs(sources, portraits, chance), options.pairs))
    if options.turned:
        pairs += list(itertools.islice(draw_pairs(sources, _turned(studio), chance), options.turned))
    outcomes = [measure(studio, second, *pair) for pair in pairs]
    print(f"{len(outcomes)} random pairs (seed {options.seed}), sources turned at most {FRONTAL:.0f} degrees")
    bands = [summary(outcomes, *band) for band in BANDS]
    print(table(_HEADS, [_row(band) for band in bands if band["pairs"]]))
    return finish({"seed": options.seed, "bands": bands}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("swap_identity", __doc__)
    made.add_argument("--pairs", type=int, default=150, help="pairs of portraits (default: %(default)s)")
    made.add_argument(
        "--turned", type=int, default=40, help="further pairs, with targets turned 15 to 60 degrees (%(default)s)"
    )
    made.add_argument("--most", type=int, help="draw from so many portraits only (default: all)")
    made.add_argument("--seed", type=int, default=0, help="another seed, other pairs")
    return made.parse_args(arguments)


def _turned(studio: Studio) -> list[Portrait]:
    """Return portraits of news photographs that are turned, which official ones hardly are."""
    paths = sorted(path for folder in sorted(assets("lfw_subset").iterdir()) for path in folder.glob("*.jpg"))
    found = [portrait for path in paths if (portrait := studio.portrait(path))]
    return [portrait for portrait in found if BANDS[1][0] < portrait.turn <= BANDS[2][1]]


def draw_pairs(
    sources: Sequence[Portrait], targets: Sequence[Portrait], chance: random.Random
) -> Iterator[tuple[Portrait, Portrait]]:
    """Yield different random pairs of two pictures, until there are no more."""
    pairs = [(source, target) for source in sources for target in targets if source is not target]
    yield from chance.sample(pairs, len(pairs))


def measure(studio: Studio, second: MobileFaceNet, source: Portrait, target: Portrait) -> Outcome:
    """Swap one pair and measure the result."""
    result = studio.swap(source, target)
    vectors = [second.embed(portrait) for portrait in (result, source, target)]
    return Outcome(
        turn=target.turn,
        to_source=identity_distance(result.embedding, source.embedding),
        to_target=identity_distance(result.embedding, target.embedding),
        like_source=float(vectors[0] @ vectors[1]),
        like_target=float(vectors[0] @ vectors[2]),
        alike=float(vectors[1] @ vectors[2]),
    )


def summary(outcomes: Sequence[Outcome], low: float, high: float) -> Figures:
    """Return the means over the pairs whose target is turned so far."""
    within = [outcome for outcome in outcomes if low <= outcome.turn < high]
    if not within:
        return {"turn": f"{low}-{high}", "pairs": 0}
    return {
        "turn": f"{low}-{high}",
        "pairs": len(within),
        "to_source": _mean([outcome.to_source for outcome in within]),
        "to_target": _mean([outcome.to_target for outcome in within]),
        "nearer": _mean([outcome.to_source < outcome.to_target for outcome in within]),
        "like_source": _mean([outcome.like_source for outcome in within]),
        "like_target": _mean([outcome.like_target for outcome in within]),
        "alike": _mean([outcome.alike for outcome in within]),
        "liker": _mean([outcome.like_source > outcome.like_target for outcome in within]),
    }


_HEADS = (
    "target turned",
    "pairs",
    "distance to source",
    "to target",
    "nearer to source",
    "second: cosine to source",
    "to target",
    "between them",
    "nearer to source",
)


def _row(band: Figures) -> list[object]:
    shares = {"nearer", "liker"}
    return [f"{value:.0%}" if name in shares else value for name, value in band.items()]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


if __name__ == "__main__":
    command(main)
