"""The page that checks files, open to anybody: what is said, in whose words, and that nothing of a file ever runs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import Visit
from PIL import Image, PngImagePlugin
from playwright.sync_api import Page, expect

from material import ASTRONAUT, CAPTAIN
from whole_service import serving

pytestmark = pytest.mark.slow

SCRIPT = "<script>fetch('/v1/stolen'); alert('stolen')</script>"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"fetch('/v1/stolen')\">{SCRIPT}</svg>"
HTML = f"<!doctype html><body onload=\"fetch('/v1/stolen')\">{SCRIPT}</body>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[str]:
    """A service with the usual marks, where nobody is known without a token, and anybody may check files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FACEFUSION_POLICY", raising=False)
        with serving(folder, "--public-verify", "--local-access", "token", "--workers", "0") as (_, address):
            yield address


@pytest.fixture(scope="module")
def owner(folder: Path, service: str) -> Iterator[httpx.Client]:
    """Whoever has the token of the service."""
    [path] = (folder / "trust").glob("service-*.token")
    headers = {"Authorization": f"Bearer {path.read_text().strip()}"}
    with httpx.Client(base_url=service, headers=headers, timeout=120, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def marked(owner: httpx.Client) -> bytes:
    """A picture that was edited here."""
    uploads = [
        owner.post(f"/v1/uploads?name={path.name}", content=path.read_bytes()).json()["id"]
        for path in (ASTRONAUT, CAPTAIN)
    ]
    order = {"sources": [f"upload:{uploads[0]}"], "target": f"upload:{uploads[1]}", "max_side": 512, "form": "jpg"}
    answer = owner.post("/v1/previews", json=order)
    assert answer.status_code == 200, answer.text
    return answer.content


def plain() -> bytes:
    made = io.BytesIO()
    Image.open(CAPTAIN).convert("RGB").resize((120, 150)).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def opened(visit: Callable[..., Visit]) -> Callable[..., Visit]:
    """Opens the page as somebody whom the service does not know."""

    def go(**more: Any) -> Visit:
        visited = visit("/verify", **more)
        visited.expected += ["status of 401", "status of 422"]
        return visited

    return go


def checked(page: Page, name: str, kind: str, content: bytes, drop: str = "Drop a picture or video here") -> None:
    page.get_by_label(drop).set_input_files([{"name": name, "mimeType": kind, "buffer": content}])


def test_a_marked_picture_in_plain_words_with_the_detail_folded_away(
    opened: Callable[..., Visit], marked: bytes
) -> None:
    visited = opened()
    page = visited.page
    assert visited.serious() == []
    checked(page, "found.jpg", "image/jpeg", marked)
    expect(page.get_by_role("heading", name="Made here, and unchanged")).to_be_visible()
    for layer in ("Signed history", "Invisible watermark", "Label for machines", "Record at this service"):
        card = page.get_by_role("listitem").filter(has_text=layer)
        expect(card).to_contain_text("Holds")
    assert not page.get_by_text("In the words of the check").first.is_visible()
    page.get_by_text("Details for experts").nth(1).click()
    expect(page.get_by_text("In the words of the check").nth(1)).to_be_visible()
    assert visited.serious() == []
    page.get_by_role("button", name="Check another file").click()
    expect(page.get_by_text("Drop a picture or video here")).to_be_visible()


def test_a_picture_that_was_changed_afterwards(opened: Callable[..., Visit], marked: bytes) -> None:
    place = len(marked) - 600
    page = opened().page
    checked(page, "changed.jpg", "image/jpeg", marked[:place] + bytes([marked[place] ^ 1]) + marked[place + 1 :])
    expect(page.get_by_role("heading", name="Not as it was marked")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Signed history")).to_contain_text("Broken")


def test_a_copy_of_a_marked_picture_is_traced_and_nothing_more_is_said(
    opened: Callable[..., Visit], marked: bytes
) -> None:
    copy = io.BytesIO()
    Image.open(io.BytesIO(marked)).save(copy, "JPEG", quality=80)
    page = opened().page
    checked(page, "copy.jpg", "image/jpeg", copy.getvalue())
    expect(page.get_by_role("heading", name="Made here; it may have been changed since")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Invisible watermark")).to_contain_text("Holds")
    expect(page.get_by_role("listitem").filter(has_text="Signed history")).to_contain_text("None")


def test_an_unmarked_picture_a_damaged_file_and_no_picture_at_all(opened: Callable[..., Visit]) -> None:
    visited = opened(language="zh", width=390, height=844, theme="dark")
    page = visited.page
    drop = "将图片或视频拖到此处"
    checked(page, "plain.png", "image/png", plain(), drop)
    expect(page.get_by_role("heading", name="没有发现标记")).to_be_visible(timeout=120_000)  # it is searched
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visited.serious() == []
    for name, kind, content in (
        ("damaged.png", "image/png", plain()[:900]),
        ("text.jpg", "image/jpeg", b"no picture"),
    ):
        page.get_by_role("button", name="检验另一个文件").click()
        checked(page, name, kind, content, drop)
        expect(page.get_by_role("heading", name="无法读取")).to_be_visible()


def ran(page: Page) -> list[str]:
    """What scripts of files do, if any run: filled later."""
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: found.append(request.url) if request.url.endswith("/v1/stolen") else None)
    return found


def test_nothing_of_a_file_runs_on_the_page(opened: Callable[..., Visit]) -> None:
    visited = opened()
    page, found = visited.page, ran(visited.page)
    for name, kind, content in (
        ("drawing.svg", "image/svg+xml", SVG.encode()),
        ("drawing.png", "image/png", SVG.encode()),
        ("page.html", "text/html", HTML.encode()),
        ("<img src=x onerror=\"fetch('/v1/stolen')\">.html", "image/png", HTML.encode()),
    ):
        checked(page, name, kind, content)
        expect(page.get_by_role("heading", name="It cannot be read")).to_be_visible()
        page.get_by_role("button", name="Check another file").click()
    assert found == []


def test_addresses_that_give_bytes_back_run_nothing_in_a_browser(
    opened: Callable[..., Visit], owner: httpx.Client, service: str
) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", HTML)
    made = io.BytesIO()
    Image.new("RGB", (96, 96), "navy").save(made, "PNG", pnginfo=texts)
    visited = opened()
    visited.expected += ["status of 4", "Failed to load", "inline style"]  # of Chromium's own page around a picture
    page, found = visited.page, ran(visited.page)
    context: Any = page.context
    context.set_extra_http_headers({"Authorization": str(owner.headers["authorization"])})
    for name, content in (("drawing.svg", SVG.encode()), ("page.html", HTML.encode()), ("text.png", made.getvalue())):
        kind = {"Content-Type": "image/svg+xml"}
        upload = owner.post("/v1/uploads", params={"name": name}, content=content, headers=kind).json()["id"]
        for rest in ("", "/frames/0", "/frames", "/people", "/people/0/portrait", "/content"):
            answer = page.goto(f"{service}/v1/uploads/{upload}{rest}")
            assert answer is not None and answer.headers.get("x-content-type-options") == "nosniff"
            assert not {"html", "svg"} & set(answer.headers.get("content-type", "").replace("+", "/").split("/"))
    assert found == []
