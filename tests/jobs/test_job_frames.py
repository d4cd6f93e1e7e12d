"""Small pictures of frames: whose lease they are of, what becomes of them, and that they harm nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from queue_material import BROKEN, Jobs

from facefusion.engine.glimpses import Glimpse
from facefusion.errors import LeaseLostError, ResourceUnknownError, StorageUnavailableError
from facefusion.jobs.database import reading
from facefusion.jobs.frames import ShownFrame, frame_seen, frames_seen, note_frame
from facefusion.jobs.schema import FRAMES, STORED
from facefusion.jobs.storage import open_storage
from facefusion.jobs.values import Job, Lease
from facefusion.jobs.work.showing import Showing, best_of, kept_glimpse, stored_files, with_thumbnail


@pytest.fixture
def jobs(jobs_engine, clock) -> Jobs:
    return Jobs.of(jobs_engine, clock, failures=3, wait=0.0)


def note(jobs: Jobs, lease: Lease, number: int) -> None:
    frame = ShownFrame(number, number / 25, f"k/{lease.token}/{number}", 1000, 400, 225)
    note_frame(jobs.engine, lease, frame, clock=jobs.clock)


def seen(jobs: Jobs, job: Job) -> list[tuple[int, str]]:
    with reading(jobs.engine) as connection:
        return [(each.frame.number, each.frame.key) for each in frames_seen(connection, jobs.job(job))]


def test_frames_of_segments_are_seen_in_the_order_of_the_output(jobs: Jobs) -> None:
    job = jobs.planned(2)
    first, second = jobs.claim("one"), jobs.claim("two")
    note(jobs, second, 15)
    note(jobs, first, 2)
    assert seen(jobs, job) == [(2, "k/1/2"), (15, "k/1/15")]
    jobs.queue.finished(first, {})
    assert [number for number, _ in seen(jobs, job)] == [2, 15], "a segment that is done is still shown"
    with reading(jobs.engine) as connection:
        assert frame_seen(connection, jobs.job(job), 15).frame.width == 400
        with pytest.raises(ResourceUnknownError):
            frame_seen(connection, jobs.job(job), 3)


def test_who_lost_its_lease_shows_nothing_any_more(jobs: Jobs) -> None:
    job = jobs.submit()
    lost = jobs.claim("slow", seconds=1)
    note(jobs, lost, 0)
    jobs.clock.forward(10)
    assert jobs.queue.sweep() == 1
    assert seen(jobs, job) == []
    taken = jobs.claim("quick")
    assert seen(jobs, job) == [], "what the lost one showed was of another lease"
    with pytest.raises(LeaseLostError):
        note(jobs, lost, 1)
    note(jobs, taken, 0)
    assert seen(jobs, job) == [(0, "k/2/0")], "in the place of what it showed"


def test_frames_of_what_failed_or_was_given_back_are_gone(jobs: Jobs) -> None:
    job = jobs.submit()
    for end in (lambda lease: jobs.queue.failed(lease, BROKEN), jobs.queue.released):
        lease = jobs.claim()
        note(jobs, lease, 5)
        end(lease)
        assert seen(jobs, job) == []


def test_a_job_that_is_finished_keeps_none(jobs: Jobs) -> None:
    job = jobs.submit()
    lease = jobs.claim()
    note(jobs, lease, 0)
    jobs.queue.finished(lease, {"outputs": []})
    assert seen(jobs, job) == []
    with jobs.engine.connect() as connection:
        assert connection.execute(FRAMES.select()).all() == []


def counted(jobs: Jobs, job: Job) -> dict[str, int]:
    with reading(jobs.engine) as connection:
        rows = connection.execute(STORED.select().where(STORED.c.what.startswith(f"jobs/{job.id}")))
        return {row.what.removeprefix(f"jobs/{job.id}"): row.bytes for row in rows}


def test_pictures_count_as_stored_as_long_as_they_are_there(jobs: Jobs) -> None:
    job = jobs.submit()
    lease = jobs.claim()
    note(jobs, lease, 0)
    note(jobs, lease, 25)
    note(jobs, lease, 25)
    assert counted(jobs, job) == {"/frames": 2000}, "one that is made again counts once"
    jobs.queue.finished(lease, {"outputs": []}, stored=70)
    assert counted(jobs, job) == {"": 70}, "they go when the result is there"
    jobs.board.remove(job.id, tenant=None)
    assert counted(jobs, job) == {}
    given_up = jobs.submit()
    note(jobs, jobs.claim(), 3)
    jobs.board.cancel(given_up.id, tenant=None)
    assert counted(jobs, given_up) == {"/frames": 1000}, "of what was stopped they are still shown"
    jobs.board.remove(given_up.id, tenant=None)
    assert counted(jobs, given_up) == {}


def test_the_small_picture_of_a_result_counts_with_it() -> None:
    outputs = [{"size": 5}, {"size": 7}]
    assert sum(each["size"] for each in stored_files({"outputs": outputs})) == 12
    assert sum(each["size"] for each in stored_files({"outputs": outputs, "thumbnail": {"size": 3}})) == 15


def glimpse(number: int, value: float = 0.2, *, is_live: bool = True) -> Glimpse:
    return Glimpse(number, number / 25, b"jpeg%d" % number, 400, 225, value, is_live)


@pytest.fixture
def lease(jobs: Jobs) -> Lease:
    jobs.submit()
    return jobs.claim()


def test_pictures_go_into_storage_before_anybody_is_told(lease: Lease, tmp_path: Path) -> None:
    storage, told = open_storage(str(tmp_path / "files")), []

    def tell(frame: ShownFrame) -> None:
        told.append((frame.number, b"".join(storage.read(frame.key))))

    with Showing(lease, storage, tell) as showing:
        showing(glimpse(0, is_live=False))
        showing(glimpse(10, 0.3))
        showing(glimpse(20))
    assert told == [(10, b"jpeg10"), (20, b"jpeg20")], "what came too early is for the thumbnail alone"
    assert showing.best == glimpse(10, 0.3)
    prefix = f"studio/jobs/{lease.job.id}/frames/whole0-1"
    assert sorted(storage.keys(prefix)) == [f"{prefix}/10", f"{prefix}/20"]


@pytest.mark.parametrize("error", [StorageUnavailableError("away"), LeaseLostError("lost"), ValueError("a bug")])
def test_whatever_goes_wrong_with_a_picture_is_for_the_log(
    lease: Lease, tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_frame: ShownFrame) -> None:
        raise error

    with Showing(lease, open_storage(str(tmp_path / "files")), fail) as showing:
        showing(glimpse(0))
    assert "is not shown" in caplog.text


def test_a_slow_storage_holds_nobody_up(lease: Lease, tmp_path: Path) -> None:
    go, told = threading.Event(), []

    def wait(frame: ShownFrame) -> None:
        go.wait(30)
        told.append(frame.number)

    with Showing(lease, open_storage(str(tmp_path / "files")), wait) as showing:
        for number in range(50):
            showing(glimpse(number))
        go.set()
    assert 1 <= len(told) <= 6, "the others were left out"


def test_the_thumbnail_of_segments_is_the_one_with_the_largest_face(lease: Lease, tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "files"))
    made = [kept_glimpse(storage, lease, glimpse(n, value), f"s/{n}") for n, value in enumerate((0.1, 0.6, 0.4, 0.5))]
    assert best_of(storage, made) == b"jpeg1", "from a width on all are as good, and the earlier is taken"
    assert best_of(storage, [{}, *made[:1], {}]) == b"jpeg0"
    assert best_of(storage, [{}]) is None
    storage.delete("s")
    assert best_of(storage, made) is None
    content = with_thumbnail({"outputs": []}, storage, lease, b"small")
    assert b"".join(storage.read(content["thumbnail"]["address"])) == b"small"
    assert with_thumbnail({}, storage, lease, None) == {}
