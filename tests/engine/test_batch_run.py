"""Doing a batch: several at once, none stopped by another, and what is told of each."""

from __future__ import annotations

import csv
import json
import signal
import threading
import weakref
from pathlib import Path

import pytest

import facefusion
from facefusion.engine.batch.jobs import BatchJob
from facefusion.engine.batch.report import check_report, write_report
from facefusion.engine.batch.run import BatchListener, BatchWork, jobs_at_once
from facefusion.engine.progress import Progress
from facefusion.engine.run import Result
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import CancelledError, InputDamagedError, OutputTypeError, OutputUnwritableError
from facefusion.options import Options
from material import CAPTAIN


class FakeRunner:
    """Does what it is told at each target."""

    def __init__(self, **told):
        self.told = told
        self.asked = []

    def __call__(self, options, *, progress, cancel, notify, warm):
        self.asked.append(options)
        act = self.told.get(options.target_path.stem)
        if isinstance(act, BaseException):
            raise act
        if callable(act):
            act(cancel)
        notify("a note")
        progress(Progress("editing", 5, 10, 1.0))
        options.output_path.write_bytes(b"done")
        return Result(options.output_path, "video", 10, 8, 0.5, {}, notes=("a note",))


def jobs(*names, **values):
    paths = [{"target": f"{name}.mp4", "output": f"out/{name}.mp4"} for name in names]
    return [
        BatchJob(at, name, Options.parse(path | values), makes=Path("out"))
        for at, (name, path) in enumerate(zip(names, paths, strict=True), 1)
    ]


def work(runner, **more):
    return BatchWork(WarmParts(), runner=runner, **more)


def ends(report):
    return {outcome.job.place: outcome.status for outcome in report.outcomes}


@pytest.mark.parametrize("kind", [InputDamagedError, CancelledError, ZeroDivisionError])
def test_a_report_does_not_hold_what_failed_jobs_had_in_hand(quiet_place, kind):
    held = []

    def act(cancel):
        frames = {1, 2, 3}
        held.append(weakref.ref(frames))
        try:
            raise OSError
        except OSError as error:
            raise kind("no") from error

    report = work(FakeRunner(a=act)).do(jobs("a"))
    assert "no" in str(report.outcomes[0].error)
    assert [frames() for frames in held] == [None]


def test_one_that_fails_never_stops_the_others(quiet_place):
    runner = FakeRunner(b=InputDamagedError("b is damaged", "Get it anew"), c=ZeroDivisionError("a bug"))
    report = work(runner).do(jobs("a", "b", "c", "d"))
    assert ends(report) == {"a": "done", "b": "failed", "c": "failed", "d": "done"}
    assert [outcome.code for outcome in report.outcomes] == [0, 12, 1, 0]
    assert [outcome.problem for outcome in report.outcomes[1:3]] == [
        "b is damaged. Get it anew.",
        "ZeroDivisionError: a bug",
    ]
    assert report.frames == 20


def test_the_exit_code_says_whether_all_some_or_none_are_done(quiet_place):
    broken = InputDamagedError("broken")
    assert work(FakeRunner()).do(jobs("a", "b")).exit_code == 0
    assert work(FakeRunner(a=broken)).do(jobs("a", "b")).exit_code == 3
    assert work(FakeRunner(a=broken, b=broken)).do(jobs("a", "b")).exit_code == 4


def test_as_many_run_at_once_as_are_asked_for(quiet_place):
    together = threading.Barrier(3, timeout=30)
    meet = {name: lambda cancel: together.wait() for name in "abc"}
    report = work(FakeRunner(**meet), at_once=3).do(jobs("a", "b", "c"))
    assert (report.at_once, report.count("done")) == (3, 3)


def test_jobs_whose_output_is_there_are_skipped_when_asked_for(quiet_place):
    runner = FakeRunner()
    work(runner).do(jobs("a"))
    report = work(runner, skip_existing=True).do(jobs("a", "b"))
    assert ends(report) == {"a": "skipped", "b": "done"}
    assert report.exit_code == 0
    assert work(runner).do(jobs("a")).count("done") == 1


def test_a_batch_that_is_stopped_tells_what_is_done(quiet_place):
    cancel = threading.Event()

    def stop(own):
        cancel.set()
        assert own.is_set()
        raise CancelledError("The job was stopped", "Nothing was written")

    report = work(FakeRunner(b=stop), cancel=cancel).do(jobs("a", "b", "c"))
    assert ends(report) == {"a": "done", "b": "stopped", "c": "stopped"}
    assert report.is_stopped


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_stops_the_jobs_before_it_reaches_the_caller(quiet_place):
    stopped = []

    def interrupt(cancel):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        stopped.append(cancel.wait(30))
        raise CancelledError("The job was stopped")

    with pytest.raises(KeyboardInterrupt):
        work(FakeRunner(a=interrupt)).do(jobs("a", "b"))
    assert stopped == [True]
    assert not Path("out/b.mp4").exists()


def test_an_error_of_the_listener_stops_the_batch_and_reaches_the_caller(quiet_place):
    class Broken(BatchListener):
        def ended(self, outcome):
            raise LookupError(outcome.job.place)

    with pytest.raises(LookupError, match="a"):
        work(FakeRunner(), listener=Broken()).do(jobs("a", "b"))
    assert not Path("out/b.mp4").exists()


def test_listeners_hear_all_of_it(quiet_place):
    heard = []

    class Listener(BatchListener):
        def began(self, job):
            heard.append(("began", job.place))

        def went_on(self, job, progress):
            heard.append(("went on", progress.done))

        def noted(self, job, note):
            heard.append(("noted", note))

        def ended(self, outcome):
            heard.append(("ended", outcome.status))

    work(FakeRunner(), listener=Listener()).do(jobs("a"))
    assert heard == [("began", "a"), ("noted", "a note"), ("went on", 5), ("ended", "done")]


def test_jobs_at_once_share_the_memory_that_is_allowed(quiet_place):
    runner = FakeRunner()
    work(runner, at_once=2).do(jobs("a", "b", max_memory=3))
    assert [options.runtime.max_memory for options in runner.asked] == [1.5, 1.5]


def test_auto_goes_by_cores_memory_and_number_of_jobs(quiet_place, monkeypatch):
    from facefusion.engine.batch import run

    monkeypatch.setattr(run, "usable_cores", lambda: 2)
    monkeypatch.setattr(run, "total_memory", lambda: 16 << 30)
    assert jobs_at_once("auto", jobs("a", "b", "c")) == 2
    assert jobs_at_once("auto", jobs("a")) == 1
    assert jobs_at_once("auto", jobs("a", "b", max_memory=0.6)) == 1
    assert jobs_at_once(5, jobs("a")) == 5
    monkeypatch.setattr(run, "usable_cores", lambda: 64)
    assert jobs_at_once("auto", jobs(*"abcdefgh")) == 4
    monkeypatch.setattr(run, "total_memory", lambda: 4 << 30)
    assert jobs_at_once("auto", jobs(*"abcdefgh")) == 2


@pytest.mark.parametrize("name", ["report.json", "report.csv"])
def test_a_report_holds_what_became_of_each(quiet_place, name):
    report = work(FakeRunner(b=InputDamagedError("b is damaged"))).do(jobs("a", "b"))
    write_report(Path(name), report)
    if name.endswith("json"):
        facts = json.loads(Path(name).read_text())
        assert (facts["done"], facts["failed"], facts["frames"]) == (1, 1, 10)
        rows = facts["jobs"]
    else:
        rows = list(csv.DictReader(Path(name).read_text().splitlines()))
    assert [(row["target"], row["status"], str(row["code"])) for row in rows] == [
        ("a.mp4", "done", "0"),
        ("b.mp4", "failed", "12"),
    ]
    assert rows[1]["error"] == "InputDamagedError"


def test_a_report_that_cannot_be_written_is_told_before_any_work(quiet_place):
    with pytest.raises(OutputTypeError, match=r"\.json or \.csv"):
        check_report(Path("report.xml"))
    with pytest.raises(OutputUnwritableError):
        check_report(Path("gone/report.json"))


def test_a_batch_from_python(moving_portrait, quiet_place):
    """A folder with a damaged file: the others are done, as single calls do them."""
    clips = quiet_place / "clips"
    clips.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (clips / name).write_bytes(moving_portrait.read_bytes())
    (clips / "damaged.mp4").write_bytes(moving_portrait.read_bytes()[:300])
    rehearsed = facefusion.process_batch(clips, "out", source_paths=CAPTAIN, dry_run=True)
    assert [outcome.status for outcome in rehearsed.outcomes] == ["ready", "ready", "failed"]
    assert not Path("out").exists()
    report = facefusion.process_batch([clips], "out", source_paths=CAPTAIN, jobs=2)
    assert (report.count("done"), report.count("failed"), report.exit_code) == (2, 1, 3)
    facefusion.process_video(moving_portrait, "alone.mp4", source_paths=CAPTAIN)
    alone = Path("alone.mp4").read_bytes()
    assert Path("out/a.mp4").read_bytes() == Path("out/b.mp4").read_bytes() == alone


def test_each_job_of_a_call_has_its_own_options(moving_portrait, quiet_place):
    own = [
        {"target": moving_portrait, "output": "a.mp4", "processors": ()},
        {"target": moving_portrait, "output": "b.mp4", "source": CAPTAIN, "trim_end": "5f"},
    ]
    with facefusion.Engine() as engine:
        report = engine.process_batch(own)
    assert [outcome.result.frames for outcome in report.outcomes] == [20, 5]
