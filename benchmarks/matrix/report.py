"""The table of what was found, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.common import Figures
from benchmarks.matrix.case import Case
from benchmarks.matrix.row import Row
from benchmarks.matrix.stills import Still

_HEADS = (
    "made file",
    "from",
    "to",
    "frames",
    "off, ms",
    "colour",
    "samples",
    "beside an edit",
    "sound",
    "kept",
    "remarks",
)
_BEGIN, _END = "<!-- begin: written by benchmarks.media_table -->", "<!-- end: written by benchmarks.media_table -->"
_NOTHING = "–"


def figures(rows: Sequence[Row]) -> Figures:
    """Return everything that was found as JSON values."""
    return {
        "files": len(rows),
        "wrong": sum(bool(row.wrong) for row in rows),
        "rows": [
            {
                "group": row.case.group,
                "name": row.case.name,
                "file": row.case.file,
                "to": row.case.to,
                "frames": list(row.frames),
                "times": row.times,
                "seen": row.seen,
                "colour": row.colour,
                "depth": row.depth,
                "samples": row.samples,
                "edit": row.edit,
                "upright": row.upright,
                "sounds": list(row.sounds),
                "kept": row.kept,
                "remark": row.case.remark,
                "wrong": row.wrong,
            }
            for row in rows
        ],
    }


def markdown(rows: Sequence[Row]) -> str:
    """Return a summary, and a table for each group of files."""
    parts = [_summary(rows)]
    for group, members in groupby(rows, key=lambda row: row.case.group):
        parts += [f"### {group}", _table([list(_cells(row)) for row in members])]
    return "\n\n".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table without the columns that say nothing."""
    shown = [place for place in range(len(_HEADS)) if {row[place] for row in rows} - {_NOTHING}]
    head, *lines = (f"| {' | '.join(line[place] for place in shown)} |" for line in (_HEADS, *rows))
    return "\n".join((head, "|---" * len(shown) + "|", *lines))


def written_into(text: str, rows: Sequence[Row]) -> str:
    """Return a document with its figures replaced.

    Args:
        text: of the document; it has a line where they begin and one where they end.
        rows: what was found.
    """
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{markdown(rows)}\n\n{_END}{after}"


def _summary(rows: Sequence[Row]) -> str:
    videos = [row for row in rows if isinstance(row.case, Case)]
    exact = [row for row in videos if not row.case.to.endswith((".mkv", ".webm"))]
    coarse = [row for row in videos if row not in exact]
    copies = [row.samples for row in videos if row.samples is not None]
    edits = [row.edit == 0 for row in videos if row.edit is not None]
    seen = [row.seen for row in videos]
    eight, ten = ([row.colour for row in videos if row.depth == depth and _is_held(row)] for depth in (8, 10))
    came, expected = (sum(row.frames[place] for row in videos) for place in (1, 0))
    lines = (
        f"{len(rows)} files; {sum(bool(row.wrong) for row in rows)} with something wrong.",
        f"Frames: {came} of {expected}, each the one whose number is drawn into it; "
        f"{sum(row.upright for row in rows)} of {len(rows)} files upright.",
        f"Times: off by {_most(row.times for row in exact):.3f} ms at most; in Matroska and WebM, which count "
        f"milliseconds, by {_most(row.times for row in coarse):.3f} ms.",
        f"Samples of a lossless copy (FFV1): those of the file, bit by bit, in {sum(copies)} of {len(copies)} files; "
        f"beside an edited rectangle in {sum(edits)} of {len(edits)}.",
        f"Colours that processors see, on average over a picture: off by {_most(seen):.2f}/255 in the worst file.",
        f"Colours of the output likewise, its encoder's loss included: off by {_most(eight):.2f}/255 with 8 bits and "
        f"{_most(ten):.2f}/1023 with 10, in the worst file but for those whose remarks say why.",
        f"Sound: {sum(sum(row.sounds) for row in rows)} packets in {sum(len(row.sounds) for row in rows)} tracks.",
    )
    return "\n".join(f"* {line}" for line in lines)


def _is_held(row: Row) -> bool:
    """Whether the usual limit is held against the colours of a file."""
    return isinstance(row.case, Case) and row.case.colour_limit is None


def _most(values: Iterable[float | None]) -> float:
    return max((value or 0.0 for value in values), default=0.0)


def _cells(row: Row) -> Iterator[str]:
    case = row.case
    yield case.name
    yield Path(case.file).suffix
    yield case.to.removeprefix("/")
    yield f"{row.frames[1]} of {row.frames[0]}"
    yield _NOTHING if isinstance(case, Still) else f"{row.times:.3f}".rstrip("0").rstrip(".")
    yield _NOTHING if row.colour is None else f"{row.colour:.2f}/{(1 << row.depth) - 1}"
    yield {None: _NOTHING, True: "same", False: "differ"}[row.samples]
    yield {None: _NOTHING, 0.0: "same"}.get(row.edit, "differ")
    yield " + ".join(map(str, row.sounds)) or _NOTHING
    yield ", ".join(["upright"] * (row.upright and _was_turned(row)) + row.kept) or _NOTHING
    wrong = (f"**wrong: {text}**" for text in row.wrong)
    notes = (note if note[1:2].isupper() or note[1:2] == "." else note[:1].lower() + note[1:] for note in row.notes)
    yield "; ".join(filter(None, (case.remark, *notes, *wrong))) or _NOTHING


def _was_turned(row: Row) -> bool:
    """Whether there was something to turn."""
    return any(word in row.case.name for word in ("turned", "mirrored", "upside")) and "not" not in row.case.name
