"""Terms that no text of a user may hold: names of projects, prompts, words of labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from facefusion.errors import ContentRefusedError, ContentUncheckedError
from facefusion.trust.content.normalise import folded, spellings, words_of

_BUNDLED: Final = ("terms_en.txt", "terms_zh.txt")
_TOPIC: Final = re.compile(r"\[([a-z][a-z -]*)\]")
_CJK: Final = re.compile(r"[㐀-鿿豈-﫿]")
_OTHER: Final = "further terms"
_LONGEST: Final = 200
_MOST_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Term:
    """A term.

    Attributes:
        text: as the list has it.
        topic: what it is about, as the list says.
    """

    text: str
    topic: str

    @property
    def is_written_without_spaces(self) -> bool:
        """Whether it is looked for anywhere, as in Chinese; else only where words begin and end."""
        return bool(_CJK.search(self.text))


class TermList:
    """Terms, looked for in texts however they are spelt.

    Args:
        terms: the terms.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        self._anywhere: list[tuple[str, Term]] = []
        self._as_words: list[tuple[str, Term]] = []
        for term in terms:
            plain = words_of(folded(term.text))
            if term.is_written_without_spaces:
                self._anywhere.append((plain.replace(" ", ""), term))
            else:
                self._as_words.append((plain, term))

    @classmethod
    def read(cls, files: Sequence[Path] = ()) -> TermList:
        """Return the terms that come with the package, in English and Chinese, and those of files.

        Args:
            files: a term on each line, in UTF-8; `#` begins a comment, `[topic]` what follows.

        Raises:
            ContentUncheckedError: a file cannot be read.
        """
        folder = resources.files("facefusion.trust.content") / "data"
        texts = [(folder / name).read_text("utf-8") for name in _BUNDLED]
        return cls(term for text in (*texts, *map(_text_of, files)) for term in _terms_in(text))

    def find(self, text: str) -> Term | None:
        """Return a term that a text holds; None where it holds none."""
        for spelling in dict.fromkeys(spellings(text)):
            words = words_of(spelling)
            close = words.replace(" ", "")
            found = next((term for plain, term in self._as_words if plain in words), None)
            found = found or next((term for plain, term in self._anywhere if plain in close), None)
            if found is not None:
                return found
        return None

    def refuse(self, text: str, what: str) -> None:
        """End the work where a text holds a term.

        Args:
            text: as somebody wrote it.
            what: how the message calls the text, such as `The name of the project`.

        Raises:
            ContentRefusedError: it holds one; the message tells the topic, not the text.
        """
        if (found := self.find(text)) is not None:
            raise ContentRefusedError(
                f"{what} holds a term that every policy refuses ({found.topic})", "Choose other words"
            )


def _terms_in(text: str) -> Iterator[Term]:
    topic = _OTHER
    for line in text.splitlines():
        term = line.partition("#")[0].strip()
        if found := _TOPIC.fullmatch(term):
            topic = found[1]
        elif words_of(folded(term)).strip():
            yield Term(term[:_LONGEST], topic)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ContentUncheckedError(f"The list of terms {path} is larger than 1 MiB", "Shorten it")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentUncheckedError(
            f"The list of terms {path} cannot be read: {error}", "Mend it, or leave it out"
        ) from error
