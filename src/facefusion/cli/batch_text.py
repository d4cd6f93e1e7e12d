"""How a batch looks: bars or lines while it runs, a table when it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from facefusion.cli.terminal import Terminal, one_line
from facefusion.engine.batch.jobs import BatchJob
from facefusion.engine.batch.report import BatchReport, Outcome
from facefusion.engine.batch.run import BatchListener
from facefusion.engine.batch.targets import counted
from facefusion.engine.progress import Progress

_HEADS = ("file", "status", "frames", "faces", "seconds", "frames/s", "what went wrong")


@contextmanager
def show_batch(terminal: Terminal, total: int) -> Iterator[BatchListener]:
    """Yield a listener that shows how a batch goes on in the way that suits stderr.

    Args:
        terminal: where it writes.
        total: number of jobs.
    """
    if not terminal.is_interactive or terminal.quiet:
        yield BatchLines(terminal, total)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, console=terminal.console, transient=True) as bars:
        yield BatchBars(terminal, total, bars)


class BatchLines(BatchListener):
    """A line for each job that ends, and each note once."""

    def __init__(self, terminal: Terminal, total: int) -> None:
        self._terminal = terminal
        self._total = total
        self._ended = 0
        self._notes: set[str] = set()

    def noted(self, job: BatchJob, note: str) -> None:
        """Write a note, unless another job said the same."""
        if note not in self._notes:
            self._notes.add(note)
            self._terminal.note(f"{job.target}: {note}")

    def ended(self, outcome: Outcome) -> None:
        """Write what became of a job."""
        self._ended += 1
        self._terminal.say(f"{self._ended} of {self._total}: {_line(outcome)}")


class BatchBars(BatchLines):
    """A bar for all jobs, and one for each that runs."""

    def __init__(self, terminal: Terminal, total: int, bars: Bars) -> None:
        super().__init__(terminal, total)
        self._bars = bars
        self._all = bars.add_task("all jobs", total=total)
        self._tasks: dict[int, TaskID] = {}

    def began(self, job: BatchJob) -> None:
        """Show the bar of a job."""
        self._tasks[job.number] = self._bars.add_task(one_line(job.target.name), total=None)

    def went_on(self, job: BatchJob, progress: Progress) -> None:
        """Move it."""
        self._bars.update(self._tasks[job.number], total=progress.total, completed=progress.done)

    def ended(self, outcome: Outcome) -> None:
        """Take it away."""
        super().ended(outcome)
        if (task := self._tasks.pop(outcome.job.number, None)) is not None:
            self._bars.remove_task(task)
        self._bars.advance(self._all)


def table_lines(report: BatchReport) -> Iterator[str]:
    """Yield the table of what became of each job, and a line for all of them."""
    rows = [_HEADS, *map(_cells, report.outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS) - 1)]
    for row in rows:
        yield _aligned(row, widths).rstrip()
    yield ""
    yield total_line(report)


def total_line(report: BatchReport) -> str:
    """Return what became of all jobs, in one line."""
    words = {"done": "done", "ready": "can be done", "skipped": "skipped", "failed": "failed", "stopped": "not done"}
    counts = {word: report.count(status) for status, word in words.items()}  # type: ignore[arg-type]
    facts = [f"{count} {word}" for word, count in counts.items() if count]
    if report.frames:
        rate = f"{report.frames / report.seconds:.1f} frames/s" if report.seconds else ""
        once = f"{report.at_once} at once" if report.at_once > 1 else ""
        facts += [fact for fact in (counted(report.frames, "frame"), f"{report.seconds:.1f} s", rate, once) if fact]
    return ", ".join(facts)


def _cells(outcome: Outcome) -> tuple[str, ...]:
    result, seconds = outcome.result, outcome.seconds
    name = one_line(str(outcome.job.target))
    problem = f"{outcome.code}: {one_line(outcome.problem)}" if outcome.status == "failed" else ""
    if result is None:
        goal = f"-> {one_line(str(outcome.job.output))}" if outcome.status == "ready" else problem
        return name, outcome.status, "", "", "", "", goal
    rate = f"{result.frames / seconds:.1f}" if seconds else ""
    return name, outcome.status, str(result.frames), str(result.faces), f"{seconds:.2f}", rate, ""


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Join cells: texts to the left, numbers to the right."""
    pairs = enumerate(zip(row[:-1], widths, strict=True))
    cells = [text.ljust(width) if at < 2 else text.rjust(width) for at, (text, width) in pairs]
    return "  ".join([*cells, row[-1]])


def _line(outcome: Outcome) -> str:
    result, name = outcome.result, one_line(str(outcome.job.target))
    if outcome.status == "failed":
        return f"{name}: failed ({outcome.code}): {one_line(outcome.problem)}"
    if result is None:
        return f"{name}: {outcome.status}"
    faces = counted(result.faces, "face")
    return f"{name}: {counted(result.frames, 'frame')}, {faces} edited, {outcome.seconds:.1f} s"
