"""One job in a process of its own, with its doors or without, which reports the CPU time that it and its parts took.

python -m benchmarks.trusting.job '{"doors": true, "source": "a.png", "target": "b.mp4", "output": "c.mp4"}'
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final
from unittest.mock import patch

from benchmarks.trusting.nothing import take_doors_away

PARTS: Final = {
    "opening": (
        "facefusion.engine.doors.place:Place.of",
        "facefusion.trust.audit:AuditLog.open",
        "facefusion.engine.doors.door:Door.begin",
    ),
    "consent and lists": ("facefusion.engine.doors.admission:Admission._ask_for",),
    "content": (
        "facefusion.trust.content:ContentCheck.create",
        "facefusion.engine.doors.admission:Admission._look_at",
        "facefusion.engine.doors.watching:FrameWatch.see",
        "facefusion.engine.doors.watching:FrameWatch.meet",
    ),
    "watermark": ("facefusion.media.encoding.segment:put_mark",),
    "label": ("facefusion.engine.doors.seals:Seals.labelled",),
    "metadata": ("facefusion.engine.doors.seals:embed",),
    "manifest": ("facefusion.engine.doors.seals:Seals._sign",),
    "audit": ("facefusion.trust.audit:AuditLog.append",),
}
"""Where the parts of the doors are called."""


def main(text: str) -> int:
    """Do the job and report, as one line of JSON."""
    os.environ.pop("FACEFUSION_POLICY", None)  # under which other benchmarks run
    task = json.loads(text)
    if not task["doors"]:
        take_doors_away()
    before = time.process_time()
    from facefusion import process_video  # noqa: PLC0415 - what this costs is measured
    from facefusion.cli.allocator import keep_memory_level  # noqa: PLC0415
    from facefusion.engine.segments.sink import JobSink  # noqa: PLC0415

    imported = time.process_time() - before
    keep_memory_level()  # as the program has it
    firsts: list[float] = []
    take = JobSink.take

    def taking(sink: JobSink, item: Any) -> None:
        if not firsts:
            firsts.append(time.process_time())
        take(sink, item)

    spent = _measured() if task["doors"] else {}
    with patch.object(JobSink, "take", taking):
        process_video(task["target"], task["output"], source_paths=task["source"], **task["options"])
    lazily = [name for name in ("c2pa", "cryptography", "sqlalchemy") if name in sys.modules]
    figures = {"cpu": time.process_time(), "imports": imported, "first_frame": firsts[0], "parts": spent, "has": lazily}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _measured() -> dict[str, float]:
    """Count the CPU time of the thread that each part is called in; what one calls of another counts once."""
    spent: dict[str, float] = defaultdict(float)
    inside = threading.local()
    for part, places in PARTS.items():
        for place in places:
            module, _, name = place.partition(":")
            owner: Any = import_module(module)
            *outer, last = name.split(".")
            for each in outer:
                owner = getattr(owner, each)
            setattr(owner, last, _timed(getattr(owner, last), part, spent, inside))
    return spent


def _timed(call: Callable[..., Any], part: str, spent: dict[str, float], inside: Any) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        if getattr(inside, "part", None):
            return call(*arguments, **options)
        inside.part, start = part, time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            spent[part] += time.thread_time() - start
            inside.part = None

    return timed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
