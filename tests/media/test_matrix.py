"""One made file of each kind through the whole product; what is compared is told in `benchmarks/matrix/`.

The same files, with figures, stand in `docs/media.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.common import ROOT
from benchmarks.matrix.row import Row
from benchmarks.media_table import jobs

JOBS = tuple(jobs())


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "1")


@pytest.mark.slow
@pytest.mark.parametrize("job", [job for _, job in JOBS], ids=[name for name, _ in JOBS])
def test_what_comes_out_is_what_went_in(tmp_path: Path, job: Callable[[Path], Row]) -> None:
    row = job(tmp_path)
    assert row.wrong == []
    assert row.frames[0] == row.frames[1] > 0


def test_every_file_has_its_own_name_and_stands_in_the_document() -> None:
    names = [name for name, _ in JOBS]
    assert len(set(names)) == len(names)
    text = (ROOT / "docs" / "media.md").read_text("utf-8")
    assert f"{len(names)} files; 0 with something wrong." in text
