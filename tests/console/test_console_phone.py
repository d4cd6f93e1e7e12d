"""All pages on a phone, and in Chinese: nothing stands out at the side, rows are cards, and no sentence is English."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pytest
from benchmarks.servers import until
from browsing import Visit
from PIL import Image
from playwright.sync_api import Page, Route, expect

from material import ASTRONAUT, CAPTAIN

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
LONG: Final = "a_name_of_a_result_that_is_long_and_has_nowhere_to_break.png"
FAILING: Final = "failing.png"
WIDTHS: Final = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
ENGLISH: Final = """() => {
    const found = [], sentence = /[A-Za-z]{2,}(?:,? [A-Za-z]{2,}){2,}/;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const {textContent, parentElement} = texts.currentNode;
        if (!parentElement.closest("[lang=en], script, style") && parentElement.checkVisibility())
            if (sentence.test(textContent)) found.push(textContent.trim());
    }
    for (const each of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]"))
        for (const name of ["title", "aria-label", "placeholder", "alt"])
            if (sentence.test(each.getAttribute(name) ?? "")) found.push(each.getAttribute(name));
    return found;
}"""
"""Finds what is said in English and does not say that it is."""


@pytest.fixture(scope="module")
def service_flags() -> Iterator[list[str]]:
    """Every result needs a review; and the policy is the usual one, as it is seen here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FACEFUSION_POLICY", raising=False)
        yield ["--review", "all"]


@pytest.fixture(scope="module")
def client(service: str) -> Iterator[httpx.Client]:
    """This user, who may do everything."""
    with httpx.Client(base_url=service, trust_env=False, timeout=120) as made:
        yield made


def answered(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def pages(service: str, client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By address, where on a page that shows something is what comes from the service."""
    secret = answered(client.post("/v1/keys", json={"name": "render farm", "role": "operator", "days": 1}))["secret"]
    sky = tmp_path_factory.mktemp("sky") / "sky.png"
    Image.fromarray(np.full((300, 300, 3), 200, np.uint8)).save(sky)

    def sent(path: Path) -> str:
        return str(answered(other.post(f"/v1/uploads?name={path.name}", content=path.read_bytes()))["id"])

    def asked(source: Path, output: str) -> str:
        order = {"sources": [f"upload:{sent(source)}"], "target": f"upload:{sent(CAPTAIN)}", "output": output}
        return str(answered(other.post("/v1/jobs", json=order))["id"])

    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=service, trust_env=False, timeout=120, headers=headers) as other:
        good, bad = asked(ASTRONAUT, LONG), asked(sky, FAILING)
        photo = sent(ASTRONAUT)
        order = {"pictures": [photo], "granted_by": "Mae Jemison", "person": "Mae Jemison"}
        consent = answered(other.post("/v1/consents", json=order))["id"]
    answered(client.post("/v1/users", json={"name": "ada.lovelace@analytical-engines.example", "role": "reviewer"}))
    states = {good: "review", bad: "failed"}
    until(lambda: states == {job: client.get(f"/v1/jobs/{job}").json()["state"] for job in states}, seconds=120)
    return {
        "/make": ".begin",
        "/live": "main h2",
        "/jobs": f"a:has-text('{LONG}')",
        f"/jobs/{good}": "main img",
        f"/jobs/{bad}": ".notice.bad",
        "/jobs/compare": "h1",
        "/review": f".name:has-text('{LONG}')",
        f"/review/{good}": "#decision",
        "/consents": ".name",
        f"/consents/{consent}": "#facts",
        "/consents/new": "h1",
        "/audit": "tbody tr",
        "/verify": "h1",
        "/admin/system": "figure",
        "/admin/models": "tbody tr",
        "/admin/keys": "tbody tr",
        "/admin/limits": "tbody tr",
        "/admin/users": "tbody tr",
        "/admin/policy": ".rule",
        "/account": "h1",
        "/signin": "h1",
        "/shared/nothing": "main h1, main h2",
        "/nothing": "main h1, main h2",
    }


def walked(seen: Visit, service: str, pages: dict[str, str]) -> Iterator[Page]:
    """Show one page after the other, each as soon as what it shows has come."""
    for path, shown in pages.items():
        seen.page.goto(service + path)
        expect(seen.page.locator(shown).first).to_be_visible()
        yield seen.page


def wide(page: Page) -> list[int]:
    """Return how wide the page is and may be, where it is wider; nothing else."""
    found, most = page.evaluate(WIDTHS)
    return [found, most] if found > most else []


def test_nothing_stands_out_of_a_page_on_the_narrowest_phone(
    visit: Visits, service: str, pages: dict[str, str]
) -> None:
    seen = visit("/signin", theme="dark", width=320, height=640)
    seen.expected.append("404")
    assert {page.url: wide(page) for page in walked(seen, service, pages) if wide(page)} == {}


def test_pages_in_chinese_fit_a_phone_and_say_no_sentence_in_english(
    visit: Visits, service: str, pages: dict[str, str]
) -> None:
    seen = visit("/signin", language="zh", width=390, height=844)
    seen.expected.append("404")
    found = {page.url: [*wide(page), *page.evaluate(ENGLISH)] for page in walked(seen, service, pages)}
    assert {url: wrong for url, wrong in found.items() if wrong} == {}


def test_what_a_failing_service_says_is_told_in_chinese_with_its_own_words_beside(
    visit: Visits, service: str, pages: dict[str, str]
) -> None:
    seen = visit("/signin", language="zh", theme="dark", width=320, height=640)
    seen.expected += ["503", "404"]
    said = "The database of jobs cannot be reached"
    kind = "urn:facefusion:error:JobsUnavailableError"
    body = {"type": kind, "title": "Jobs unavailable", "status": 503, "detail": said, "hint": "Try again in a moment"}

    def fail(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(body))

    page = seen.page
    page.route("**/v1/**", lambda route: route.continue_() if route.request.url.endswith("/session") else fail(route))
    quiet = {"/make", "/live", "/jobs/compare", "/verify", "/consents/new", "/account", "/signin", "/nothing"}
    for path in [each for each in pages if each not in quiet]:
        page.goto(service + path)
        notice = page.get_by_role("alert").first
        expect(notice).to_contain_text("暂时无法访问任务数据库或消息队列")
        expect(notice.locator("[lang=en]")).to_have_text(f"{said}. Try again in a moment.")
        assert [*wide(page), *page.evaluate(ENGLISH)] == []
    assert seen.serious() == []


def test_english_is_said_once_as_the_service_says_it(visit: Visits, pages: dict[str, str]) -> None:
    failed = next(path for path, shown in pages.items() if shown == ".notice.bad")
    notice = visit(failed).page.locator(".notice.bad")
    expect(notice).to_contain_text("No face was found")
    expect(notice).to_contain_text("Use a picture that shows a face clearly, from the front")
    expect(notice.locator("[lang=en]")).to_have_count(0)


@pytest.mark.parametrize("path", ["/audit", "/admin/keys", "/admin/users", "/admin/limits"])
def test_rows_are_cards_on_a_phone_and_a_table_for_whoever_hears_them(
    visit: Visits, pages: dict[str, str], path: str
) -> None:
    assert path in pages
    seen = visit(path, width=390, height=844)
    table = seen.page.get_by_role("table").first
    row = table.get_by_role("row").nth(1)
    expect(row).to_be_visible()
    heads = [each.inner_text() for each in table.get_by_role("columnheader").all()]
    cells = row.get_by_role("cell").all()
    assert len(cells) == len(heads) > 4
    boxes = [box for each in cells if (box := each.bounding_box())]
    assert all(upper["y"] + upper["height"] <= lower["y"] + 1 for upper, lower in pairwise(boxes))
    shown = "each => getComputedStyle(each, '::before').content"
    assert heads[1] in cells[1].evaluate(shown)
    assert seen.serious() == []
