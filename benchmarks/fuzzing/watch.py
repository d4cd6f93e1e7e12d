"""A worker under watch: asked to read files, replaced when it dies or hangs."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.common import ROOT
from benchmarks.fuzzing import trace
from benchmarks.fuzzing.case import Case, Result

_START = 120.0  # seconds
_WORKER = (sys.executable, "-m", "benchmarks.fuzzing.worker")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may take.

    Attributes:
        seconds: after which reading it counts as hanging.
        memory: most resident memory of the process, in MiB.
        limits: of the product.
    """

    seconds: float
    memory: float
    limits: Mapping[str, object]


class WorkerError(Exception):
    """A worker does not start."""


class Watched:
    """A worker that handles many files, and is started anew when one was too much for it.

    Args:
        folder: an empty one of its own.
        sound: files that it reads first, so that all code is loaded.
        bounds: what a file may take.
        worker: the command that runs it.
    """

    def __init__(self, folder: Path, sound: Sequence[Path], bounds: Bounds, worker: Sequence[str] = _WORKER) -> None:
        self._folder, self._sound, self._bounds, self._worker = folder, sound, bounds, worker
        self._inputs, self._outputs = folder / "in", folder / "out"
        for place in (self._inputs, self._outputs):
            place.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._pid = 0
        self._files = 0
        self._told = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        self._end()

    def read(self, case: Case) -> Result:
        """Have a file read.

        Raises:
            WorkerError: the worker does not start.
        """
        if self._process is None:
            self._start()
        path = self._inputs / f"{case.number}{case.suffix}"
        path.write_bytes(case.content)
        result = Result(case)
        self._forget_peak()
        start = time.monotonic()
        answer = self._ask({"number": case.number, "path": str(path), "ways": case.ways})
        result.seconds = time.monotonic() - start
        if answer is None:
            self._bury(result)
        else:
            self._take(answer, result)
        path.unlink()
        return result

    def trespasses(self) -> list[tuple[int, str, str]]:
        """End the worker; return what all of them asked of the system and must not: number of the file, kind, call."""
        self._end()
        records = sorted(self._folder.glob("*.strace"))
        return [found for record in records for found in trace.findings(record, self._inputs, self._outputs)]

    def _start(self) -> None:
        self._starts += 1
        order = {
            "folder": str(self._outputs),
            "limits": dict(self._bounds.limits),
            "sound": [str(path) for path in self._sound],
        }
        command = [*self._worker, json.dumps(order)]
        if trace.is_available():
            command = trace.watched(command, self._folder / f"{self._starts:04d}.strace")
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=-1, stdout=-1, stderr=errors, start_new_session=True
            )
        hello = self._answer(_START)
        if hello is None:
            raise WorkerError(self._errors.read_text("utf-8", "replace"))
        self._pid = hello["pid"]
        self._files = self._open_files()
        self._told = self._errors.stat().st_size

    @property
    def _errors(self) -> Path:
        """Where standard error goes."""
        return self._folder / "stderr"

    def _ask(self, task: Mapping[str, object]) -> dict[str, Any] | None:
        process = self._process
        assert process is not None and process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(task).encode() + b"\n")
            process.stdin.flush()
            return self._answer(self._bounds.seconds)
        return None

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """Return the next answer; None where none comes in time."""
        assert self._process is not None and self._process.stdout is not None
        pipe, got, end = self._process.stdout.fileno(), b"", time.monotonic() + seconds
        while not got.endswith(b"\n"):
            if not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            part = os.read(pipe, 1 << 16)
            if not part:
                return None
            got += part
        answer: dict[str, Any] = json.loads(got)
        return answer

    def _take(self, answer: dict[str, Any], result: Result) -> None:
        """Hold what a worker says, and what is seen of it, against the bounds."""
        result.outcome, result.stage, result.says = answer["outcome"], answer["stage"], answer["says"]
        result.peak = self._peak()
        if answer["wrong"]:
            result.add("error", f"{answer['stage']}: {answer['wrong']}")
        if result.peak > self._bounds.memory:
            result.add("memory", f"{result.peak:.0f} MiB")
        if result.case.outcomes and result.outcome not in result.case.outcomes:
            result.add("error", f"{result.outcome} ({result.says}) instead of {' or '.join(result.case.outcomes)}")
        if (files := self._open_files()) > self._files:
            result.add("error", f"{files - self._files} files are left open")
            self._files = files
        if printed := self._printed():
            result.add("stderr", printed)

    def _bury(self, result: Result) -> None:
        """End a worker that gave no answer, and say why it did not."""
        assert self._process is not None
        is_slow = result.seconds >= self._bounds.seconds
        if not is_slow:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        code = self._process.poll()
        text = f"after {result.seconds:.1f} s" if is_slow else f"ended with {code}"
        self._end()
        result.add("hang" if is_slow else "crash", f"{text}\n{self._printed()}")

    def _end(self) -> None:
        """End the worker and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()

    def _printed(self) -> str:
        """Return what came on standard error since the last time."""
        with self._errors.open("rb") as file:
            file.seek(self._told)
            text = file.read()
        self._told += len(text)
        return text.decode("utf-8", "replace")

    def _forget_peak(self) -> None:
        with suppress(OSError):
            Path(f"/proc/{self._pid}/clear_refs").write_text("5", "ascii")

    def _peak(self) -> float:
        """Return the most resident memory since it was forgotten, in MiB."""
        with suppress(OSError):
            for line in Path(f"/proc/{self._pid}/status").read_text("ascii").splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def _open_files(self) -> int:
        with suppress(OSError):
            return len(os.listdir(f"/proc/{self._pid}/fd"))  # noqa: PTH208 - of a process that may be gone
        return 0
