"""Work folders: private, in memory where that goes, and gone whatever happens."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion.engine.notes import Notes
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.segments.folder import job_folder
from facefusion.errors import OutputUnwritableError
from facefusion.trust.privacy import work
from facefusion.trust.privacy.work import sweep_work, work_folder, work_root

HOLDING = """
import sys
from pathlib import Path
from facefusion.trust.privacy.work import work_folder
with work_folder(Path(sys.argv[1])) as folder:
    (folder / "face.png").write_bytes(b"a face")
    print(folder, flush=True)
    sys.stdin.read()
"""


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def held(tmp_path):
    """A process that holds a work folder until it is told to end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process, Path(process.stdout.readline().strip())
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_a_folder_is_for_its_owner_alone_and_gone_at_the_end(tmp_path):
    with work_folder(tmp_path) as folder:
        (folder / "face.png").write_bytes(b"a face")
        assert mode(folder) == mode(folder.parent) == 0o700
    assert not list(tmp_path.rglob("job-*"))


def test_it_is_gone_when_the_job_fails(tmp_path):
    with pytest.raises(RuntimeError), work_folder(tmp_path) as folder:
        (folder / "face.png").write_bytes(b"a face")
        raise RuntimeError
    assert not folder.exists()


def test_that_of_a_killed_job_goes_with_the_next_one(tmp_path, held):
    process, folder = held
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "face.png").exists()
    with work_folder(tmp_path):
        assert not folder.exists()


def test_that_of_a_job_at_work_stays(tmp_path, held):
    _, folder = held
    with work_folder(tmp_path) as other:
        assert folder.is_dir()
        assert other != folder
    assert sweep_work(tmp_path) == 0
    assert (folder / "face.png").exists()


def test_what_killed_jobs_left_can_be_swept_without_a_job(tmp_path, held):
    process, folder = held
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert sweep_work(tmp_path) == 1
    assert not folder.exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no /dev/shm here")
def test_it_lies_in_memory_where_there_is_room(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if work._form(Path("/dev/shm")) != b"tmpfs":
        pytest.skip("/dev/shm is not in memory here")
    assert work_root(room=1).parent == Path("/dev/shm")
    monkeypatch.setattr(work.tempfile, "gettempdir", lambda: str(tmp_path))
    assert work_root(room=1 << 60).parent == tmp_path


def test_where_it_must_lie_in_memory_a_disk_is_refused(monkeypatch, tmp_path):
    if work._form(tmp_path) in {b"tmpfs", b"ramfs"}:
        pytest.skip("this machine's temporary folder is in memory itself")
    with pytest.raises(OutputUnwritableError, match="lies on a disk"), work_folder(tmp_path, in_memory=True):
        pass
    monkeypatch.setattr(work, "_in_memory", lambda: iter(()))
    with pytest.raises(OutputUnwritableError, match="no folder in memory"), work_folder(in_memory=True):
        pass


def test_a_folder_that_others_may_read_is_refused(tmp_path):
    (tmp_path / "facefusion-work").mkdir(mode=0o755)
    with pytest.raises(OutputUnwritableError, match="not for its owner alone"), work_folder(tmp_path):
        pass


def test_a_link_in_its_place_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "facefusion-work").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputUnwritableError, match="not for its owner alone"), work_folder(tmp_path):
        pass


def test_finished_segments_of_a_long_job_are_for_its_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        with job_folder([tmp_path / "out.mp4"], Fingerprint("ab" * 32), resume=True, notes=Notes()) as (folder, _):
            assert mode(folder.path) == mode(folder.path.parent) == 0o700
    finally:
        os.umask(before)
