"""Lists of faces: those that are not to be used, and those that may be used all the same."""

from facefusion.trust.blocklist.entry import ListEntry, ListKind
from facefusion.trust.blocklist.lists import FaceLists

__all__ = ["FaceLists", "ListEntry", "ListKind"]
