"""All models of the catalogue, by task, with their licences: written into docs/models.md. Nothing is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.common import ROOT, command, finish, parser
from facefusion.inference.catalogue import Catalogue, ModelCard

DOCUMENT = ROOT / "docs" / "models.md"
_BEGIN, _END = "<!-- begin: written by benchmarks.models_table -->", "<!-- end: written by benchmarks.models_table -->"
_HEADS = ("model", "family", "licence", "commercial use", "requires", "from", "described in")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("models_table", __doc__)
    made.add_argument("--document", type=Path, default=DOCUMENT, help="document to write the table into (%(default)s)")
    options = made.parse_args(arguments)
    text = options.document.read_text("utf-8")
    options.document.write_text(written_into(text, list(Catalogue.known())), "utf-8")
    print(markdown(list(Catalogue.known())))
    return finish({"models": len(list(Catalogue.known()))}, options.json)


def markdown(cards: Sequence[ModelCard]) -> str:
    """Return tables of models, one for each task."""
    return "\n\n".join(_of_task(task, cards) for task in sorted({card.task for card in cards}))


def written_into(text: str, cards: Sequence[ModelCard]) -> str:
    """Return a document with its tables of models replaced.

    Args:
        text: of the document; it has a line where they begin and one where they end.
        cards: the models.
    """
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{markdown(cards)}\n\n{_END}{after}"


def _of_task(task: str, cards: Sequence[ModelCard]) -> str:
    bundled = Catalogue.bundled()
    lines = [f"### {task}", "", _line(_HEADS), "|" + "---|" * len(_HEADS)]
    return "\n".join([*lines, *(_line(tuple(_cells(card, bundled))) for card in cards if card.task == task)])


def _cells(card: ModelCard, bundled: Catalogue) -> Iterator[str]:
    yield f"`{card.name}`"
    yield f"`{card.family}`"
    yield card.licence
    yield "yes" if card.commercial else "no"
    yield ", ".join(f"`{name}`" for name in card.requires)
    comes = card.urls or card.package or card.name in bundled
    yield "; ".join(card.origin) + ("" if comes else " (yours to find)")
    yield card.citation


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    command(main)
