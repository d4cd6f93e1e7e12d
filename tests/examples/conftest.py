from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))  # examples are scripts beside the package, not part of it

from facefusion.faces.analyser import FaceAnalyser  # noqa: E402
from facefusion.options import FaceSelectionOptions  # noqa: E402
from talking_portrait import Event, Scene, analyser_mesh, make_scene  # noqa: E402
from talking_portrait.portrait import Image, Mesh, MeshFinder  # noqa: E402


@pytest.fixture(scope="session")
def portraits() -> dict[str, Path]:
    """The two portraits that come with the examples."""
    return {"collins": EXAMPLES / "portraits" / "astronaut.png", "hopper": EXAMPLES / "portraits" / "grace_hopper.jpg"}


@pytest.fixture(scope="session")
def analyser() -> FaceAnalyser:
    return FaceAnalyser.create(FaceSelectionOptions())


@pytest.fixture(scope="session")
def find_mesh() -> MeshFinder:
    """The product's mesh, found once for each picture."""
    find, known = analyser_mesh(), dict[bytes, Mesh]()

    def remember(image: Image) -> Mesh:
        key = np.ascontiguousarray(image[::16]).tobytes()
        if key not in known:
            known[key] = find(image)
        return known[key]

    return remember


@pytest.fixture(scope="session")
def play(portraits: dict[str, Path], find_mesh: MeshFinder) -> Callable[..., Scene]:
    """Play events with a portrait, without any idle motion unless asked for."""

    def play(*events: Event, who: str = "collins", liveliness: float = 0.0, seed: int = 0, height: int = 720) -> Scene:
        return make_scene(
            [portraits[who]],
            width=height * 16 // 9,
            height=height,
            events=events,
            seed=seed,
            liveliness=liveliness,
            find_mesh=find_mesh,
        )

    return play
