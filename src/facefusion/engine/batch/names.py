"""Names of outputs, made from those of targets."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from facefusion.engine.batch.targets import Target
from facefusion.errors import InputError, OptionsError
from facefusion.media.forms import output_form, written_suffixes
from facefusion.media.sniff import open_input, sniff

DEFAULT_NAME: Final = "{stem}{suffix}"
_FIELDS: Final = ("stem", "suffix", "name", "folder", "number", "source")


@dataclass(frozen=True, slots=True)
class NamePattern:
    """How outputs are called.

    Attributes:
        folder: below which they go; beside each target when None.
        template: a name with fields, see `parse`.
    """

    folder: Path | None
    template: str = DEFAULT_NAME

    @classmethod
    def parse(cls, folder: Path | None, template: str) -> Self:
        """Check a template.

        Args:
            folder: below which outputs go; beside each target when None.
            template: a file's name in which `{stem}`, `{suffix}` (with its dot; of forms that are only read that of the
                usual form instead), `{name}` (both), `{folder}` (the name of the target's folder), `{number}` (from 1;
                `{number:04}` with zeros) and `{source}` (the first source's stem) stand for those of each target.

        Raises:
            OptionsError: a field is unknown or cannot be shown as asked.
        """
        made = cls(folder, template)
        try:
            fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
            made.of(Target(Path("a/b.mp4")), 1, [])
        except (ValueError, LookupError, AttributeError) as error:
            raise OptionsError(
                f"The name template {template!r} is not understood ({error})",
                f"Fields are {', '.join(f'{{{name}}}' for name in _FIELDS)}",
            ) from error
        if not fields - {"folder", "source", "suffix"}:
            raise OptionsError(
                f"The name template {template!r} gives all outputs one name", "Put {stem}, {name} or {number} in it"
            )
        return made

    def holds(self, output: Path) -> bool:
        """Return whether an output lies below the folder for them."""
        return self.folder is not None and output.is_relative_to(self.folder)

    def of(self, target: Target, number: int, sources: Sequence[Path]) -> Path:
        """Return the path of the output of a target.

        Args:
            target: the target; its place below the folder where it was found is kept.
            number: of the job, from 1.
            sources: of the job.
        """
        suffix = written_suffix(target.path)
        name = self.template.format(
            stem=target.path.stem,
            suffix=suffix,
            name=target.path.stem + suffix,
            folder=target.path.absolute().parent.name,
            number=number,
            source=sources[0].stem if sources else "",
        )
        return (target.path.parent if self.folder is None else self.folder / target.folder) / name


def written_suffix(path: Path) -> str:
    """Return the ending of a target as an output may have it: that of MP4 or PNG for what is only read."""
    if path.suffix.lower() in written_suffixes():
        return path.suffix
    try:
        with open_input(path) as file:
            kind = sniff(file, path).kind
    except InputError:
        return ".mp4"  # what is wrong with it is told when it is read
    return ".png" if kind == "picture" else output_form(Path("a.mp4")).suffixes[0]
