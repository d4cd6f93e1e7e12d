"""The parts that stay warm: models by how they run, encoders that were tried, faces that were read."""

from __future__ import annotations

import json
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facefusion.engine.notes import NoteListener
from facefusion.engine.warm.bulletin import Bulletin
from facefusion.inference.kept import Kept
from facefusion.inference.opening import open_sessions, own_folder
from facefusion.inference.pool import SessionPool, model_budget
from facefusion.inference.session import SessionFactory
from facefusion.inference.uses import Uses
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.stream import try_encoder
from facefusion.options import ModelOptions, Options

MOST_KEPT: Final = 256 * 2**20
"""Bytes that source faces and what was made of them may take."""
_MOST_WAYS: Final = 4
_MOST_ENCODERS: Final = 256


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class _Models:
    """Models that run in one way, from one catalogue and store; unloaded when nobody holds this any more."""

    sessions: SessionFactory
    pool: SessionPool
    bulletin: Bulletin


@dataclass(slots=True, eq=False)
class _Place:
    """Where models of one way are, once they are opened."""

    opening: threading.Lock = field(default_factory=threading.Lock)
    models: _Models | None = None


class WarmParts:
    """What jobs of one process share. Safe to use from several threads.

    Only what makes no difference to any output is shared: networks that are loaded, with what was found out about how
    large their batches may be and which devices failed; source faces and what processors made of them; which encoders
    open. Whatever remembers frames belongs to one job.

    Args:
        most_kept: bytes that source faces and what was made of them may take; none are kept when 0.
        ways: in which models are kept that run in several, the last ones used.

    Attributes:
        uses: how often networks were used that are shared here.
    """

    def __init__(self, *, most_kept: int = MOST_KEPT, ways: int = _MOST_WAYS) -> None:
        self._most_kept, self._ways = most_kept, ways
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._encoders: set[str] = set()
        self.uses = Uses()
        self._lock = threading.Lock()

    @contextmanager
    def sessions(self, options: Options, frames: int, notify: NoteListener) -> Iterator[SessionFactory]:
        """Give what opens models for one job, for as long as it runs.

        Args:
            options: of the job; those of runtime and models decide which jobs share models.
            frames: bytes that its frames in flight take; models may take what they leave of `max_memory`, which of
                several jobs at once adds up.
            notify: called with one sentence where a device fails or failed, or memory is short.

        Raises:
            ProviderError: an execution provider is not there.
            CatalogueError: an entry of a catalogue is not what it should be.
        """
        models = self._models(options)
        budget = model_budget(options.runtime, frames) if options.runtime.max_memory is not None else 0
        sessions = models.sessions
        with models.bulletin.read_by(notify), models.pool.allowed(budget or 0), sessions.company.joined():
            yield sessions

    def try_encoder(self, encoding: Encoding) -> None:
        """Make sure that an encoder opens on this machine; one that did is not tried again.

        Raises:
            OutputTypeError: it does not; the message says what it needs.
        """
        key = json.dumps(encoding.key(), sort_keys=True)
        if key in self._encoders:
            return
        try_encoder(encoding)
        if len(self._encoders) >= _MOST_ENCODERS:
            self._encoders.clear()
        self._encoders.add(key)

    def clear(self) -> None:
        """Forget everything: what is loaded goes when the jobs that use it have ended."""
        with self._lock:
            self._places.clear()
            self._encoders.clear()

    def _models(self, options: Options) -> _Models:
        key = _way(options)
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > self._ways:
                self._places.popitem(last=False)
        with place.opening:
            if place.models is None:
                place.models = self._open(options)
            return place.models

    def _open(self, options: Options) -> _Models:
        bulletin = Bulletin()
        # Where there is a limit, jobs allow what they may take for as long as they run.
        budget = 0 if options.runtime.max_memory is not None else model_budget(options.runtime)
        pool = SessionPool(budget, bulletin.tell, self.uses)
        sessions = open_sessions(options, pool=pool, notify=bulletin.tell, kept=Kept(self._most_kept))
        models = _Models(sessions, pool, bulletin)
        weakref.finalize(models, sessions.unload).atexit = False
        return models


def _way(options: Options) -> Hashable:
    """Return what two jobs must have in common to share models: how they run, and what lies in the store."""
    runtime = options.runtime.model_copy(update={"video_chunk_size": 1})
    return runtime, options.models, _content(options.models)


def _content(options: ModelOptions) -> Hashable:
    """Return what tells when a folder of weights or entries has changed; one that holds nothing is like none."""
    folders = (own_folder(options), *options.shared_models_dirs)
    found = ((str(folder), tuple(sorted(_files(folder)))) for folder in folders)
    return tuple((folder, files) for folder, files in found if files)


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            try:
                status = path.stat()
            except OSError:
                continue
            if not name.endswith(".lock"):
                yield str(path), status.st_size, status.st_mtime_ns
