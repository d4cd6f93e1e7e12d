"""How often a JPEG goes over its picture: each time costs the decoder as much as the whole, the file a few bytes."""

from __future__ import annotations

import re

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # FF 00 is a value that is coded, FF D0 to FF D7 resume a scan
_END_OF_PICTURE, _START_OF_SCAN = 0xD9, 0xDA
_ALONE = frozenset({0x01, 0xD8})  # markers that nothing belongs to


def count_scans(content: bytes) -> int:
    """Return the number of scans of a JPEG file's own picture.

    What segments hold, such as thumbnails, and what follows the picture, such as the clip of a "motion photo", is
    passed over.
    """
    scans = position = 0
    while found := _MARKER.search(content, position):
        position, kind = found.end(), content[found.end() - 1]
        if kind == _END_OF_PICTURE:
            break
        scans += kind == _START_OF_SCAN
        if kind not in _ALONE:
            position += int.from_bytes(content[position : position + 2])
    return scans
