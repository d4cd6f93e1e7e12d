"""Kill a job again and again at random moments, let `resume` finish it, and compare with a job that nobody killed."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clips import SOURCE
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.kill_clip import digests, file_digest, uneven_clip

_BETWEEN = 0.2
"""Mean time between kills, as a share of the time that the job takes when nobody kills it."""
_MORE_PATIENCE = 1.1
"""Factor on that after each run that finished nothing."""
_EARLIEST = 0.05
"""Earliest moment of a kill, in seconds after the process was started."""


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the job.

    Attributes:
        seconds: from its start to its end.
        before: frames that it took over from earlier runs; None when it was killed before it had said so.
        done: frames that were edited when it ended, those taken over included.
        is_killed: whether it was killed before it was finished.
        start_up: seconds until the first frames were edited; None when it was killed before that.
    """

    seconds: float
    before: int | None
    done: int
    is_killed: bool
    start_up: float | None


@dataclass(slots=True)
class Chain:
    """The runs that one output took.

    Attributes:
        runs: in order.
        is_same: whether frames, their times and the packets of sound are those of the job that was not killed.
        is_same_file: whether all bytes are.
        left: names of what was left beside the output by a run that came to its end; one that is killed when its
            output is in place leaves its folder to the next.
    """

    runs: list[Run] = field(default_factory=list)
    is_same: bool = False
    is_same_file: bool = False
    left: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How often it was killed."""
        return sum(run.is_killed for run in self.runs)

    def repeated(self) -> list[int]:
        """Return for each kill how many of the frames edited before it were edited anew after it."""
        counts, reached = [], 0
        for run in self.runs:
            if run.before is not None:
                if reached:
                    counts.append(reached - run.before)
                reached = run.done
        return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    clip = uneven_clip(options.clips, options.seconds, options.width)
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), clip, options)
        reference = bench.undisturbed()
        chains: list[Chain] = []
        while sum(chain.kills for chain in chains) < options.kills:
            chains.append(bench.disturbed())
            _tell(chains, options.kills)
    found = figures(chains, reference, options)
    report(found)
    return finish(found, options.json) or int(not found["all_same"] or found["most_repeated"] > options.segment)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("kills", __doc__)
    made.add_argument("--kills", type=int, default=200, help="how often to kill (default: %(default)s)")
    made.add_argument("--seconds", type=int, default=60, help="length of the clip (default: %(default)s)")
    made.add_argument("--width", type=int, default=320, help="of the clip, in pixels (default: %(default)s)")
    made.add_argument("--segment", type=int, default=100, help="frames in a segment (default: %(default)s)")
    made.add_argument("--container", default="mp4", help="form of the output (default: %(default)s)")
    made.add_argument("--seed", type=int, default=1, help="of the moments (default: %(default)s)")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    return made.parse_args(arguments)


class Bench:
    """Runs the job, killed or not.

    Args:
        folder: an empty folder.
        clip: the target.
        options: of the command line.
    """

    def __init__(self, folder: Path, clip: Path, options: argparse.Namespace) -> None:
        self._folder = folder
        self._clip = clip.resolve()
        self._options = options
        self._random = random.Random(options.seed)
        self._seconds = self._start_up = 0.0
        self._frames = 0
        self._reference: dict[str, str] = {}
        self._log = folder / "log"
        self._out = folder / "out"
        self._out.mkdir()
        self._output = self._out / f"result.{options.container}"

    def undisturbed(self) -> Figures:
        """Run the job once without a kill; what it gives is what all others must give."""
        run = self._run(None)
        self._seconds, self._start_up, self._frames = run.seconds, run.start_up or 0.0, run.done
        self._reference = digests(self._output)
        left = sorted(path.name for path in self._out.iterdir() if path != self._output)
        self._output.unlink()
        return {"seconds": run.seconds, "frames": run.done, "left": left}

    def disturbed(self) -> Chain:
        """Run the job until it is done, killing it at moments that are independent of one another and of the job."""
        chain, finished, patience = Chain(), 0, 1.0
        # A run that is killed when its output is in place, but before it ends, leaves nothing to resume.
        while not self._output.exists():
            mean = patience * max(self._start_up, _BETWEEN * self._seconds)
            run = self._run(_EARLIEST + self._random.expovariate(1 / mean))
            chain.runs.append(run)
            self._start_up = max(self._start_up, run.start_up or 0.0)
            reached = max(finished, run.done // self._options.segment * self._options.segment)
            # On a machine that is busy with other things, a job may never get as far as it is expected to.
            finished, patience = reached, 1.0 if reached > finished else patience * _MORE_PATIENCE
        chain.is_same_file = file_digest(self._output) == self._reference["file"]
        chain.is_same = chain.is_same_file or _same(digests(self._output), self._reference)
        if not chain.runs[-1].is_killed:
            chain.left = sorted(path.name for path in self._out.iterdir() if path != self._output)
        shutil.rmtree(self._out)
        self._out.mkdir()
        return chain

    def _run(self, deadline: float | None) -> Run:
        """Start the job, and kill it and all that it started after so many seconds."""
        self._log.unlink(missing_ok=True)
        values = {
            "source_paths": [str(SOURCE)],
            "target_path": str(self._clip),
            "output_path": str(self._output),
            "output_video_preset": "veryfast",
            "video_chunk_size": self._options.segment,
            "resume": True,
        }
        job = [sys.executable, "-m", "benchmarks.kill_job", json.dumps(values), str(self._log)]
        start = time.time()
        with subprocess.Popen(job, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            try:
                _, errors = process.communicate(timeout=deadline)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the job failed: {errors}")
        return self._seen(start, is_killed=process.returncode != 0)

    def _seen(self, start: float, *, is_killed: bool) -> Run:
        """Read how far a run came."""
        seconds = time.time() - start
        # The kill may have cut the last line.
        lines = self._log.read_text("ascii").splitlines(keepends=True) if self._log.exists() else []
        whole = [line.split() for line in lines if line.endswith("\n")]
        if not whole:
            return Run(seconds, None, 0, is_killed, None)
        first, last = whole[0], whole[-1]
        return Run(seconds, int(first[1]), int(last[0]), is_killed, float(first[2]) - start)


def _same(one: dict[str, str], other: dict[str, str]) -> bool:
    return all(one[name] == other[name] for name in ("frames", "times", "sound"))


def figures(chains: Sequence[Chain], reference: Figures, options: argparse.Namespace) -> Figures:
    """Return what was found."""
    repeated = [count for chain in chains for count in chain.repeated()]
    killed = [run for chain in chains for run in chain.runs if run.is_killed]
    return {
        "clip_seconds": options.seconds,
        "frames": reference["frames"],
        "seconds_undisturbed": reference["seconds"],
        "segment": options.segment,
        "kills": len(killed),
        "kills_before_the_first_frame": sum(run.before is None for run in killed),
        "kills_after_the_last_frame": sum(run.before is not None and run.done == reference["frames"] for run in killed),
        "outputs": len(chains),
        "same": sum(chain.is_same for chain in chains),
        "same_file": sum(chain.is_same_file for chain in chains),
        "all_same": all(chain.is_same for chain in chains),
        "repeated": repeated,
        "most_repeated": max(repeated, default=0),
        "mean_repeated": sum(repeated) / max(len(repeated), 1),
        "left_behind": sorted(name for chain in chains for name in chain.left),
    }


def _tell(chains: Sequence[Chain], wanted: int) -> None:
    chain = chains[-1]
    kills = sum(each.kills for each in chains)
    same = "same" if chain.is_same else "DIFFERENT"
    print(
        f"{kills}/{wanted} kills; output {len(chains)} after {chain.kills}: {same}, repeated {chain.repeated()}",
        flush=True,
    )


def report(found: Figures) -> None:
    """Print the figures."""
    rows = [
        ["clip, s (frames)", f"{found['clip_seconds']} ({found['frames']})"],
        ["job that nobody kills, s", found["seconds_undisturbed"]],
        ["kills", found["kills"]],
        ["of these before the first frame", found["kills_before_the_first_frame"]],
        ["of these after the last frame", found["kills_after_the_last_frame"]],
        ["outputs finished", found["outputs"]],
        ["of these with the same frames, times and sound", found["same"]],
        ["of these the same to the byte", found["same_file"]],
        ["frames in a segment", found["segment"]],
        ["frames edited anew after a kill, at most", found["most_repeated"]],
        ["frames edited anew after a kill, mean", found["mean_repeated"]],
        ["files left beside the outputs", len(found["left_behind"])],
    ]
    print("\n" + table(["", "resumed"], rows))


if __name__ == "__main__":
    command(main)
