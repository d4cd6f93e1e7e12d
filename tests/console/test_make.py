"""The page on which results are made, used as people use it: files in, a preview, a result out."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import Visit
from making import asks, made, pixels, previewed
from playwright.sync_api import Locator, Page, expect

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.service.options_schema import options_schema
from material import ASTRONAUT, CAPTAIN, read, read_clip

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
WORDS = Path(__file__).parents[2] / "console/src/pages/make/optionWords.ts"
SCHEMA = WORDS.with_name("schema.ts")


@pytest.fixture
def two_people(assets: Path) -> Path:
    return assets / "video" / "two_people_head_motion.mp4"


def given(page: Page, *, sources: list[Path], target: Path | None = None) -> None:
    """Hand files to the page that shows nothing yet, and wait for what it says of them."""
    if target is not None:
        page.locator("input[type=file]").nth(1).set_input_files(target)
        expect(page.locator(".viewer, .going").first).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(sources)
    tiles = page.get_by_role("region", name="New faces").locator(".tile")
    expect(tiles).to_have_count(len(sources), timeout=120_000)  # the first one waits for models to be loaded, too


def dropped(onto: Locator, file: Path) -> None:
    """Drop a file of the disk onto something."""
    content = base64.b64encode(file.read_bytes()).decode()
    onto.evaluate(
        """(each, [name, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
            for (const kind of ["dragover", "drop"])
                each.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [file.name, content],
    )


def tabbed(page: Page, wanted: Locator, most: int = 80) -> None:
    """Go to something by the keyboard alone."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{wanted} cannot be reached by the keyboard")


def test_from_opening_the_page_to_a_file_on_the_disk(visit: Visits, tmp_path: Path, analyser: FaceAnalyser) -> None:
    page = visit("/").page
    expect(page.get_by_role("heading", name="Make", exact=True)).to_be_visible()
    given(page, sources=[ASTRONAUT], target=CAPTAIN)
    previewed(page)
    result = made(page, tmp_path)
    assert result.name == f"{CAPTAIN.stem}-made.jpg"
    before, after = read(CAPTAIN), read(result)
    assert before.shape == after.shape
    of = [analyser.embed(image, analyser.find(image)[:1])[0].embedding for image in (before, after, read(ASTRONAUT))]
    assert identity_distance(of[1], of[2]) < identity_distance(of[1], of[0]), "it is the new face now"
    expect(page.get_by_role("img", name="Original")).to_be_visible()
    expect(page.get_by_role("img", name="Result")).to_be_visible()


def test_each_of_two_people_gets_the_face_that_was_dragged_onto_them(
    visit: Visits, two_people: Path, assets: Path, tmp_path: Path, analyser: FaceAnalyser
) -> None:
    names = ("sfhq_07_man_stubble.jpg", "sfhq_06_older_black_woman_grey_hair.jpg")
    faces = [assets / "pictures" / "synthetic" / name for name in names]
    page = visit("/make").page
    given(page, sources=faces, target=two_people)
    portraits = [page.get_by_role("button", name=re.compile(f"^Person {number},")) for number in (1, 2)]
    for number, portrait in enumerate(portraits):
        page.get_by_role("button", name=re.compile(f"^Face {2 - number},")).drag_to(portrait)
        expect(portrait).to_have_accessible_name(re.compile(f"Face {2 - number}$"))
    boxes = [person["box"] for person in _people(page)]
    previewed(page)

    result = made(page, tmp_path)
    new = [analyser.embed(image, analyser.find(image)[:1])[0].embedding for image in map(read, faces)]
    frame = read_clip(result)[40]
    found = analyser.embed(frame, analyser.find(frame))
    assert len(found) == 2
    for number, box in enumerate(boxes):
        [face] = [each for each in found if abs(each.box[0] - box[0]) < 60]
        distances = [identity_distance(face.embedding, vector) for vector in new]
        assert distances[1 - number] < distances[number], "each got the face that was dragged onto them"

    page.reload()
    for number, portrait in enumerate(portraits):
        expect(portrait).to_have_accessible_name(re.compile(f"Face {2 - number}$"))
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def _people(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        """async () => {
            const { target } = JSON.parse(localStorage.getItem("facefusion.make"));
            return (await (await fetch(`/v1/uploads/${target.id}/people`)).json()).people;
        }"""
    )
    return found


def test_what_is_wrong_with_a_photo_is_marked_on_it(visit: Visits, assets: Path) -> None:
    there = visit("/make")
    page = there.page
    page.locator("input[type=file]").first.set_input_files(assets / "pictures" / "derived" / "motion_blur25.jpg")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="What is wrong")).to_be_visible()
    expect(dialog.get_by_text("The face is blurred.")).to_be_visible()
    expect(dialog.get_by_text("Use a sharper photo, taken with a steady hand.")).to_be_visible()
    expect(dialog.locator("svg rect")).to_have_count(2)
    picture = dialog.get_by_role("img")
    expect(picture).to_be_visible()
    outline, whole = dialog.locator("svg g.bad rect").last.bounding_box(), picture.bounding_box()
    assert outline is not None and whole is not None
    assert whole["x"] < outline["x"] and outline["x"] + outline["width"] < whole["x"] + whole["width"]
    assert there.serious() == []
    dialog.get_by_role("button", name=re.compile("^Remove")).click()
    expect(page.locator(".begin").get_by_text("New face", exact=True)).to_be_visible()


def test_of_several_faces_in_a_photo_one_is_chosen(visit: Visits, assets: Path) -> None:
    page = visit("/make").page
    page.locator("input[type=file]").first.set_input_files(assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_role("button", name="Face 2: usable")
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")
    dialog.get_by_role("button", name="Close").last.click()
    page.locator("input[type=file]").last.set_input_files(CAPTAIN)
    previewed(page)
    expect(page.get_by_role("button", name="Make it")).to_be_enabled()


def test_sliders_change_the_preview(visit: Visits, two_people: Path) -> None:
    page = visit("/make").page
    given(page, sources=[ASTRONAUT], target=two_people)
    before = pixels(previewed(page))
    slider = page.get_by_label("Blend ratio")
    with page.expect_response("**/v1/previews/frames") as waiting:
        slider.fill("0")
    assert waiting.value.ok
    page.wait_for_load_state("networkidle")
    after = pixels(previewed(page))
    height, width = np.minimum(before.shape, after.shape)[:2]
    assert np.abs(after[:height, :width] - before[:height, :width]).mean() > 0.3
    page.get_by_text("Compare", exact=True).click()
    expect(page.get_by_label("Border between before and after")).to_be_visible()
    page.get_by_label("Faces", exact=True).check()
    expect(page.locator(".stage svg rect")).to_have_count(2)
    with page.expect_response("**/v1/previews/frames") as waiting:
        page.get_by_label("Changed area").check()
    assert waiting.value.json()["changes"]


def test_the_tone_of_skin_is_the_models_until_it_is_set(visit: Visits, two_people: Path) -> None:
    there = visit("/make")
    page = there.page
    given(page, sources=[CAPTAIN], target=two_people)
    before = pixels(previewed(page))
    slider = page.get_by_label("Skin tone match", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "automatic")
    with asks(page, lambda order: order["options"].get("skin_tone_match") == 0):
        slider.fill("0")
    own = pixels(previewed(page))
    height, width = np.minimum(before.shape, own.shape)[:2]
    assert np.abs(own[:height, :width] - before[:height, :width]).mean() > 0.05
    assert there.serious() == []
    with asks(page, lambda order: "skin_tone_match" not in order["options"]):
        page.get_by_role("button", name="Skin tone match: automatic").click()
    expect(slider).to_have_attribute("aria-valuetext", "automatic")


def test_several_photos_of_one_person_make_one_face(visit: Visits, assets: Path, two_people: Path) -> None:
    there = visit("/make")
    page = there.page
    first, second = (assets / "pairs" / f"london-172-{mood}.jpg" for mood in ("neutral", "smiling"))
    given(page, sources=[first], target=two_people)
    previewed(page)
    more = page.get_by_label("More photos of face 1", exact=True)
    with asks(page, lambda order: len(order["sources"]) == 2):
        dropped(page.get_by_role("region", name="New faces").locator(".tile"), second)
    expect(page.get_by_role("region", name="New faces").locator(".tile")).to_have_count(1)
    previewed(page)
    more.set_input_files([assets / "pictures" / "noface" / "noface_coffee.png"])
    refused = page.get_by_role("region", name="New faces").locator(".sending")
    expect(refused).to_contain_text("noface_coffee.png: No face was found in it.")
    refused.get_by_role("button").click()
    assert there.serious() == []
    page.reload()
    previewed(page)
    with asks(page, lambda order: len(order["sources"]) == 1):
        page.get_by_role("button", name=f"Remove {second.name}").click()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_nobody_is_kept_out_in_either_language(visit: Visits, language: str, theme: str) -> None:
    there = visit("/make", language=language, theme=theme)
    page = there.page
    assert there.serious() == []
    page.locator("input[type=file]").nth(1).set_input_files(CAPTAIN)
    expect(page.locator(".viewer")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(ASTRONAUT)
    previewed(page)
    assert there.serious() == []
    page.get_by_role("button", name={"en": "All settings", "zh": "全部设置"}[language]).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    for group in page.get_by_role("dialog").locator("summary").all():
        group.click()
    assert there.serious() == []
    if language == "zh":
        said = page.get_by_role("dialog").inner_text()
        assert not re.findall(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", said), "every line is said in Chinese"


def test_everything_can_be_done_by_the_keyboard(visit: Visits, two_people: Path, assets: Path) -> None:
    page = visit("/make").page
    given(page, sources=[ASTRONAUT, CAPTAIN], target=two_people)
    person = page.get_by_role("button", name=re.compile("^Person 2,"))
    expect(person).to_be_visible()
    face = page.get_by_role("button", name=re.compile("^Face 2,"))
    page.locator("h1").click()
    tabbed(page, face)
    page.keyboard.press("Enter")
    expect(face).to_have_attribute("aria-pressed", "true")
    tabbed(page, person)
    page.keyboard.press("Enter")
    expect(person).to_have_accessible_name(re.compile("Face 2$"))
    scrubber = page.get_by_label("Frame", exact=True)
    tabbed(page, scrubber)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("3 of 56", exact=True)).to_be_visible()
    make = page.get_by_role("button", name="Make it")
    expect(make).to_be_enabled()
    tabbed(page, make)
    page.keyboard.press("Enter")
    cancel = page.get_by_role("button", name="Cancel the job")
    expect(cancel.or_(page.get_by_role("link", name="Download"))).to_be_visible()


def test_a_clip_is_cut_where_the_page_says(visit: Visits, two_people: Path, tmp_path: Path) -> None:
    page = visit("/make").page
    given(page, sources=[ASTRONAUT], target=two_people)
    scrubber = page.get_by_label("Frame", exact=True)
    scrubber.fill("10")
    page.get_by_role("button", name="Start here").click()
    scrubber.fill("19")
    page.get_by_role("button", name="End here").click()
    assert len(read_clip(made(page, tmp_path))) == 10


def test_every_option_that_is_shown_is_described_in_chinese() -> None:
    said = set(re.findall(r"^  (\w+): \[\"", WORDS.read_text("utf-8"), re.MULTILINE))
    elsewhere = set(re.findall(r'"([a-z_]+)"', SCHEMA.read_text("utf-8").split("ELSEWHERE", 1)[1].split("]);", 1)[0]))
    shown = {
        name for name, each in options_schema()["properties"].items()
        if name not in elsewhere and each.get("x-use") != "output"
    }  # fmt: skip
    assert shown - said == set()
