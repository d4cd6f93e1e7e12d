"""A job in the database becomes a finished file: staged, done, published, told."""

from __future__ import annotations

import io
import json
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from workshop import TENANT, Shop, until

from facefusion.engine.run import run
from facefusion.errors import (
    ContentRefusedError,
    DiskFullError,
    FaceFusionError,
    InputMissingError,
    StorageUnavailableError,
)
from facefusion.jobs.storage import Stored
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.delivering import deliver_result
from facefusion.media.times import read_times
from facefusion.options import load_options
from material import ASTRONAUT, CAPTAIN, read, read_clip, save, write_clip

PICTURE = {"source_paths": [str(ASTRONAUT)], "output_path": "result.png"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portrait of 160 pixels, which is quick to work on."""
    image = read(CAPTAIN)
    return save(tmp_path_factory.mktemp("small") / "captain.png", image[: image.shape[0] // 2 * 2 : 2, ::2])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.at(tmp_path / "shop")
    yield shop
    shop.engine.dispose()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(40)]
    return write_clip(tmp_path_factory.mktemp("clips") / "moving.mp4", views)


def done(shop: Shop, job, **serving):
    """Do all tasks that there are, in this thread, and return the job."""
    worker = shop.worker(**serving)
    with worker.watching():
        while worker.work_once():
            pass
    return shop.job(job)


def test_a_picture_comes_out_as_it_does_without_a_service(shop: Shop, small: Path, tmp_path: Path) -> None:
    job = done(shop, shop.submit({**PICTURE, "target_path": str(small), "blend_ratio": 0.7}))
    assert job.state == "succeeded"
    [output] = job.result["outputs"]
    assert (output["name"], output["form"], output["media_type"]) == ("result.png", "PNG", "image/png")
    assert output["address"] == f"{TENANT}/jobs/{job.id}/result-1/result.png"
    assert job.result["frames"] == job.result["faces"] == 1
    assert "metadata" in job.result["disclosure"]
    values = {"source_paths": [ASTRONAUT], "target_path": small, "output_path": tmp_path / "x.png", "tenant": TENANT}
    run(load_options({**values, "actor": "ada", "blend_ratio": 0.7}))
    assert shop.output(job) == (tmp_path / "x.png").read_bytes()
    [attempt] = shop.board.attempts(job.id, tenant=TENANT)
    assert attempt.facts["frames"] == 1
    assert attempt.facts["stages"]["prepare"] > 0


def test_a_job_that_is_cut_has_the_frames_of_one_that_is_not(shop: Shop, clip: Path) -> None:
    values = {"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mkv", "thumbnail": "t.jpg"}
    values["output_video_encoder"] = "ffv1"  # which loses nothing, so that frames can be compared
    cut = shop.submit(values, is_cut=True)
    whole = shop.submit(values)
    done(shop, cut, segment_frames=16)
    cut, whole = shop.job(cut), shop.job(whole)
    assert (cut.state, whole.state) == ("succeeded", "succeeded")
    assert (cut.segments, cut.segments_done, cut.frames) == (3, 3, 40)
    assert cut.result["frames"] == whole.result["frames"] == 40
    assert [each["name"] for each in cut.result["outputs"]] == ["r.mkv", "t.jpg"]
    frames = []
    for job in (cut, whole):
        path = shop.folder / f"{job.id}.mkv"
        path.write_bytes(shop.output(job))
        frames.append(read_clip(path))
    assert len(frames[0]) == len(frames[1]) == 40
    for one, other in zip(*frames, strict=True):
        assert abs(one.astype(int) - other).mean() < 0.5
    # Plan and segments are removed.
    assert shop.files(cut) == ["result-1/r.mkv", "result-1/shown/thumbnail", "result-1/t.jpg"]
    thumbnail = b"".join(shop.storage.read(cut.result["thumbnail"]["address"]))
    assert max(Image.open(io.BytesIO(thumbnail)).size) == 192


def test_inputs_are_fetched_once_and_kept_within_bounds(shop: Shop, small: Path) -> None:
    for _ in range(2):
        assert done(shop, shop.submit({**PICTURE, "target_path": str(small)})).state == "succeeded"
    kept = [path for path in (shop.folder / "scratch").rglob("inputs/*") if not path.name.startswith(".")]
    assert len(kept) == 2
    (shop.folder / "files" / TENANT / "uploads").rename(shop.folder / "away")
    job = shop.keep(shop.job(shop.board.jobs(tenant=TENANT)[0]).request)
    assert done(shop, job).state == "succeeded"  # nothing had to be fetched
    assert done(shop, shop.keep(job.request), scratch_cache=0).state == "succeeded"
    assert not [path for path in (shop.folder / "scratch").rglob("inputs/*") if not path.name.startswith(".")]


def test_an_input_that_is_gone_or_another_is_told_by_its_reference(shop: Shop, small: Path) -> None:
    request = {"sources": ["upload:a1"], "target": "upload:b2", "output": "r.png"}
    job = done(shop, shop.keep(request))
    assert (job.state, job.failure.type) == ("failed", "InputMissingError")
    assert "upload:a1" in job.failure.what
    shop.storage.put(small, f"{TENANT}/uploads/b2")
    shop.storage.put(ASTRONAUT, f"{TENANT}/uploads/a1")
    with shop.working():
        job = shop.finished(shop.keep({**request, "digests": {"upload:b2": "0" * 64}}))
    assert (job.state, job.failure.type) == ("failed", "StorageDamagedError")
    assert done(shop, shop.keep(request)).state == "succeeded"


def test_what_cannot_be_done_says_why_without_paths_of_the_worker(shop: Shop, tmp_path: Path) -> None:
    blank = save(tmp_path / "blank.png", read(ASTRONAUT)[:100, :100] * 0 + 90)
    text_file = tmp_path / "notes.txt"
    text_file.write_text("this is no picture")
    for target, error in ((blank, "NoFaceError"), (text_file, "InputTypeError")):
        job = done(shop, shop.submit({**PICTURE, "target_path": str(target)}))
        assert (job.state, job.failure.type, job.failure.is_final) == ("failed", error, True)
        assert "upload:" in job.failure.what
        assert str(tmp_path) not in json.dumps(job.failure.to_json())
        assert shop.kinds(job).count("task.leased") == 1
        assert shop.files(job) == []


def test_the_result_of_a_job_serves_another_of_its_tenant_alone(shop: Shop, small: Path) -> None:
    first = shop.submit({**PICTURE, "target_path": str(small)})
    second = shop.keep({"sources": ["upload:a"], "target": f"job:{first.id}", "output": "r.jpg"})
    shop.storage.put(ASTRONAUT, f"{TENANT}/uploads/a")
    assert done(shop, first).state == "succeeded"
    assert shop.job(second).state == "succeeded"
    other = shop.keep({"sources": ["upload:a"], "target": f"job:{second.id}0", "output": "r.jpg"})
    assert done(shop, other).failure.type == "JobUnknownError"


def test_a_result_is_delivered_below_allowed_roots_alone(shop: Shop, small: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / TENANT).mkdir(parents=True)
    (tmp_path / "out" / "others").mkdir()
    roots = f"file://{tmp_path}/out/{{tenant}}"
    values = {**PICTURE, "target_path": str(small)}
    job = shop.submit(values, deliver_to=f"file://{tmp_path}/out/{TENANT}/in/")
    assert done(shop, job, allowed_roots=roots).state == "succeeded"
    assert (tmp_path / "out" / TENANT / "in" / "result.png").read_bytes() == shop.output(job)
    job = shop.submit(values, deliver_to=f"file://{tmp_path}/out/others/")
    assert done(shop, job, allowed_roots=roots).failure.type == "StorageAddressError"
    assert not list((tmp_path / "out" / "others").iterdir())
    held = shop.submit(values, deliver_to=f"file://{tmp_path}/out/{TENANT}/held.png", needs_review=True)
    assert done(shop, held, allowed_roots=roots).state == "review"
    assert not (tmp_path / "out" / TENANT / "held.png").exists()
    [address] = deliver_result(shop.job(held), shop.storage, [roots.format(tenant=TENANT)])
    assert address.endswith(f"/{TENANT}/held.png")
    assert (tmp_path / "out" / TENANT / "held.png").read_bytes() == shop.output(held)
    assert deliver_result(shop.job(job), shop.storage, []) == []  # it has no result


def test_an_address_is_read_below_allowed_roots_alone(shop: Shop, small: Path) -> None:
    request = {"sources": [f"file://{ASTRONAUT}"], "target": f"file://{small}", "output": "r.png"}
    assert done(shop, shop.keep(request)).failure.type == "StorageAddressError"
    roots = f"file://{ASTRONAUT.parent},file://{small.parent}"
    assert done(shop, shop.keep(request), allowed_roots=roots).state == "succeeded"


@pytest.mark.parametrize(
    "spoilt", ["{garbage", "[1, 2]", '"text"', '{"target": 5}', '{"target": "upload:a", "output": "x"}']
)
def test_a_request_that_somebody_spoilt_fails_and_holds_up_nobody(shop: Shop, small: Path, spoilt: str) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)}, priority=9)
    following = shop.submit({**PICTURE, "target_path": str(small)})
    with shop.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET request = :bad WHERE id = :id"), {"bad": spoilt, "id": job.id})
    assert done(shop, job).state == "failed"
    assert shop.job(job).failure.type == "OptionsError"
    assert shop.job(following).state == "succeeded"


class _Broken:
    """Does jobs as told, one call after another."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends, self.calls = list(ends), 0

    def __call__(self, options, **further):
        self.calls += 1
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        return run(options, **further)


def _with_runner(bench: Bench, runner) -> Bench:
    return replace(bench, runner=runner)


@pytest.mark.parametrize(
    "error",
    [
        DiskFullError("No space is left in /scratch/x"),
        RuntimeError("/secret/path"),
        StorageUnavailableError("away"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_tried_again(shop: Shop, small: Path, error: Exception) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)})
    with shop.working(shop.worker(_with_runner(shop.bench(), _Broken(error)))):
        assert shop.finished(job).state == "succeeded"
    failed = [
        event.facts["failure"] for event in shop.board.events(job.id, tenant=TENANT) if event.kind == "task.failed"
    ]
    assert [each["type"] for each in failed] == [type(error).__name__]
    assert "/" not in failed[0]["what"]


def test_what_never_works_is_given_up(shop: Shop, small: Path) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)})
    runner = _Broken(*[ValueError(number) for number in range(9)])
    with shop.working(shop.worker(_with_runner(shop.bench(), runner))):
        assert shop.finished(job).state == "failed"
    assert (shop.job(job).failure.type, runner.calls) == ("ValueError", 3)


def test_content_that_is_refused_is_removed(shop: Shop, small: Path) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)})
    bench = _with_runner(shop.bench(), _Broken(ContentRefusedError("The target shows what is refused")))
    with shop.working(shop.worker(bench)):
        assert shop.finished(job).failure.type == "ContentRefusedError"
    assert "removed" in shop.job(job).failure.hint
    assert list(shop.storage.keys(TENANT)) == []


def test_a_scratch_folder_that_is_full_takes_no_task(shop: Shop, small: Path) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)})
    worker = shop.worker(scratch_free=90_000)
    with worker.watching():
        assert not worker.work_once()
    assert shop.job(job).state == "queued"
    assert done(shop, job).state == "succeeded"


def test_work_that_does_not_move_is_given_up_and_tried_anew(shop: Shop, small: Path) -> None:
    job = shop.submit({**PICTURE, "target_path": str(small)})
    first = threading.Event()

    def runner(options, *, cancel, **further):
        if first.is_set():
            worker._watch._stall = 600
            return run(options, cancel=cancel, **further)
        first.set()
        cancel.wait(60)
        raise FaceFusionError("stopped")

    from facefusion.jobs.watching import Watch

    worker = shop.worker(_with_runner(shop.bench(lease_seconds=1), runner))
    worker._watch = Watch(shop.queue, worker.name, {}, seconds=1, stall_seconds=0.5)
    with shop.working(worker):
        assert shop.finished(job).state == "succeeded"
    failed = [event for event in shop.board.events(job.id, tenant=TENANT) if event.kind == "task.failed"]
    assert [event.facts["failure"]["type"] for event in failed] == ["StalledError"]


def test_a_job_that_is_cancelled_stops_within_seconds(shop: Shop, clip: Path) -> None:
    began = threading.Event()

    def runner(options, *, cancel, **further):
        began.set()
        return run(options, cancel=cancel, pre_processor=lambda image: (cancel.wait(0.2), image)[1], **further)

    job = shop.submit({"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"})
    with shop.working(shop.worker(_with_runner(shop.bench(), runner))) as worker:
        assert began.wait(60)
        shop.board.cancel(job.id, tenant=TENANT)
        until(lambda: not worker._watch.attempts, "the work stops", 20)
    assert shop.job(job).state == "cancelled"
    assert shop.files(job) == []


def test_what_is_paused_goes_on_when_it_is_resumed(shop: Shop, clip: Path) -> None:
    values = {"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"}
    job = shop.submit(values, is_cut=True)
    worker = shop.worker(segment_frames=20)
    with worker.watching():
        assert worker.work_once()
        shop.board.pause(job.id, tenant=TENANT)
        assert not worker.work_once()
        shop.board.resume(job.id, tenant=TENANT)
        assert worker.work_once()
        assert shop.job(job).segments_done == 1
        # What is more urgent goes between the segments of a long job.
        urgent = shop.submit({**PICTURE, "target_path": str(ASTRONAUT), "source_paths": [str(CAPTAIN)]}, priority=9)
        assert worker.work_once()
        assert shop.job(urgent).state == "succeeded"
        while worker.work_once():
            pass
    assert shop.job(job).state == "succeeded"


def test_what_a_lost_attempt_put_is_removed_and_what_counts_stays(shop: Shop, small: Path) -> None:
    """A worker that was thought lost comes back with its result when another has published."""
    job = shop.submit({**PICTURE, "target_path": str(small)})

    def slow(options, **further):
        result = run(options, **further)
        with shop.engine.begin() as connection:
            connection.execute(text("UPDATE leases SET until = 1"))
        assert shop.queue.sweep() == 1
        assert done(shop, job).state == "succeeded"
        return result

    worker = shop.worker(_with_runner(shop.bench(lease_seconds=600), slow))
    with worker.watching():
        assert worker.work_once()
    assert shop.files(job) == ["result-2/result.png", "result-2/shown/thumbnail"]
    assert shop.kinds(job).count("job.succeeded") == 1
    assert Stored.of_json(shop.job(job).result["outputs"][0]).address.endswith("result-2/result.png")


def test_a_missing_source_is_told_before_anything_is_done(shop: Shop) -> None:
    with pytest.raises(InputMissingError, match=r"none\.png"):
        shop.submit({**PICTURE, "target_path": "none.png"})


def test_a_job_that_does_not_go_in_segments_is_done_whole(shop: Shop, clip: Path, monkeypatch) -> None:
    """The times in the file promise a frame that is not there: that is found out in the last segment."""

    def more(*given):
        times = read_times(*given)
        return replace(times, pts=(*times.pts, times.pts[-1] + times.pts[1] - times.pts[0]))

    monkeypatch.setattr("facefusion.engine.segmented.planning.read_times", more)
    values = {"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"}
    job = done(shop, shop.submit(values, is_cut=True), segment_frames=21)
    assert (job.state, job.segments, job.result["frames"], job.failure) == ("succeeded", None, 40, None)
    [told] = [event for event in shop.board.events(job.id, tenant=TENANT) if event.kind == "job.whole"]
    assert told.facts["failure"]["type"] == "OnlyWholeError"
    assert "there are only 40 frames" in told.facts["failure"]["what"]
    assert shop.files(job) == ["result-2/r.mp4", "result-2/shown/thumbnail"], "of the segments nothing is left"
    assert str(shop.folder) not in json.dumps(told.facts)


def test_under_a_policy_that_wants_work_in_memory_jobs_are_done_whole(
    shop: Shop, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "memory.toml"
    usual = (Path(__file__).parents[1] / "policy.toml").read_text().replace('"tests"', '"stricter"')
    policy.write_text(f'{usual}\n[privacy]\nwork_folder = {{ value = "memory", why = "A test asks for it" }}\n')
    values = {"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"}
    job = shop.submit(values, is_cut=True)
    monkeypatch.setenv("FACEFUSION_POLICY", str(policy))
    # What workers keep has to lie in memory, too.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch:
        job = done(shop, job, scratch_dir=scratch)
        assert job.state == "succeeded", job.failure
        [told] = [event for event in shop.board.events(job.id, tenant=TENANT) if event.kind == "job.whole"]
        assert (told.facts["kind"], told.facts["failure"]["what"][:10]) == ("plan", "The policy")
        assert shop.files(job) == ["result-2/r.mp4"], "no picture of a frame leaves early"
