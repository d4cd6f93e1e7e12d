"""What the networks of a job cost: their multiplications, counted from their graphs, and their time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from benchmarks.common import Figures
from benchmarks.flops import count_macs, without_weights

PACK = "facefusion.inference"
_PACKAGED = {"nudenet_320n": "nudenet"}
"""Models by the package that brings their weights."""


def model_figures(runs: Sequence[Figures], folder: Path) -> list[Figures]:
    """Return for each model its runs, crops, seconds and multiply-accumulates, the most costly first.

    Args:
        runs: by model and shapes of inputs, as `benchmarks.job` reports them.
        folder: of generated models, searched before the bundled ones.
    """
    found: dict[str, Figures] = {}
    files = {run["model"]: _file(run["model"], folder) for run in runs}
    graphs = {model: without_weights(file.read_bytes()) for model, file in files.items() if file is not None}
    for run in runs:
        file, items = files[run["model"]], next(iter(run["shapes"].values()))[0]
        macs = run["runs"] * count_macs(graphs[run["model"]], run["shapes"]) if file else 0
        one = {"runs": run["runs"], "items": run["runs"] * items, "seconds": run["seconds"], "macs": macs}
        known = found.setdefault(run["model"], {"model": run["model"], "bytes": file.stat().st_size if file else 0})
        known |= {name: known.get(name, 0) + value for name, value in one.items()}
        sizes = known.setdefault("batches", {})
        sizes[str(items)] = sizes.get(str(items), 0) + run["runs"]
    return sorted(found.values(), key=lambda model: -model["seconds"])


def usual_batch(models: Sequence[Mapping[str, Figures]], name: str) -> int:
    """Return how many crops most crops of a model went through it with."""
    batches = next((model["batches"] for model in models if model["model"] == name), {"1": 1})
    return max((int(size) for size in batches), key=lambda size: size * batches[str(size)])


def _file(model: str, folder: Path) -> Path | None:
    """Return the weights of a generated or a bundled model, or of one that another package brings; None of others."""
    pack = Path(str(resources.files(PACK) / "pack"))
    places = [folder / f"{model}.onnx", pack / f"{model}.onnx"]
    package = find_spec(_PACKAGED[model]) if model in _PACKAGED else None
    if package is not None and package.origin:
        places.append(Path(package.origin).parent / f"{model.partition('_')[2]}.onnx")
    return next((path for path in places if path.is_file()), None)
