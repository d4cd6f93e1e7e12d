"""Grouping: which sightings are of one person.

A track breaks where a head turns away, something passes in front of it, or the shot changes. Sightings are joined two
by two, the likest first, by the mean distance of all that is known of both; two that are seen at one time are two
people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from facefusion.engine.people.sighting import Sighting
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.recognisers.dlib_resnet import identity_distance

SAME = 0.55
"""Mean identity distance up to which two are one person."""
_SAME_PLACE = 0.8
"""The same where one goes on in the very place where the other was lost a moment before."""
_MOMENT = 1.5
"""Seconds after which somebody in the same place may be somebody else."""
_OVERLAP = 0.3


def grouped(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    """Return the sightings of each person, in the order in which they came.

    Args:
        sightings: all of them, in the order in which they came.
    """
    groups = [[each] for each in sightings]
    apart = {pair: _apart(groups[pair[0]], groups[pair[1]]) for pair in combinations(range(len(groups)), 2)}
    while apart:
        (first, second), distance = min(apart.items(), key=lambda item: item[1])
        if distance > 1:
            break
        groups[first] = groups[first] + groups[second]
        groups[second] = []
        apart = {pair: each for pair, each in apart.items() if second not in pair}
        for pair in apart:
            if first in pair:
                apart[pair] = _apart(groups[pair[0]], groups[pair[1]])
    return [sorted(group, key=lambda each: each.looks[0]) for group in groups if group]


def _apart(first: Sequence[Sighting], second: Sequence[Sighting]) -> float:
    """Return how far two groups are apart, as a share of what one person may be; infinite where they cannot be one."""
    if {number for each in first for number in each.looks} & {number for each in second for number in each.looks}:
        return float("inf")
    distances = list(_distances(first, second))
    if not distances:
        return float("inf")
    limit = _SAME_PLACE if any(_goes_on(a, b) or _goes_on(b, a) for a in first for b in second) else SAME
    return float(np.mean(distances)) / limit


def _distances(first: Sequence[Sighting], second: Sequence[Sighting]) -> Iterator[float]:
    for one in first:
        for other in second:
            if one.known.vector is not None and other.known.vector is not None:
                yield identity_distance(one.known.vector, other.known.vector)


def _goes_on(before: Sighting, after: Sighting) -> bool:
    """Whether one begins where another was lost: in the same shot, in the same place, a moment later."""
    lost, found = before.seconds[1], after.seconds[0]
    if before.scene != after.scene or lost is None or found is None or before.boxes is None or after.boxes is None:
        return False
    return 0 < found - lost <= _MOMENT and box_overlap(before.boxes[1], after.boxes[0]) > _OVERLAP
