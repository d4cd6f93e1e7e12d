"""Through the whole product, a click stays with its flash; `benchmarks.clap` measures it over half an hour."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from benchmarks.clap import CASES, Case, claps, make_clip, unchanged

from facefusion import process_video


@pytest.mark.slow
@pytest.mark.parametrize("trimming", [{}, {"trim_start": "1.7", "trim_end": "4.3"}, {"trim_end": "77f"}], ids=str)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_click_stays_with_its_flash(tmp_path: Path, case: Case, trimming: dict[str, str]) -> None:
    clip = make_clip(case, tmp_path / f"in{case.container}", seconds=6)
    for ending in case.outputs:
        output = tmp_path / f"out{ending}"
        process_video(clip, output, pre_processor=unchanged, video_chunk_size=31, **trimming)
        apart = claps(output)
        assert len(apart) >= 2
        assert max(map(abs, apart)) <= Fraction(1, 1000)
