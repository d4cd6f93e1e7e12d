"""What the code uses no more, and the database still has: a later version of the schema may drop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAVING: Final[Mapping[str, str]] = {}
"""Tables (`links`) and columns (`jobs.names`), each with the version from which on no code uses it.

An entry stays, also after the drop: it says which programs the drop cannot harm.
"""
