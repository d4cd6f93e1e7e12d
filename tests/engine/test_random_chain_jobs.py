"""Whole jobs of any chains that need no weights: in segments, broken off, previewed and live they are one job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.weightless import NAMES, options_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facefusion.engine.live.session import LiveSession
from facefusion.engine.plan import make_plan
from facefusion.engine.preview.preview import Preview
from facefusion.engine.run import run
from facefusion.options import Options
from material import CAPTAIN, read_clip, write_clip

SIDE = 160
SCENES = 1, 15
"""Frames of one head, and of another: the cut is behind the first."""
FIRST, ENLARGING, LUT = "portrait_animator", "frame_enhancer edge_filters_x2", "stylizer lut"
LIMITS = {"": {}, "when": {"when": "3f-9f"}, "region": {"region": (0.2, 0, 0.8, 0.7)}, "late": {"when": "0.3-"}}


@dataclass(frozen=True)
class Case:
    """A chain, how long its segments are, and at which frame the job is broken off."""

    chain: list[tuple[str, str]]
    length: int
    moment: int
    shown: int


def cases(most: int) -> st.SearchStrategy[Case]:
    behind = st.tuples(st.sampled_from(sorted({*NAMES} - {FIRST, ENLARGING})), st.sampled_from(sorted(LIMITS)))
    plain = st.lists(behind, min_size=1, max_size=most)
    first, last = (st.sampled_from([[], [], [(name, "")]]) for name in (FIRST, ENLARGING))
    chains = st.tuples(first, plain, last).map(lambda parts: [each for part in parts for each in part])
    count = sum(SCENES)
    return st.builds(Case, chains, st.integers(1, 9), st.integers(2, count - 1), st.integers(0, count - 1))


pytestmark = pytest.mark.usefixtures("quiet_place")


class BrokenOffError(Exception):
    """Ends a job in its midst."""


@dataclass
class Jobs:
    """Runs jobs of chains on a short clip."""

    clip: Path
    driving: Path
    warm: object

    def options(self, case: Case, **more) -> Options:
        folder = Path.cwd()
        chain = [
            {"processor": name.split()[0], **options_of(name, folder, self.driving, CAPTAIN), **LIMITS[limit]}
            for name, limit in case.chain
        ]
        ways = {"output_path": "out.mkv", "output_video_encoder": "ffv1", "overwrite": True}
        return Options.parse({"target_path": self.clip, "source_paths": CAPTAIN, "chain": chain} | ways | more)

    def run(self, case: Case, *, until: int | None = None, **more) -> list[np.ndarray] | None:
        """Return the frames that come out; nothing where the job is broken off."""

        def listen(progress) -> None:
            if until is not None and progress.done >= until:
                raise BrokenOffError

        try:
            run(self.options(case, **more), warm=self.warm, progress=listen)
        except BrokenOffError:
            return None
        return read_clip(Path("out.mkv"))


@pytest.fixture(scope="module")
def clip(astronaut, captain, tmp_path_factory):
    """Heads with much around them, in small frames."""
    other = cv2.resize(captain[: captain.shape[1]], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    parts = [astronaut[:320, 60 + step : 380 + step] for step in range(SCENES[1])]
    heads = [cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for part in parts]
    path = tmp_path_factory.mktemp("clips") / "heads.mkv"
    return write_clip(path, [other] * SCENES[0] + heads, codec="ffv1", form="bgr0")


@pytest.fixture
def jobs(clip, moving_portrait, warm, own_records, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(own_records))
    return Jobs(clip, moving_portrait, warm)


def same(made, wanted) -> None:
    assert len(made) == len(wanted)
    for number, (one, other) in enumerate(zip(made, wanted, strict=True)):
        assert np.array_equal(one, other), f"frame {number} is another"


def check(jobs: Jobs, case: Case) -> None:
    """Make sure that a chain gives the same frames however its job is done."""
    whole = jobs.run(case)
    assert whole is not None and len(whole) == sum(SCENES)
    assert jobs.run(case, until=case.moment, video_chunk_size=case.length) is None
    resumed = jobs.run(case, video_chunk_size=case.length, resume=True)
    assert resumed is not None
    same(resumed, whole)
    with Preview(jobs.options(case), warm=jobs.warm) as preview:
        shown = preview.show(case.shown, history=case.shown)
    if case.shown:  # without history, those that go by the frames around each see it alone
        assert np.array_equal(shown.after, whole[case.shown])
    check_live(jobs, case, whole)


def check_live(jobs: Jobs, case: Case, whole) -> None:
    if any("when" in LIMITS[limit] for _, limit in case.chain) or case.chain[0][0] == FIRST:
        return
    keeps_back = make_plan(jobs.options(case), has_hooks=False).kept_back
    live = jobs.options(case).changed({"target_path": None, "output_path": None, "output_video_encoder": "auto"})
    with LiveSession(live, (SIDE, SIDE), warm=jobs.warm) as session:
        for number, image in enumerate(read_clip(jobs.clip)[:6]):
            made = session.edit(image, number / 25).image
            assert made.shape == whole[0].shape
            if not keeps_back:
                assert np.abs(made.astype(int) - whole[number]).mean() < 3, f"frame {number}"


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(2))
def test_a_job_of_any_chain_is_one_however_it_is_done(jobs, case):
    check(jobs, case)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(3))
def test_a_job_of_a_longer_chain_too(jobs, case):
    check(jobs, case)
