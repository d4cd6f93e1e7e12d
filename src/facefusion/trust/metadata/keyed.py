"""Named values of MP4 and QuickTime: a `meta` box of the handler `mdta`, with `keys` and `ilst`.

So the practice guide TC260-PG-20257A to GB 45438-2025 wants the AIGC object in video: under the name AIGC.
"""

from __future__ import annotations

import struct

from facefusion.trust.metadata.boxes import joined, made, parts, split_meta

_HANDLER = made(b"hdlr", bytes(8) + b"mdta" + bytes(13))
_NAMESPACE = b"mdta"
_UTF_8 = 1
_MOST_KEYS = 10_000


def value_of(meta: bytes, name: str) -> str:
    """Return a named value of a `meta` box; empty where there is none.

    Raises:
        ValueError: it is damaged.
    """
    inner = dict(parts(split_meta(meta)[1]))
    names = _names(inner.get(b"keys", b""))
    if name.encode() not in names:
        return ""
    index = struct.pack(">I", names.index(name.encode()) + 1)
    for kind, item in parts(inner.get(b"ilst", b"")):
        for inner_kind, data in parts(item) if kind == index else ():
            if inner_kind == b"data":
                return data[8:].decode("utf-8", "replace")
    return ""


def with_value(meta: bytes | None, name: str, value: str, *, is_full: bool) -> bytes:
    """Return the content of a `meta` box with a named value, and with all others that were there.

    Args:
        meta: content of the box that is there; None where there is none.
        name: of the value.
        value: its text.
        is_full: whether a new box gets version and flags, as ISO's has and QuickTime's own has not.

    Raises:
        ValueError: the box is damaged.
    """
    if meta is None:
        meta = (bytes(4) if is_full else b"") + _HANDLER
    before, rest = split_meta(meta)
    inner = parts(rest)
    found = dict(inner)
    names = _names(found.get(b"keys", b""))
    if name.encode() not in names:
        names.append(name.encode())
    index = struct.pack(">I", names.index(name.encode()) + 1)
    items = [(kind, item) for kind, item in parts(found.get(b"ilst", b"")) if kind != index]
    items.append((index, made(b"data", struct.pack(">II", _UTF_8, 0), value.encode())))
    kept = [(kind, content) for kind, content in inner if kind not in (b"keys", b"ilst")]
    return before + joined([*kept, (b"keys", _keys(names)), (b"ilst", joined(items))])


def _names(keys: bytes) -> list[bytes]:
    """Return the names in a `keys` box."""
    if not keys:
        return []
    count = int.from_bytes(keys[4:8])
    names = [content for _, content in parts(keys[8:])]
    if count != len(names) or count > _MOST_KEYS:
        raise ValueError("a list of names is damaged")
    return names


def _keys(names: list[bytes]) -> bytes:
    return struct.pack(">II", 0, len(names)) + b"".join(made(_NAMESPACE, name) for name in names)
