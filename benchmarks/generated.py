"""A folder of generated models with a catalogue of its own, which jobs find as they find a user's own models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.networks import identity_swapper, recogniser

CHANNELS: Mapping[str, int] = {"tiny": 128, "small": 256, "medium": 512, "large": 1024}
"""Swappers by their name, with the channels of their residual blocks: 2, 8, 30 and 121 GMAC for each face."""
MESH = "mesh"
_RECOGNISER = "benchmark_recogniser"


def swapper_name(swapper: str) -> str:
    """Return the name that a generated swapper has in the catalogue; the bundled one has its own."""
    return swapper if swapper == MESH else f"benchmark_swapper_{swapper}"


def weights(folder: Path, swapper: str) -> Path:
    """Return the file of a generated swapper."""
    return folder / f"{swapper_name(swapper)}.onnx"


def models_folder(folder: Path, swapper: str) -> Path:
    """Return a folder that holds a generated swapper, with what it requires, made once and kept.

    Args:
        folder: where the models are kept.
        swapper: one of `CHANNELS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entry = folder / f"{swapper}.json"
    if not (entry.is_file() and weights(folder, swapper).is_file()):
        name = swapper_name(swapper)
        made = [
            _put(folder, _RECOGNISER, "face_recogniser", "arcface", recogniser),
            _put(folder, name, "face_swapper", "inswapper", lambda: identity_swapper(CHANNELS[swapper]))
            | {"requires": [_RECOGNISER]},
        ]
        entry.write_text(json.dumps(made), "utf-8")
    cards = {card["name"]: card for path in folder.glob("*.json") for card in json.loads(path.read_text("utf-8"))}
    (folder / "models.toml").write_text("\n".join(_toml(card) for card in cards.values()), "utf-8")
    return folder


def _put(folder: Path, name: str, task: str, family: str, make: Callable[[], bytes]) -> dict[str, Any]:
    content = make()
    (folder / f"{name}.onnx").write_bytes(content)
    facts = {"name": name, "task": task, "family": family, "file": f"{name}.onnx", "bytes": len(content)}
    return facts | {"sha256": hashlib.sha256(content).hexdigest(), "licence": "CC0-1.0", "commercial": True}


def _toml(card: Mapping[str, Any]) -> str:
    return "\n".join(["[[model]]", *(f"{name} = {json.dumps(value)}" for name, value in card.items())])
