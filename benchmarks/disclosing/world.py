"""The place of a trial: one warm process, its own records, and all ways into the engine."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import av
import numpy as np

from benchmarks.disclosing import material, plugins, rules
from benchmarks.disclosing.case import Case
from benchmarks.disclosing.looking import Image, Judge
from benchmarks.disclosing.spies import Seen, Spies
from facefusion.cli.main import main
from facefusion.core import Engine, open_preview, process_batch, process_image, process_video
from facefusion.engine.live.run import run_live
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.errors import FaceFusionError, TrustError
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.live.pipe import open_pipe
from facefusion.media.live.sinks import EncodedSink, Pipe, pipe_sink
from facefusion.options import load_options, set_options
from facefusion.trust.acknowledgement import acknowledge
from facefusion.trust.audit import AuditKeys, AuditLog, Wanted
from facefusion.trust.consent import ConsentStore
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.policy import Policy, load_policy
from facefusion.trust.privacy.envelope import read_key, write_key

_HIDDEN_JOB = ".facefusion-job-"
_COLD = 8
"""One of so many calls loads all anew."""
_SHORT = 2
"""Frames in a segment of jobs that are done in segments."""
_THOROUGH = 20
"""Of so many cases one is looked at thoroughly."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: it.
        ending: `done`, `refused` or `failed`.
        error: class of the error; empty where there was none.
        files: endings of those that came out.
        frames: that were shown.
        faults: what is wrong.
    """

    case: Case
    ending: str
    error: str
    files: tuple[str, ...]
    frames: int
    faults: tuple[str, ...]


class World:
    """Runs cases in a folder of its own; to be used in a `with` block.

    Args:
        root: an empty folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._resources = ExitStack()
        self._spies = Spies()
        self._engine = Engine()

    def __enter__(self) -> Self:
        root, resources = self._root, self._resources
        folders = {f"XDG_{kind}_HOME": str(root / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FACEFUSION_")}
        resources.enter_context(patch.dict(os.environ, clean | folders, clear=True))
        plugins.install(root / "site")
        resources.enter_context(patch.object(sys, "path", [str(root / "site"), *sys.path]))
        (root / "material").mkdir()
        self._material = material.make(root / "material") | {"consented": material.CONSENTED, "other": material.OTHER}
        self._stream = material.y4m()
        self._policies = rules.write(root)
        self._home = trust_home(None)
        good = ("personal", "eu", "cn", "studio", "strict", "bare", "throughout", "locked")
        self._known = {name: load_policy(self._policies[name], home=self._home) for name in good}
        acknowledge(self._home, actor="trial")
        other = trust_home(root / "elsewhere")
        acknowledge(other, actor="trial")
        homes = {"": self._home, "elsewhere": other}
        self._rings = {name: KeyRing.open(home) for name, home in homes.items()}
        write_key(root / "key")
        self._key = read_key(root / "key")
        logs = {name: AuditLog.open(home, AuditKeys.of(self._rings[name])) for name, home in homes.items()}
        self._logs = {name: resources.enter_context(closing(log)) for name, log in logs.items()}
        self._consent(homes)
        self._work = root / "work"
        self._work.mkdir()
        before = Path.cwd()
        resources.callback(lambda: os.chdir(before))
        os.chdir(self._work)
        resources.enter_context(self._spies.watching())
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.close()
        self._resources.close()

    def run(self, case: Case) -> Outcome:
        """Run one case, and look at what came of it."""
        folder = self._work / f"{case.number}"
        folder.mkdir()
        self._spies.seen, self._spies.script = Seen(), case.looks
        output = self._output(case, folder)
        before = self._before(case, output)
        start, shown, error = datetime.now(UTC), [], None
        try:
            shown = self._started(case, self._values(case, folder, output))
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - steps of the caller raise what they like
            error = raised
        faults = list(self._faults(case, folder, before=before, start=start, shown=shown, error=error))
        kept = [path for path in _files(folder) if path.read_bytes() != before.get(path)]
        files = tuple(path.suffix for path in kept if _HIDDEN_JOB not in str(path))
        ending = "done" if error is None else "refused" if isinstance(error, TrustError) else "failed"
        shutil.rmtree(folder)
        return Outcome(case, ending, "" if error is None else type(error).__name__, files, len(shown), tuple(faults))

    def _consent(self, homes: Mapping[str, Path]) -> None:
        """Put the consent of one of the two people on record."""
        from facefusion.faces.analyser import FaceAnalyser  # noqa: PLC0415
        from facefusion.media.picture import read_picture  # noqa: PLC0415
        from facefusion.options import FaceSelectionOptions, LimitOptions  # noqa: PLC0415

        analyser = FaceAnalyser.create(FaceSelectionOptions())
        image = read_picture(material.CONSENTED, LimitOptions()).image
        [face] = analyser.embed(image, analyser.find(image)[:1])
        for name, home in homes.items():
            engine = open_database(home / "trust.db")
            for tenant in ("default", "acme"):
                ConsentStore(engine, self._rings[name].derived, tenant).add([face.embedding], granted_by="Ann")
            engine.dispose()

    def _output(self, case: Case, folder: Path) -> Path:
        return folder / f"out{case.output}"

    def _before(self, case: Case, output: Path) -> dict[Path, bytes]:
        """Put something where the output goes, where the case says so; return what there is."""
        if not case.is_there or "%" in case.output:
            return {}
        output.write_bytes(b"somebody's work")
        return {output: b"somebody's work"}

    def _values(self, case: Case, folder: Path, output: Path) -> dict[str, Any]:
        values = dict(case.values) | {
            "target_path": self._material[case.target],
            "output_path": output,
            "policy": self._policies[case.policy],
        }
        values["source_paths"] = [self._material[name] for name in values.pop("source_paths", ())]
        for name in ("thumbnail", "contact_sheet"):
            if name in values:
                values[name] = folder / values[name]
        values["renditions"] = [str(folder / text) for text in values.pop("renditions", ())]
        if "encrypt_output_key" in values:
            values["encrypt_output_key"] = self._root / "key"
        if "trust_dir" in values:
            values["trust_dir"] = self._root / "elsewhere"
        return {name: value for name, value in values.items() if value != []} | {"processors": values["processors"]}

    def _started(self, case: Case, values: dict[str, Any]) -> list[Image]:
        """Begin by the way in that the case says; return the frames that were shown."""
        starts: Mapping[str, Callable[[Case, dict[str, Any]], list[Image] | None]] = {
            "call": self._call,
            "mapping": self._mapping,
            "set_options": self._set,
            "engine": self._warm,
            "batch": self._batch,
            "command": self._command,
            "preview": self._preview,
            "preview command": self._preview_command,
            "live": self._live,
            "live file": self._live_file,
            "segments": self._segments,
        }
        with ExitStack() as patches:
            if case.policy == "unacknowledged":
                patches.enter_context(_unacknowledged())
            return starts[case.entry](case, values) or []

    def _call(self, case: Case, values: dict[str, Any]) -> None:
        start = process_video if case.is_moving else process_image
        start(values.pop("target_path"), values.pop("output_path"), **self._given(case), **values)

    def _mapping(self, case: Case, values: dict[str, Any]) -> None:
        (process_video if case.is_moving else process_image)(values, **self._given(case))

    def _set(self, case: Case, values: dict[str, Any]) -> None:
        set_options(values)
        try:
            (process_video if case.is_moving else process_image)(**self._given(case))
        finally:
            set_options({})

    def _warm(self, case: Case, values: dict[str, Any]) -> None:
        start = self._engine.process_video if case.is_moving else self._engine.process_image
        start(values, **self._given(case))

    def _given(self, case: Case) -> dict[str, Any]:
        """Return the steps of the caller, and mostly what is kept warm: loading models takes longer than all else."""
        warm = {"engine": self._engine} if case.number % _COLD and case.entry != "engine" else {}
        return _hooks(case) | warm

    def _batch(self, case: Case, values: dict[str, Any]) -> None:
        [outcome] = process_batch([values], engine=self._engine).outcomes
        if outcome.error is not None:
            raise outcome.error

    def _command(self, case: Case, values: dict[str, Any]) -> None:
        self._typed(["process"], values)

    def _preview_command(self, case: Case, values: dict[str, Any]) -> None:
        self._typed(["preview"], values)

    def _typed(self, words: list[str], values: dict[str, Any]) -> None:
        config = Path("facefusion-of-the-case.toml")
        config.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in values.items()), "utf-8")
        heard = io.StringIO()
        with redirect_stdout(heard), redirect_stderr(heard):
            status = main([*words, "--config", str(config)])
        if status:
            raise _error_of(status, heard.getvalue())

    def _preview(self, case: Case, values: dict[str, Any]) -> list[Image]:
        del values["output_path"]
        with open_preview(values) as preview:
            return [preview.show(number).after for number in range(min(2, preview.count))]

    def _live(self, case: Case, values: dict[str, Any]) -> list[Image]:
        del values["output_path"], values["target_path"]
        options = load_options(values | {"live_drop": False})
        form = options.live.live_output_format
        with (
            _sending(self._stream) as stdin,
            _receiving() as (stdout, received),
            closing(open_pipe(Path("-"), options.live, options.limits, stdin)) as source,
        ):
            sink = pipe_sink(Pipe(stdout), form, "rgb24", VideoWish.of(options.output))
            try:
                run_live(options, source, sink, cancel=threading.Event())
            finally:
                os.close(stdout)
                received.wait()
        return _frames(received.data, form)

    def _live_file(self, case: Case, values: dict[str, Any]) -> None:
        options = load_options(values | {"live_drop": False})
        path = Path(values["output_path"])
        with (
            _sending(self._stream) as stdin,
            closing(open_pipe(Path("-"), options.live, options.limits, stdin)) as source,
        ):
            sink = EncodedSink(path, "", VideoWish.of(options.output), path, is_live=False)
            run_live(options, source, sink, cancel=threading.Event())

    def _segments(self, case: Case, values: dict[str, Any]) -> None:
        """Do a job in short segments, the last first; they lie where nobody takes them for outputs."""
        options, place = load_options(values), self._root / f"segments {case.number}"
        place.mkdir()
        try:
            plan = plan_job(options, segment_frames=_SHORT, lead_frames=1, warm=self._engine.parts)
            folders = [place / f"{part.number}" for part in plan.segments]
            for part in reversed(plan.segments):
                run_segment(options, plan, part.number, folders[part.number], warm=self._engine.parts)
            merge_segments(options, plan, folders, warm=self._engine.parts)
        finally:
            shutil.rmtree(place)

    def _faults(
        self,
        case: Case,
        folder: Path,
        *,
        before: Mapping[Path, bytes],
        start: datetime,
        shown: list[Image],
        error: BaseException | None,
    ) -> Iterator[str]:
        """Yield what is wrong with what a case left."""
        place = case.values.get("trust_dir", "")
        log = self._logs[place]
        files = [path for path in _files(folder) if before.get(path) != path.read_bytes()]
        if error is not None:
            yield from self._of_refusal(case, log, error, start)
            files = [path for path in files if not path.name.endswith(".problem.jpg")]
            if not isinstance(error, TrustError):  # what was finished of a job that may go on is kept, hidden
                files = [path for path in files if _HIDDEN_JOB not in str(path)]
            if case.entry != "live file" or isinstance(error, TrustError):  # what was shown is kept, with all marks
                yield from (f"it failed ({type(error).__name__}: {error}) and left {path.name}" for path in files)
                return
            if not files:
                return
        if case.policy not in self._known:
            yield f"a job was done under the policy {case.policy}"
            return
        policy = self._policy(case)
        mark_key = self._rings[place].derived("watermark")
        is_thorough = case.number % _THOROUGH == 0
        judge = Judge(policy, log, self._spies.seen, self._key, mark_key, is_thorough)
        if not files and not shown:
            yield "nothing came out"
        for path in files:
            yield from judge.faults(
                path, is_moving=case.is_moving, is_one_of_many=path.parent != folder or path.stem.isdecimal()
            )
        different, marked = len({path.read_bytes() for path in files}), self._spies.seen.frames
        if policy.disclosure.watermark.value and marked < different + len(shown):  # a frame may be shown several times
            yield f"{different} files and {len(shown)} frames came out, and {marked} marks were put in"
        for number, image in enumerate(shown):
            yield from judge.shown(image, f"frame {number}")

    def _of_refusal(self, case: Case, log: AuditLog, error: BaseException, start: datetime) -> Iterator[str]:
        if not isinstance(error, TrustError):
            return
        tenant = case.values.get("tenant", "default")
        wanted = Wanted(kinds=("refused",), since=start.replace(microsecond=0), tenant=tenant)
        found = [entry.facts["error"] for entry in log.entries(wanted)]
        if not any(name == type(error).__name__ for name in found):
            yield f"the refusal {type(error).__name__} is not in the audit log"

    def _policy(self, case: Case) -> Policy:
        return self._known[case.policy].tightened({"disclosure.label": case.values.get("label")})


@contextmanager
def _unacknowledged() -> Iterator[None]:
    with patch("facefusion.engine.doors.place.is_acknowledged", lambda home: False):
        yield


def _hooks(case: Case) -> dict[str, Any]:
    """Return the steps of the caller."""
    canvas, kept = [], []

    def same(image: Image) -> Image:
        if not canvas:
            canvas.append(np.zeros_like(image))
        canvas[0][:] = image // 2
        return canvas[0]

    def keeps(image: Image) -> Image:
        for each in kept:
            each[:] = 255
        kept.append(image)
        return image

    def stops(image: Image) -> Image:
        raise KeyboardInterrupt

    def negative(image: Image) -> Image:
        return np.asarray(255 - image)

    def white(image: Image) -> Image:
        return np.full_like(image, 255)

    steps: dict[str, dict[str, Any]] = {
        "negative": {"post_processor": negative},
        "same array": {"post_processor": same},
        "keeps and wipes": {"post_processor": keeps},
        "both": {"pre_processor": negative, "post_processor": white},
        "white": {"pre_processor": white},
        "wrong size": {"post_processor": lambda image: image[::2]},
        "raises": {"post_processor": lambda image: image // 0 if 1 // 0 else image},
        "stops": {"post_processor": stops},
    }
    return steps.get(case.hooks, {})


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _error_of(status: int, words: str) -> BaseException:
    """Return an error of the exit status of a command."""
    waiting = [FaceFusionError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.exit_code == status and not kind.__subclasses__():
            return kind(words.strip() or "?", "")
    return RuntimeError(f"exit status {status}: {words.strip()}")


@contextmanager
def _sending(data: bytes) -> Iterator[int]:
    reading, writing = os.pipe()

    def send() -> None:
        with suppress(BrokenPipeError, OSError), os.fdopen(writing, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield reading
    finally:
        os.close(reading)
        thread.join()


class _Received:
    """Bytes that a thread takes from a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.data = b""
        self._descriptor = descriptor
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join()

    def _take(self) -> None:
        with os.fdopen(self._descriptor, "rb") as pipe:
            self.data = pipe.read()


@contextmanager
def _receiving() -> Iterator[tuple[int, _Received]]:
    reading, writing = os.pipe()
    received = _Received(reading)
    try:
        yield writing, received
    finally:
        with suppress(OSError):
            os.close(writing)
        received.wait()


def _frames(data: bytes, form: str) -> list[Image]:
    """Return the frames of a stream; of raw frames as many as there are in full."""
    if form == "rawvideo":
        size = next(
            (size for size in ((96, 128), (192, 256), (384, 512)) if len(data) == 3 * 3 * size[0] * size[1]), None
        )
        return [] if size is None else list(np.frombuffer(data, np.uint8).reshape(-1, *size, 3))
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
