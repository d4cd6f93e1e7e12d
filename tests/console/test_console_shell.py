"""What all pages have: languages, colours, keyboard, and nobody else who is asked."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from browsing import Visit
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("language", "title"), [("en", "Jobs"), ("zh", "任务")])
def test_the_console_speaks_the_language_of_the_browser(visit: Callable[..., Visit], language: str, title: str) -> None:
    page = visit("/jobs", language=language).page
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert page.title().startswith(title)


def test_language_and_colours_are_chosen_and_stay_chosen(visit: Callable[..., Visit]) -> None:
    page = visit("/jobs").page
    page.get_by_label("Language").select_option("zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("任务")
    page.get_by_label("外观").select_option("dark")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("任务")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(visit: Callable[..., Visit], theme: str) -> None:
    assert visit("/jobs", theme=theme).serious() == []


def test_an_address_that_is_no_page_says_so(visit: Callable[..., Visit]) -> None:
    page = visit("/no/such/page").page
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_pages_come_under_strict_rules(service: str) -> None:
    with httpx.Client(base_url=service, trust_env=False) as client:
        page = client.get("/jobs", headers={"Accept": "text/html"})
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy and policy.startswith("default-src 'none'")
        assert page.headers["x-content-type-options"] == "nosniff"
        again = client.get("/jobs", headers={"Accept": "text/html", "If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get("/jobs", headers={"Accept": "application/json"}).status_code == 404
        assert client.get("/v1/no-such-thing", headers={"Accept": "text/html"}).status_code == 404
        assert client.get("/../pyproject.toml").status_code == 404
