"""What a batch is made of, as people ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facefusion.engine.batch.jobs import Batch, Load, jobs_of_rows, jobs_of_targets
from facefusion.engine.batch.names import DEFAULT_NAME, NamePattern
from facefusion.engine.batch.table import Row, read_table
from facefusion.engine.batch.targets import find_targets
from facefusion.errors import OptionsError


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """Which jobs are wanted: of targets, of a table, or each by itself.

    Attributes:
        targets: files, globs and folders; all get the same options.
        table: a CSV file whose columns are options, one job a row.
        jobs: the options of each job, by name.
        output_dir: folder below which outputs go that have no name of their own.
        name: how they are called there; see `facefusion.engine.batch.names.NamePattern.parse`.
        recursive: whether folders within folders are looked into.
    """

    targets: tuple[str | Path, ...] = ()
    table: Path | None = None
    jobs: tuple[Mapping[str, Any], ...] = ()
    output_dir: Path | None = None
    name: str = DEFAULT_NAME
    recursive: bool = False

    def batch(self, values: Mapping[str, Any], load: Load) -> Batch:
        """Return the jobs, checked against one another.

        Args:
            values: options of all jobs, by name.
            load: makes options of values.

        Raises:
            OptionsError: nothing is asked for, or too much at once, or an option is impossible.
            BatchError: a job is not understood, or jobs do not go together.
            InputError: the table cannot be read.
        """
        if sum(map(bool, (self.targets, self.table, self.jobs))) != 1:
            raise OptionsError(
                "A batch is made of targets or of a table of jobs", "Name files, folders or globs, or --table jobs.csv"
            )
        pattern = NamePattern.parse(self.output_dir, self.name)
        if self.table is not None:
            return jobs_of_rows(read_table(self.table), str(self.table), pattern, values, load)
        if self.jobs:
            rows = [Row(number, values) for number, values in enumerate(self.jobs, 1)]
            return jobs_of_rows(rows, "", pattern, values, load)
        if self.output_dir is None and self.name == DEFAULT_NAME:
            raise OptionsError(
                "Outputs would replace their targets", "Name a folder with --output-dir, or names with --name"
            )
        found = find_targets(self.targets, recursive=self.recursive)
        if not found.found:
            raise OptionsError(f"There is nothing to do: {'; '.join(found.notes)}", "Name pictures or videos")
        return jobs_of_targets(found, pattern, values, load)
