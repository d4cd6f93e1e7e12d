"""Decoding in a child process that can do nothing but decode.

What parses a stranger's file is a million lines of C that were written for speed. With `LimitOptions.isolate` they run
in a process of their own. It is handed the open file and a piece of shared memory, and before the first byte arrives it
gives up, for good, everything else: opening files, network, starting programs, code that is made at run time (`seccomp`
and `lock`). It may take so much memory and so many seconds. Whatever it answers is checked before it is used: numbers
and names as JSON against their types (`messages`), samples as bytes of a size that the receiver knows (`samples`).

`Sandbox` is the parent's side, `child` the child's. The stand-ins for readers, `IsolatedClip`, `IsolatedAnimation` and
`IsolatedPictures`, ask the child for one thing after the other; `join_apart` has it write an output, whose file and
segments it is handed one by one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facefusion.media.isolation.animation import IsolatedAnimation as IsolatedAnimation
    from facefusion.media.isolation.clip import IsolatedClip as IsolatedClip
    from facefusion.media.isolation.outputs import check_tracks_apart as check_tracks_apart
    from facefusion.media.isolation.outputs import join_apart as join_apart
    from facefusion.media.isolation.pictures import IsolatedPictures as IsolatedPictures
    from facefusion.media.isolation.sound import read_apart as read_apart

_HOMES = {
    "IsolatedAnimation": "animation",
    "IsolatedClip": "clip",
    "IsolatedPictures": "pictures",
    "check_tracks_apart": "outputs",
    "join_apart": "outputs",
    "read_apart": "sound",
}


def __getattr__(name: str) -> Any:
    """Import a part on first use (PEP 562): most jobs isolate nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
