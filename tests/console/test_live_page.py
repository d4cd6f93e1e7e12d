"""The live page: the browser's camera, edited as it goes; what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benchmarks.servers import until
from browsing import Browsing, Visit
from fake_camera import camera_clip, camera_flags
from playwright.sync_api import Browser, Page, expect, sync_playwright

from material import CAPTAIN

pytestmark = pytest.mark.slow

WATCHED = """
const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
window.opened = [];
devices.getUserMedia = async (...given) => {
  if (window.refusal) throw new DOMException("no", window.refusal);
  const stream = await open(...given);
  window.opened.push(...stream.getTracks());
  return stream;
};
"""
"""Notes which cameras a page has open."""
DIFFERENCE = """() => {
  const [own, swapped] = ["own", "swapped"].map((name) => {
    const canvas = document.querySelector(`figure.${name} canvas`), side = 120, { width, height } = canvas;
    return canvas.getContext("2d").getImageData((width - side) / 2, height * 0.3, side, side).data;
  });
  return own.reduce((sum, value, place) => sum + Math.abs(value - swapped[place]), 0) / own.length;
}"""
"""How far both pictures of one moment are apart over the face, in grey levels."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium with a camera that sees a portrait."""
    clip = camera_clip(tmp_path_factory.mktemp("camera") / "camera.y4m")
    with sync_playwright() as playwright, Browsing.chromium(playwright, *camera_flags(clip)) as found:
        yield found


def begun(visited: Visit, path: Path = CAPTAIN) -> Page:
    """Choose a face and start."""
    page = visited.page
    page.get_by_label("Picture of the face").set_input_files(path)
    expect(page.get_by_alt_text("Chosen face")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    return page


def running(page: Page) -> None:
    expect(page.get_by_test_id("latency")).to_contain_text("95 %", timeout=90_000)


def watched(visit: Callable[..., Visit], refusal: str = "") -> Visit:
    """Open the page with a camera that tells who has it open, or refuses."""
    visited = visit("/jobs")
    visited.page.add_init_script(WATCHED + f"window.refusal = {refusal!r};")
    visited.page.goto(visited.page.url.replace("/jobs", "/live"))
    return visited


def test_frames_come_back_with_another_face_and_stopping_lets_go_of_the_camera(visit: Callable[..., Visit]) -> None:
    visited = watched(visit)
    visited.expected.append("willReadFrequently")  # this test reads what the page shows
    assert visited.serious() == []
    page = begun(visited)
    running(page)
    page.get_by_text("Side by side", exact=True).click()
    assert page.evaluate(DIFFERENCE) > 5
    expect(page.get_by_test_id("rate")).to_contain_text("/s")
    assert visited.serious() == []

    page.get_by_label("Strength").fill("0")
    until(lambda: page.evaluate(DIFFERENCE) < 3)
    assert page.evaluate("window.opened.map((each) => each.readyState)") == ["live"]
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert page.evaluate("window.opened.map((each) => each.readyState)") == ["ended"]

    page.reload()
    expect(page.get_by_alt_text("Chosen face")).to_be_visible()
    assert page.get_by_label("Strength").input_value() == "0", "what was chosen stays"
    page.get_by_role("button", name="Start").click()
    running(page)
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    assert page.evaluate("window.opened.map((each) => each.readyState)") == ["ended"], "leaving the page ends it"


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("NotAllowedError", "The camera may not be used"),
        ("NotFoundError", "No camera is found"),
        ("NotReadableError", "The camera cannot be opened"),
    ],
)
def test_a_camera_that_cannot_be_had_is_explained(visit: Callable[..., Visit], refusal: str, said: str) -> None:
    page = begun(watched(visit, refusal))
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_a_camera_that_goes_away_and_a_picture_without_a_face(visit: Callable[..., Visit], tmp_path: Path) -> None:
    from PIL import Image

    sky = tmp_path / "sky.png"
    Image.new("RGB", (300, 300), "skyblue").save(sky)
    page = begun(watched(visit), sky)
    expect(page.get_by_role("alert")).to_contain_text("no face", ignore_case=True)
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    page.get_by_label("Another picture").set_input_files(CAPTAIN)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Start").click()
    running(page)
    page.evaluate("window.opened.at(-1).dispatchEvent(new Event('ended'))")
    expect(page.get_by_role("alert")).to_contain_text("The camera is gone")


def test_a_second_window_is_told_why_it_waits(visit: Callable[..., Visit]) -> None:
    page = begun(visit("/live"))
    running(page)
    other = begun(visit("/live"))
    expect(other.get_by_role("alert")).to_contain_text("You have a live session already")
    page.get_by_role("button", name="Stop").click()
    other.get_by_role("button", name="Start").click()
    running(other)


def test_the_page_speaks_chinese_and_has_room_on_a_phone(visit: Callable[..., Visit]) -> None:
    visited = visit("/live", language="zh", width=390, height=844, theme="dark")
    expect(visited.page.get_by_role("heading", level=1)).to_have_text("实时")
    expect(visited.page.get_by_role("button", name="开始")).to_be_disabled()
    assert visited.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visited.serious() == []
