"""Files that are kept for a time, and go when it is over."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from audit_material import Clock, everything

from facefusion.engine.notes import Notes
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.segments.folder import job_folder
from facefusion.errors import InputMissingError, OptionsError, SecretError
from facefusion.trust.database import open_database
from facefusion.trust.privacy.lifecycle import Lifecycle, duration

KEY = bytes(32)


@pytest.fixture
def clock():
    return Clock(step=timedelta(0))


@pytest.fixture
def engine(tmp_path):
    engine = open_database(tmp_path / "trust.db")
    yield engine
    engine.dispose()


@pytest.fixture
def lifecycle(engine, clock):
    return Lifecycle(engine, KEY, clock=clock)


def put(path, content=b"a film"):
    path.write_bytes(content)
    return path


def keep(lifecycle, path, hours, kind="output"):
    return lifecycle.keep(path, kind, timedelta(hours=hours), tenant="default")


def outcomes(lifecycle):
    return {item.path.name: outcome for item, outcome in lifecycle.sweep()}


def test_files_go_when_their_time_is_over_and_not_before(lifecycle, clock, tmp_path):
    short, long = put(tmp_path / "short.mp4"), put(tmp_path / "long.mp4")
    keep(lifecycle, short, 72)
    keep(lifecycle, long, 7 * 24)
    assert [item.path for item in lifecycle.items()] == [short, long]
    assert outcomes(lifecycle) == {}
    clock.now += timedelta(hours=72)
    assert outcomes(lifecycle) == {"short.mp4": "removed"}
    assert not short.exists() and long.exists()
    clock.now += timedelta(days=5)
    assert outcomes(lifecycle) == {"long.mp4": "removed"}
    assert lifecycle.items() == []


def test_folders_go_whole_and_links_are_not_followed(lifecycle, tmp_path):
    outside = put(tmp_path / "outside.mp4")
    folder = tmp_path / "work"
    (folder / "deep").mkdir(parents=True)
    put(folder / "deep" / "face.png")
    (folder / "link").symlink_to(tmp_path)
    link = tmp_path / "link.mp4"
    link.symlink_to(outside)
    keep(lifecycle, folder, 0, "work")
    keep(lifecycle, link, 0)
    assert outcomes(lifecycle) == {"work": "removed", "link.mp4": "removed"}
    assert outside.exists() and not folder.exists() and not link.is_symlink()


def test_the_folder_of_a_job_at_work_stays_until_it_ends(lifecycle, tmp_path):
    output = tmp_path / "out.mp4"
    with pytest.raises(RuntimeError), job_folder([output], Fingerprint("ab" * 32), resume=True, notes=Notes()) as job:
        folder = job[0].path.parent
        keep(lifecycle, folder, 0, "work")
        assert outcomes(lifecycle) == {folder.name: "kept"}
        (folder / "another job").mkdir()
        raise RuntimeError
    assert outcomes(lifecycle) == {folder.name: "removed"}
    assert not folder.exists()


def test_another_file_in_the_same_place_stays(lifecycle, tmp_path):
    path = put(tmp_path / "result.mp4")
    keep(lifecycle, path, 0)
    put(tmp_path / "new.mp4", b"another film").replace(path)
    assert outcomes(lifecycle) == {"result.mp4": "replaced"}
    assert path.read_bytes() == b"another film"
    assert lifecycle.items() == []


def test_what_is_gone_is_forgotten(lifecycle, tmp_path):
    path = put(tmp_path / "result.mp4")
    keep(lifecycle, path, 0)
    path.unlink()
    assert outcomes(lifecycle) == {"result.mp4": "gone"}
    assert outcomes(lifecycle) == {}


def test_what_cannot_be_removed_is_tried_again(lifecycle, tmp_path, monkeypatch):
    path = put(tmp_path / "result.mp4")
    keep(lifecycle, path, 0)

    def refuse(_):
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "unlink", refuse)
        assert outcomes(lifecycle) == {"result.mp4": "kept"}
    assert outcomes(lifecycle) == {"result.mp4": "removed"}


def test_a_new_end_takes_the_place_of_the_old_one(lifecycle, tmp_path, clock):
    path = put(tmp_path / "result.mp4")
    keep(lifecycle, path, 1)
    keep(lifecycle, path, 48)
    assert [item.expires for item in lifecycle.items()] == [clock.now + timedelta(hours=48)]


def test_paths_lie_encrypted(lifecycle, engine, tmp_path):
    path = put(tmp_path / "ada lovelace.mp4")
    keep(lifecycle, path, 1)
    assert "lovelace" not in everything(tmp_path)
    assert lifecycle.items()[0].path == path
    with pytest.raises(SecretError, match="under another key"):
        Lifecycle(engine, b"x" * 32).items()


def test_what_is_not_there_cannot_be_kept(lifecycle, tmp_path):
    with pytest.raises(InputMissingError):
        keep(lifecycle, tmp_path / "none.mp4", 1)


def test_times_are_in_utc(lifecycle, tmp_path):
    item = keep(lifecycle, put(tmp_path / "a.mp4"), 1)
    assert lifecycle.items() == [item]
    assert item.added.tzinfo == UTC == datetime.now(UTC).tzinfo


@pytest.mark.parametrize("text, hours", [("72h", 72), ("7d", 168), ("4 w", 672), ("6mo", 4320), ("1y", 8760)])
def test_durations_as_people_write_them(text, hours):
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "-7d", "7 days", "1.5h", "7d7d"])
def test_what_is_no_duration_is_told(text):
    with pytest.raises(OptionsError, match="is no duration"):
        duration(text)


def test_a_file_that_got_the_same_number_as_the_one_before_stays(lifecycle, clock, tmp_path):
    """File systems give the number of a file that is gone to the next: it says little alone."""
    path = put(tmp_path / "film.mp4")
    keep(lifecycle, path, 1)
    path.write_bytes(b"what its owner made of it")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    clock.now += timedelta(hours=2)
    assert outcomes(lifecycle) == {"film.mp4": "replaced"}
    assert path.exists()


def test_what_takes_the_place_of_a_kept_file_is_kept_as_long(lifecycle, clock, tmp_path):
    film, link = put(tmp_path / "film.mp4"), tmp_path / "link.mp4"
    link.symlink_to(film)
    keep(lifecycle, film, 72)
    for number, path in enumerate((film, link)):
        with lifecycle.replacing(path):
            put(tmp_path / "new", f"what is made of it, {number}".encode()).replace(film)
    clock.now += timedelta(hours=72)
    assert outcomes(lifecycle) == {"film.mp4": "removed"}
    assert not film.exists()


def test_nothing_is_kept_by_being_replaced(lifecycle, clock, tmp_path):
    """Neither what was never entered, nor what another was put in the place of; and a failure changes nothing."""
    free, other, broken = (put(tmp_path / name) for name in ("free.mp4", "other.mp4", "broken.mp4"))
    for path in (other, broken):
        keep(lifecycle, path, 72)
    put(tmp_path / "new", b"of somebody else").replace(other)
    for path in (free, other):
        with lifecycle.replacing(path):
            put(tmp_path / "new", b"made of it").replace(path)
    with pytest.raises(OSError, match="full"), lifecycle.replacing(broken):
        raise OSError("the disk is full")
    clock.now += timedelta(hours=72)
    assert outcomes(lifecycle) == {"other.mp4": "replaced", "broken.mp4": "removed"}
    assert free.exists() and other.exists()
