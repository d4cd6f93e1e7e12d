"""Measure what several pictures of a source give over one, and how long a face file takes to build and to read."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median

from benchmarks.common import Figures, assets, command, finish, parser, pictures, table
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Portrait, Studio
from facefusion.engine.facefile.build import build_face
from facefusion.engine.facefile.file import read_face
from facefusion.faces.quality import merit, sharpness
from facefusion.options import Options
from facefusion.processors.base import SourceFace
from facefusion.processors.face_swapper.mesh.prepare import source_model

_TARGETS = ("sfhq_23*", "sfhq_30*", "sfhq_07*")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    studio, second = Studio(), MobileFaceNet(assets("models/identity/mobilefacenet_128_dynbatch.onnx"))
    people = sorted(assets("lfw_subset").iterdir())[: options.people]
    targets = [_known(studio, next(assets("pictures/synthetic").glob(f"{name}.jpg"))) for name in _TARGETS]
    cosines = _identity(studio, second, people, targets)
    print(f"{len(people)} people, three pictures each; cosine of result and a picture that was not a source\n")
    print(
        table(
            ("source", "results", "cosine"),
            [[name, len(found), f"{mean(found):.3f}"] for name, found in cosines.items()],
        )
    )
    seconds = {name: _seconds(paths, options.times) for name, paths in _given().items()}
    rows = [[name, *figures.values()] for name, figures in seconds.items()]
    print("\n" + table(("face file of", "build, s", "read, s", "MB"), rows))
    figures = {name: {"results": len(found), "cosine": mean(found)} for name, found in cosines.items()}
    return finish({"identity": figures, "face_files": seconds}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("sources", __doc__)
    made.add_argument("--people", type=int, default=40, help="people of lfw_subset (default: %(default)s)")
    made.add_argument("--times", type=int, default=5, help="builds of each face file (default: %(default)s)")
    return made.parse_args(arguments)


def _known(studio: Studio, path: Path) -> Portrait:
    portrait = studio.portrait(path)
    if portrait is None:
        raise ValueError(f"no face is found in {path}")
    return portrait


def _identity(
    studio: Studio, second: MobileFaceNet, people: Sequence[Path], targets: Sequence[Portrait]
) -> Mapping[str, list[float]]:
    """Return the cosines by what was given as a source."""
    found: dict[str, list[float]] = defaultdict(list)
    for person in people:
        portraits = [portrait for path in sorted(person.glob("*.jpg")) if (portrait := studio.portrait(path))]
        for held_out in portraits:
            wanted = second.embed(held_out)
            others = [_source(portrait) for portrait in portraits if portrait is not held_out]
            for name, sources in _choices(others):
                model = source_model(sources)
                results = [studio.swap_model(model, target) for target in targets]
                found[name] += [float(second.embed(result) @ wanted) for result in results]
    return found


def _choices(others: Sequence[SourceFace]) -> Iterator[tuple[str, Sequence[SourceFace]]]:
    yield from (("one picture, any", [other]) for other in others)
    if len(others) > 1:
        yield "one picture, the best", [max(others, key=lambda source: merit(source.face, source.sharpness))]
        yield "both pictures", others


def _source(portrait: Portrait) -> SourceFace:
    return SourceFace(portrait.image, portrait.face, sharpness(portrait.image, portrait.face))


def _given() -> dict[str, list[Path]]:
    return {
        "one picture, 1 megapixel": pictures("pictures/synthetic")[3:4],
        "two pictures": pictures("pairs")[:2],
        "a clip of 12 s": [assets("talk", "talk-d3.mp4")],
    }


def _seconds(paths: Sequence[Path], times: int) -> Figures:
    """Return seconds to build and to read a face file, the median of several times, and its size."""
    built, read = [], []
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "a.face"
        options = Options.parse({"source_paths": paths, "output_path": output})
        for _ in range(times):
            start = time.perf_counter()
            build_face(options)
            middle = time.perf_counter()
            read_face(output)
            built.append(middle - start)
            read.append(time.perf_counter() - middle)
        return {"build": median(built), "read": median(read), "megabytes": output.stat().st_size / 1e6}


if __name__ == "__main__":
    command(main)
