"""Command line of the generator."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from talking_portrait.clip import truth_path, write_clip
from talking_portrait.scene import make_scene


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a clip from the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    started = time.perf_counter()
    try:
        width, height = (int(part) for part in options.size.lower().split("x"))
        scene = make_scene(options.portrait, width=width, height=height, seconds=options.seconds, seed=options.seed)
        write_clip(
            options.output,
            scene,
            seconds=options.seconds,
            fps=options.fps,
            variable=options.variable,
            sound=not options.silent,
            seed=options.seed,
            progress=show_progress,
        )
    except (OSError, ValueError) as error:
        print(f"make_clip: {error}", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - started
    print(f"\n{options.output} in {seconds:.1f} s; what is true of it: {truth_path(options.output)}")
    return 0


def show_progress(done: int, total: int) -> None:
    """Show how far it is: on a terminal in place, elsewhere every fifth part."""
    if sys.stderr.isatty():
        print(f"\r  drawing frame {done} of {total}", end="", file=sys.stderr, flush=True)
    elif done * 5 // total != (done - 1) * 5 // total:
        print(f"  drawing frame {done} of {total}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make_clip", description="Animate a portrait into a talking clip.")
    parser.add_argument("portrait", type=Path, nargs="+", help="picture of one person; several stand side by side")
    parser.add_argument("-o", "--output", type=Path, default=Path("out/clip.mp4"), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=10.0, help="length (default: %(default)s)")
    parser.add_argument("--size", default="1280x720", help="width x height in pixels (default: %(default)s)")
    parser.add_argument("--fps", type=Fraction, default=Fraction(25), help="frames per second, 30000/1001 is possible")
    parser.add_argument("--variable", action="store_true", help="irregular distances between frames")
    parser.add_argument("--silent", action="store_true", help="without sound")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another clip")
    return parser


if __name__ == "__main__":
    sys.exit(main())
