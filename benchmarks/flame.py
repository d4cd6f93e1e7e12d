"""Draw where the CPU time of a warm job goes: `python -m benchmarks.flame`, into docs/images/flame.svg.

py-spy (requirements/bench.in) looks two hundred times a second at what each of the program's threads is at, if it
computes. What belongs to starting, to preparing the job and to joining its output is left out. Threads of the codecs
and of the runtime are no Python, and so are not seen.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.clips import SOURCE
from benchmarks.common import ROOT, MissingAssetsError, command, finish, parser, table
from benchmarks.generated import CHANNELS, MESH
from benchmarks.speed.flames import Frame, Stack, draw, grown
from benchmarks.speed.setting import SIZES, Setting, option_flags

RATE = 200
_PLUMBING = ("engine/run", "engine/video", "engine/channel", "engine/clock", "engine/segments/cut")
"""Modules that hold the stages together; what they call is what is of interest."""
_INLINE = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")
_NOT_WARM = {"_prepare", "make_plan", "join_outputs", "<module>", "_find_and_load", "Fingerprint.of"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    stacks = Counter(dict(warm(_sampled(options))))
    if not stacks:
        raise MissingAssetsError("py-spy saw nothing of the job; a longer clip (--seconds) may help")
    root = grown(stacks)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    title = f"CPU time of Python's threads: {options.swapper} swapper, {options.size} lines, {root.count} samples"
    options.output.write_text(draw(root, title), "utf-8")
    shares = sorted(
        ((frame, 100 * count / root.count) for frame, count in own_time(stacks).items()), key=lambda each: -each[1]
    )
    rows = [[frame.name, frame.module, share] for frame, share in shares[:20]]
    print(table(("function", "module", "own time, %"), rows))
    print(f"\n{options.output}: {options.output.stat().st_size / 1e3:.0f} kB")
    own = [{"function": frame.name, "module": frame.module, "share": share} for frame, share in shares]
    return finish({"samples": root.count, "own_time": own}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("flame", __doc__)
    made.add_argument("--swapper", choices=[MESH, *CHANNELS], default=MESH, help="(default: %(default)s)")
    made.add_argument("--size", type=int, choices=SIZES, default=720, help="lines of the clip (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=20, help="length of the clip (default: %(default)s)")
    made.add_argument(
        "--output", type=Path, default=ROOT / "docs/images/flame.svg", help="picture to write (default: docs/images)"
    )
    made.add_argument(
        "--kept",
        type=Path,
        default=Path("out/benchmarks"),
        help="where clips and models are kept (default: %(default)s)",
    )
    return made.parse_args(arguments)


def _sampled(options: argparse.Namespace) -> list[str]:
    """Return the stacks that py-spy saw of a job of the program, one to a line, with how often."""
    spy = shutil.which("py-spy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if spy is None:
        raise MissingAssetsError("py-spy is not installed: pip install --requirement requirements/bench.txt")
    setting = Setting(options.swapper, options.size, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        raw, output = Path(folder) / "raw.txt", Path(folder) / "result.mp4"
        job = [sys.executable, "-m", "facefusion", "--source", str(SOURCE), "--output", str(output)]
        job += ["--target", str(setting.clip(options.kept / "clips")), *option_flags(setting, options.kept)]
        line = [spy, "record", "--format", "raw", "--rate", str(RATE), "--function", "--output", str(raw), "--", *job]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if not raw.is_file():
            raise MissingAssetsError(f"py-spy could not look at the job: {done.stderr.strip().splitlines()[-1]}")
        return raw.read_text("utf-8").splitlines()


def warm(lines: Sequence[str]) -> Iterator[tuple[Stack, int]]:
    """Yield the stacks of the stages, from what the engine calls on, and how often each was seen.

    Args:
        lines: `function (file:line);function (file:line) count`, the outermost first.
    """
    found: Counter[Stack] = Counter()
    for line in lines:
        text, _, count = line.rpartition(" ")
        stack = [Frame.of(part) for part in text.split(";")]
        start = max((n + 1 for n, frame in enumerate(stack) if frame.module.startswith(_PLUMBING)), default=0)
        inner = [frame for frame in stack[start:] if not frame.name.endswith(_INLINE)]
        is_waiting = stack[-1].module == "threading"
        if start and inner and not is_waiting and not any(frame.name in _NOT_WARM for frame in stack[_outer(stack) :]):
            found[tuple(inner)] += int(count)
    yield from found.items()


def _outer(stack: Sequence[Frame]) -> int:
    """Return where the product begins in a stack: the program's own start is a module too."""
    return next((n for n, frame in enumerate(stack) if frame.module.startswith("engine/")), 0)


def own_time(stacks: Counter[Stack]) -> Counter[Frame]:
    """Return how often each function was the innermost one."""
    own: Counter[Frame] = Counter()
    for stack, count in stacks.items():
        own[stack[-1]] += count
    return own


if __name__ == "__main__":
    command(main)
