"""Make the mean identity vector of many people, or check that the package's is what this makes.

It is taken off every vector, which all lean the same way without that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.recognisers.dlib_resnet import mean_embedding
from facefusion.options import FaceSelectionOptions
from models.portraits import read_pictures
from models.tables import Table, finish

EMBEDDING = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when something differs or is missing."""
    parser = argparse.ArgumentParser(prog="python -m models.identity_mean", description=__doc__)
    parser.add_argument("--portraits", nargs="+", type=Path, required=True, help="folders of portraits, or pictures")
    parser.add_argument("--check", action="store_true", help="only compare with the package's file")
    options = parser.parse_args(arguments)
    vectors = raw_vectors(options.portraits)
    if not vectors.size:
        print("error: no face was found in these portraits", file=sys.stderr)
        return 1
    head = (
        f"mean of the raw identity vectors of {len(vectors)} official portraits of members of the United States "
        "Congress (public domain)"
    )
    mean = vectors.mean(0, keepdims=True)
    return finish([Table("identity_mean.csv", head, mean, ",".join(["{:.6f}"] * mean.shape[1]))], check=options.check)


def raw_vectors(places: Sequence[Path]) -> npt.NDArray[np.float64]:
    """Return the vector of the largest face of each portrait as the network gives it, (N, 128)."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    vectors = [
        analyser.recogniser.embed(image, [faces[0].mesh])[0]
        for image in read_pictures(places)
        if (faces := analyser.find(image))
    ]
    # The recogniser takes the package's mean off; what is wanted here are the vectors before that.
    return np.array(vectors, np.float64).reshape(-1, EMBEDDING) + mean_embedding()


if __name__ == "__main__":
    sys.exit(main())
