"""Words by which people find jobs again: names of files, processors, identifiers, and why a job failed.

Each word is a row of its own, so that both databases find it, and whatever begins with it, by one plain index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.jobs.schema import JOBS, WORDS
from facefusion.jobs.values import Job

MOST_TERMS: Final = 8
"""Words of a question that count."""
_MOST: Final = 64
_LONGEST: Final = 64
_LAST: Final = "\U0010ffff"
_RARE: Final = 1000
"""Matches up to which a word leads to its jobs; jobs are held against one that has more."""
_WORD: Final = re.compile(r"[^\W_]+")
_PART: Final = re.compile(r"\d+|[^\W\d_]+")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_HUMP: Final = re.compile(r"[A-Z][a-z]+")
_NEW: Final = insert(WORDS)


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the words of some texts, each once, as they are kept: 64 at most, of up to 64 letters.

    A word of letters and digits counts as a whole and in its parts. Where words are written without spaces, as in
    Chinese, each sign begins one.

    Args:
        texts: of any script.
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(_plain(text)):
            found |= dict.fromkeys(each[:_LONGEST] for each in _with_parts(word))
    return list(found)[:_MOST]


def terms_of(question: str) -> list[str]:
    """Return the beginnings of words that a question asks for, each once; none where it holds no letter and no digit.

    Args:
        question: as somebody typed it.
    """
    terms: dict[str, None] = {}
    for word in _WORD.findall(_plain(question)):
        unspaced = _UNSPACED.findall(word)
        others = _UNSPACED.sub(" ", word).split() if unspaced else [word]
        terms |= dict.fromkeys(each[:_LONGEST] for each in (*unspaced, *others))
    return list(terms)[:MOST_TERMS]


def note_words(connection: Connection, job: Job, further: Iterable[str] = ()) -> None:
    """Let a new job be found by what its request says, and by the names of its files.

    Args:
        connection: in the transaction that takes it.
        job: as it is kept; its request may be anything.
        further: texts by whose words it is found, too.
    """
    # The identifier counts as a whole: its parts would be found by numbers that somebody looks for in names.
    words = dict.fromkeys((job.id, *words_of((*_said(job.request), *job.names.values(), *further))))
    common = {"tenant": job.tenant, "job": job.number, "is_error": False}
    connection.execute(_NEW, [{**common, "word": word} for word in words])


def note_error(connection: Connection, job: Job, kind: str) -> None:
    """Let a job be found by why it failed, as long as it stays so.

    Args:
        connection: in the transaction in which it fails.
        job: that fails.
        kind: class of the error, such as `NoFaceError`.
    """
    words = words_of((kind, *_HUMP.findall(kind)))
    new = postgresql.insert(WORDS) if connection.dialect.name == "postgresql" else sqlite.insert(WORDS)
    common = {"tenant": job.tenant, "job": job.number, "is_error": True}
    connection.execute(new.on_conflict_do_nothing(), [{**common, "word": word} for word in words])


def forget_error(connection: Connection, job: Job) -> None:
    """Let a job no longer be found by why it failed, as it is tried again."""
    connection.execute(delete(WORDS).where(WORDS.c.job == job.number, WORDS.c.is_error))


def matching(connection: Connection, tenant: str, terms: list[str]) -> ColumnElement[bool]:
    """Return the condition of jobs that have words beginning with all terms.

    The rarest term leads to its jobs. Where all are in many jobs, the newest that have them are found soon by going
    through jobs instead.

    Args:
        connection: to the database that will be asked.
        tenant: whose jobs are looked for.
        terms: as `terms_of` returns them, at least one.
    """
    counts = connection.execute(select(*(_count(tenant, term) for term in terms))).one()
    rarest = min(zip(counts, terms, strict=True))
    condition: ColumnElement[bool] = literal(True)
    for term in terms:
        if term == rarest[1] and rarest[0] < _RARE:
            condition &= JOBS.c.number.in_(select(WORDS.c.job).where(_begins(tenant, term)))
        else:
            condition &= exists().where(WORDS.c.job == JOBS.c.number, _begins(tenant, term)).correlate(JOBS)
    return condition


def _count(tenant: str, term: str) -> Any:
    """Return what counts the matches of a term, as far as that matters."""
    some = select(literal(1)).where(_begins(tenant, term)).limit(_RARE).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _begins(tenant: str, term: str) -> ColumnElement[bool]:
    return (WORDS.c.tenant == tenant) & (WORDS.c.word >= term) & (WORDS.c.word < f"{term}{_LAST}")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _with_parts(word: str) -> Iterator[str]:
    yield word
    parts = _PART.findall(word)
    if len(parts) > 1:
        yield from parts
    for unspaced in _UNSPACED.findall(word):
        yield from (unspaced[start:] for start in range(len(unspaced)))


def _said(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a request says by which somebody may look for it; it may be spoilt."""
    options = request.get("options")
    processors = options.get("processors", ()) if isinstance(options, Mapping) else ()
    named = processors if isinstance(processors, list | tuple) else (processors,)
    yield from (str(each) for each in (request.get("output", ""), *named))
