"""Logs that may be kept and collected: lines of JSON without faces, paths or secrets.

The terminal may show a user their own files. A log file is read by others, so that in it

* a path, or the name of a picture or video, is a short pseudonym: the same one wherever that path occurs in the log;
* a key, token or password is `<secret>`, by its form or because it was named to us;
* arrays, bytes and rows of numbers are left out: a face's embedding or box is one of these;
* an error is its class, its words under the same rules, and modules with line numbers in place of files.

Where something looks like a path that was not named to us, nobody can tell where it ends, as names may hold spaces and
stops: then all that follows is left out, or all of the text if it does not begin at the root.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Final

from facefusion.telemetry.ids import log_ids
from facefusion.trust.privacy.secrets import without_secrets

_SECRET: Final = "<secret>"
_ROW: Final = 4
_SHORTEST: Final = 4
_LONGEST: Final = 8_000
_DEEPEST: Final = 10
_NUMBER: Final = r"[-+]?(?>\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?"
_NUMBERS: Final = re.compile(
    rf"[\[(]\s*{_NUMBER}(?:[\s,]+{_NUMBER})+\s*[\])]"  # a box or a row, as arrays and tuples show themselves
    rf"|(?:{_NUMBER}(?:[\s,;\[\](){{}}|]|\.\.\.)+){{{_ROW - 1},}}{_NUMBER}"
)
_BYTES: Final = re.compile(r"\bb(?:'[^']*'|\"[^\"]*\")")
_ADDRESS: Final = re.compile(r"\b(?:data|file|https?|ftp|rtsp|rtmp|s3|gs|az|smb|nfs)://?\S*|\bdata:\S*", re.IGNORECASE)
_FRACTION: Final = re.compile(r"(?<![\w./\\])\d+/\d+(?![\w./\\])")
_FROM_ROOT: Final = re.compile(r"(?<![\w>])(?:[A-Za-z]:[\\/]|\\\\|~[\w.-]*[\\/]|/)(?=\S).*", re.DOTALL)
_RELATIVE: Final = re.compile(r"[\\/]")
_FILE_NAME: Final = re.compile(
    r"\.(?:jpe?g|png|webp|avif|heic|heif|tiff?|gif|bmp|apng|jxl|dng|raw|mp4|m4v|m4a|mov|mkv|webm|avi|mpe?g|ts|mts|m2ts|"
    r"wmv|flv|mxf|wav|mp3|aac|flac|ogg|opus|face|npy|npz|onnx|pem|key|crt|p12|pfx|toml|json|jsonl|csv|db|pdf|txt|zip)\b",
    re.IGNORECASE,
)


class Redactor:
    """Takes out of a text what a log must not hold.

    Args:
        key: by which pseudonyms are made; with one of its own each process is a log of its own.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._secrets: set[str] = set()
        self._paths: dict[str, str] = {}

    def add_secret(self, secret: str) -> None:
        """Name something that must not be told, however it looks."""
        if secret:
            self._secrets.add(secret)

    def add_path(self, path: PurePath | str) -> None:
        """Name a path, so that it is known where it ends; its last part is known with it."""
        full = os.path.abspath(path)  # noqa: PTH100 - a text; nothing is looked up
        stand_in = self._pseudonym(full)
        for text in (full, str(path), PurePath(full).name):
            if len(text) >= _SHORTEST or (text.startswith("/") and len(text) > 1):
                self._paths.setdefault(text, stand_in)

    def text(self, text: str) -> str:
        """Return what may be told of a text; of a very long one the beginning."""
        text = text[:_LONGEST]
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _SECRET)
        for path in sorted(self._paths, key=len, reverse=True):
            text = re.sub(rf"(?<![\w]){re.escape(path)}(?![\w])", self._paths[path], text)
        text = without_secrets(_BYTES.sub("<bytes>", text), lambda _: _SECRET)
        text = _ADDRESS.sub(lambda found: f"<address {self._short(found.group())}>", text)
        return self._without_paths(_NUMBERS.sub("<numbers>", text))

    def value(self, value: object, depth: int = 0) -> object:
        """Return what may stand for a value: numbers are kept, all else becomes text."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, PurePath):
            self.add_path(value)
            return self._paths.get(str(value)) or self._pseudonym(os.path.abspath(value))  # noqa: PTH100 - a text
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {self._words(value)}"
        if isinstance(value, (bytes, bytearray, memoryview)) or hasattr(value, "__array__"):
            return f"<{type(value).__name__}>"
        return self.text(self._joined(value, depth))

    def _joined(self, value: object, depth: int) -> str:
        """Return the text of what may hold further values."""
        if depth < _DEEPEST and isinstance(value, Mapping):
            # Name and value as one text: a secret may be told by its name alone.
            return ", ".join(f"{name}={self.value(each, depth + 1)}" for name, each in value.items())
        if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
            return ", ".join(str(self.value(each, depth + 1)) for each in value)
        return str(value)

    def error(self, error: BaseException) -> list[dict[str, Any]]:
        """Return what may be told of an error and of those behind it, the last first."""
        return [
            {"type": type(each).__name__, "message": self._words(each), "at": _places(each)} for each in _behind(error)
        ]

    def _words(self, error: BaseException) -> str:
        for path in (getattr(error, "filename", None), getattr(error, "filename2", None)):
            if isinstance(path, (str, PurePath)) and str(path):
                self.add_path(path)
        return self.text(" ".join([str(error), *getattr(error, "__notes__", ())]))

    def _without_paths(self, text: str) -> str:
        kept = _FRACTION.sub(lambda found: found.group().replace("/", "\0"), text)
        kept = _FROM_ROOT.sub(lambda found: self._pseudonym(found.group()), kept)
        if _RELATIVE.search(kept) or _FILE_NAME.search(kept):
            return self._pseudonym(text)
        return kept.replace("\0", "/")

    def _pseudonym(self, path: str) -> str:
        return f"<path {self._short(path)}>"

    def _short(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:8]


class PrivateFormatter(logging.Formatter):
    """Makes a line of JSON of each record: time, level, logger, message, and the error if there is one.

    What it is about comes with it as identifiers: of a request, a job, a task and a trace, as far as there are any.
    What else a record carries (`extra`, the stack, names of threads) is left out.

    Args:
        redactor: what takes out all that must not be told.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": self._redactor.text(record.name),
            "message": self._message(record),
            **log_ids(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = self._redactor.error(error)
        return json.dumps(line, ensure_ascii=True)

    def _message(self, record: logging.LogRecord) -> str:
        message = str(self._redactor.value(record.msg)) if not isinstance(record.msg, str) else record.msg
        args = record.args
        try:
            if isinstance(args, Mapping):
                message = message % {name: self._redactor.value(value) for name, value in args.items()}
            elif args:
                message = message % tuple(map(self._redactor.value, args))
        except (TypeError, ValueError, KeyError):
            message = f"{message} (its values do not fit)"
        return self._redactor.text(message)


def log_file_handler(path: Path, redactor: Redactor) -> logging.Handler:
    """Return what writes records to the end of a file, which only its owner may read.

    Raises:
        OSError: it cannot be written.
    """
    stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")
    handler = _ClosingHandler(stream)
    handler.setFormatter(PrivateFormatter(redactor))
    return handler


class _ClosingHandler(logging.StreamHandler[Any]):
    """Closes its file with itself."""

    def close(self) -> None:
        self.stream.close()
        super().close()


def _behind(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += getattr(each, "exceptions", ())
        waiting.append(each.__cause__ or (None if each.__suppress_context__ else each.__context__))


def _places(error: BaseException) -> list[str]:
    places, trace = [], error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places


def known_paths(values: Iterable[object]) -> Iterator[PurePath]:
    """Yield the paths among values, in lists and maps too."""
    for value in values:
        if isinstance(value, PurePath):
            yield value
        elif isinstance(value, Mapping):
            yield from known_paths(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield from known_paths(value)
