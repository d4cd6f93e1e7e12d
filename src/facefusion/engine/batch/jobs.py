"""The jobs of a batch, checked against one another before any work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facefusion.engine.batch.names import NamePattern
from facefusion.engine.batch.table import Row
from facefusion.engine.batch.targets import Target, Targets, counted
from facefusion.engine.casting import map_inputs
from facefusion.engine.inputs import further_inputs
from facefusion.errors import BatchError, FaceFusionError, OptionsError
from facefusion.media.encoding.choose import VideoWish
from facefusion.options import Options
from facefusion.processors.chained.links import chain_links
from facefusion.processors.registry import resolve_processors

Load = Callable[[Mapping[str, Any]], Options]
"""Makes options of values by name; see `facefusion.options.load_options`."""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One job of a batch.

    Attributes:
        number: from 1, in the order in which jobs begin.
        place: how messages call it: its row, or its target.
        options: all of its options.
        row: its row in the table; None where there is none.
        makes: folder that is made for its output where it is not there; None where it must be there.
    """

    number: int
    place: str
    options: Options
    row: int | None = None
    makes: Path | None = None

    @property
    def target(self) -> Path:
        """The file to be worked on."""
        assert self.options.target_path is not None  # jobs are made with both
        return self.options.target_path

    @property
    def output(self) -> Path:
        """The file to write."""
        assert self.options.output_path is not None
        return self.options.output_path


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that go together.

    Attributes:
        jobs: in the order in which they begin.
        notes: what people should know of them; one sentence each.
    """

    jobs: tuple[BatchJob, ...]
    notes: tuple[str, ...] = ()


def jobs_of_targets(targets: Targets, pattern: NamePattern, values: Mapping[str, Any], load: Load) -> Batch:
    """Return a job for each target, all with the same options.

    What was found in a folder is left out where it is itself the output of another target, as it is when the same batch
    was run before.

    Args:
        targets: what is worked on.
        pattern: how outputs are called.
        values: options of all jobs, by name.
        load: makes options of them.

    Raises:
        OptionsError: an option is impossible.
        BatchError: jobs do not go together.
    """
    options = load(values)
    named = [(target, pattern.of(target, at, options.source_paths)) for at, target in enumerate(targets.found, 1)]
    made = {_place(output) for target, output in named if _place(output) != _place(target.path)}
    kept = [pair for pair in named if not (pair[0].is_found and _is_output(pair[0], made, pattern.folder))]
    notes = list(targets.notes)
    if left_out := len(named) - len(kept):
        notes.append(f"Left out, as this batch writes it: {counted(left_out, 'file')}")
    jobs = [
        BatchJob(number, str(target.path), options.model_copy(update=_paths(target, output)), makes=output.parent)
        for number, (target, output) in enumerate(kept, 1)
    ]
    return _checked(jobs, [], notes)


def jobs_of_rows(rows: Sequence[Row], table: str, pattern: NamePattern, values: Mapping[str, Any], load: Load) -> Batch:
    """Return a job for each row of a table; what a row says goes before what holds for all.

    Args:
        rows: of the table.
        table: how messages call it; empty where rows are jobs of a call.
        pattern: how outputs are called that rows do not name.
        values: options of all jobs, by name.
        load: makes options of values.

    Raises:
        BatchError: a row is not understood, or jobs do not go together; all such rows are named.
    """
    jobs: list[BatchJob] = []
    problems: list[tuple[int, str]] = []
    for row in rows:
        place = f"{table}, row {row.number}" if table else f"job {row.number}"
        try:
            options = _of_row(row, pattern, values, load)
            makes = options.output_path.parent if options.output_path and pattern.holds(options.output_path) else None
            jobs.append(BatchJob(len(jobs) + 1, place, options, row.number, makes))
        except FaceFusionError as error:
            problems.append((row.number, f"{place}: {error}"))
    return _checked(jobs, problems, [])


def _of_row(row: Row, pattern: NamePattern, values: Mapping[str, Any], load: Load) -> Options:
    if row.problem:
        raise OptionsError(row.problem[:1].upper() + row.problem[1:], "Put texts with commas in quotes")
    options = load({**values, **row.values})
    if options.target_path is None:
        raise OptionsError("There is no target", "Name the picture or video in the column target")
    if options.output_path is not None:
        return options
    if pattern.folder is None:
        raise OptionsError("There is no output", "Name it in the column output, or a folder with --output-dir")
    output = pattern.of(Target(options.target_path), row.number, options.source_paths)
    return options.model_copy(update={"output_path": output})


def _paths(target: Target, output: Path) -> dict[str, Path]:
    return {"target_path": target.path, "output_path": output}


def _is_output(target: Target, made: set[str], folder: Path | None) -> bool:
    """Whether something that was found is an output: by its name, or as it lies in a folder of outputs within."""
    place = _place(target.path)
    if place in made or folder is None or target.root is None:
        return place in made
    outputs, root = Path(_place(folder)), Path(_place(target.root))
    return outputs != root and outputs.is_relative_to(root) and Path(place).is_relative_to(outputs)


def _checked(jobs: Sequence[BatchJob], problems: Sequence[tuple[int, str]], notes: Sequence[str]) -> Batch:
    problems = sorted([*problems, *_conflicts(jobs)])
    if problems:
        raise BatchError.of([text for _, text in problems])
    return Batch(tuple(jobs), tuple(notes))


def _conflicts(jobs: Sequence[BatchJob]) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with jobs that write what others write or read, with the number of row or job."""
    read: dict[str, BatchJob] = {}
    for job in jobs:
        for path in _inputs(job.options):
            read.setdefault(_place(path), job)
    written: dict[str, BatchJob] = {}
    for job in jobs:
        for path in _outputs(job.options):
            place = _place(path)
            if (other := written.setdefault(place, job)) is not job:
                yield job.row or job.number, f"{job.place}: its output {path} is also that of {other.place}"
            if place in read:
                whose = "one of its own inputs" if read[place] is job else f"an input of {read[place].place}"
                yield job.row or job.number, f"{job.place}: its output {path} is {whose}"


def _inputs(options: Options) -> list[Path]:
    given = (options.target_path, options.faces.reference_face_path, options.lip_syncer.source_audio)
    paths = [*(path for path in given if path is not None), *options.source_paths, *map_inputs(options)]
    with suppress(FaceFusionError):  # told when the job's turn comes
        paths += further_inputs(chain_links(options, resolve_processors(options.processors)))
    return paths


def _outputs(options: Options) -> list[Path]:
    given = (options.output_path, options.output.thumbnail, options.output.contact_sheet)
    paths = [path for path in given if path is not None]
    with suppress(OptionsError):  # told when the job's turn comes
        paths += [VideoWish.parse_rendition(text, options.output)[0] for text in options.output.renditions]
    return paths


def _place(path: Path) -> str:
    """Return what two paths have in common that are one file."""
    return os.path.normcase(os.path.realpath(path))
