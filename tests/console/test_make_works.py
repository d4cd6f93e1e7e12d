"""What is made beside a swap: portraits in motion, and work on what is there, without anybody's face."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import Visit
from making import asks, made, pixels, previewed
from playwright.sync_api import Page, expect

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from material import ASTRONAUT, CAPTAIN, read, read_clip, write_clip

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
NEGATIVE = "LUT_3D_SIZE 2\n" + "".join(
    f"{1 - red} {1 - green} {1 - blue}\n" for blue in (0, 1) for green in (0, 1) for red in (0, 1)
)


def chosen(page: Page, work: str) -> None:
    page.get_by_role("radio", name=work).check(force=True)


def test_a_picture_is_anonymised_without_a_source(visit: Visits, tmp_path: Path, analyser: FaceAnalyser) -> None:
    seen = visit("/")
    page = seen.page
    chosen(page, "Restore, style, anonymise")
    expect(page.locator("input[type=file]")).to_have_count(1)
    page.locator("input[type=file]").set_input_files(CAPTAIN)
    expect(page.get_by_text("Choose a step first")).to_be_visible()
    expect(page.get_by_role("region", name="New faces")).to_have_count(0)
    assert seen.serious() == []
    page.get_by_role("switch", name="Anonymiser").check(force=True)
    previewed(page)
    after = read(made(page, tmp_path))
    of = [analyser.embed(image, analyser.find(image)[:1])[0].embedding for image in (read(CAPTAIN), after)]
    assert identity_distance(*of) > 0.6, "another person, if any"


def test_a_table_of_colours_is_a_file_of_its_step(visit: Visits, tmp_path: Path) -> None:
    table = tmp_path / "negative.cube"
    table.write_text(NEGATIVE)
    page = visit("/").page
    chosen(page, "Restore, style, anonymise")
    page.locator("input[type=file]").set_input_files(CAPTAIN)
    page.get_by_role("switch", name="Look").check(force=True)
    drawn = pixels(previewed(page))
    with asks(page, lambda order: "stylizer_lut" in order["options"]):
        page.get_by_label("Stylizer lut").set_input_files(table)
    expect(page.get_by_text("negative.cube", exact=True)).to_be_visible()
    expect(page.get_by_label("Stylizer look")).to_have_value("lut")
    assert abs(pixels(previewed(page)) - drawn).mean() > 60
    page.reload()
    expect(page.get_by_text("negative.cube", exact=True)).to_be_visible()
    after = read(made(page, tmp_path))
    assert abs(255 - after.astype(int) - read(CAPTAIN)).mean() < 8


def test_a_portrait_does_what_a_performance_does(visit: Visits, tmp_path: Path) -> None:
    portrait = read(ASTRONAUT)
    frames = [read(CAPTAIN)[:600, :480]] * 6
    performance = write_clip(tmp_path / "performance.mp4", frames)
    seen = visit("/")
    page = seen.page
    chosen(page, "Portrait in motion")
    assert seen.serious() == []
    page.locator("input[type=file]").nth(1).set_input_files(CAPTAIN)
    expect(page.get_by_text("A portrait follows a clip, not a picture")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    page.locator("input[type=file]").last.set_input_files(performance)
    page.locator("input[type=file]").first.set_input_files(ASTRONAUT)
    expect(page.get_by_role("region", name="People in the target")).to_have_count(0)
    stage = pixels(previewed(page))
    assert stage.shape[1] / stage.shape[0] == pytest.approx(portrait.shape[1] / portrait.shape[0], rel=0.02)
    after = read_clip(made(page, tmp_path))
    assert len(after) == len(frames)
    assert after[0].shape == portrait.shape
    assert abs(after[3].astype(int) - portrait).mean() < 8
