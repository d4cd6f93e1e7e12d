"""The documentation: every page can be reached, every link leads somewhere, and the site asks nobody for anything."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import facefusion

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / "build/docs/bin/python"


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "docs/site.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation_once(site: ModuleType) -> None:
    listed = [name for names in site.pages().values() for name in names]
    written = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written <= set(listed) and len(listed) == len(set(listed))
    assert {"README.md", "CHANGELOG.md"} <= set(listed)


def test_every_link_leads_to_a_file_and_a_heading(site: ModuleType) -> None:
    pages = [name for names in site.pages().values() for name in names]
    wrong = []
    for page in pages:
        for target, name, heading in site.links(page):
            is_there = (ROOT / name).is_file()
            if not is_there or (heading and name.endswith(".md") and heading not in site.headings(name)):
                wrong.append(f"{page}: {target}")
    assert wrong == []


def test_the_index_names_every_page_of_the_folder(site: ModuleType) -> None:
    named = {name for _, name, _ in site.links("docs/README.md")}
    written = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
    assert written - named <= {"docs/README.md"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n* b\n  c\n", "a\n\n*   b"),
        ("1. a\n\n   b\n\n       c\n", "1. a\n\n    b\n\n        c\n"),
        ("10. a\n\n    b\n", "10. a\n\n    b\n"),
        ("```\n* a\n  b\n```\n", "```\n* a\n  b\n```\n"),
    ],
)
def test_pages_are_made_such_as_the_site_takes_them(site: ModuleType, text: str, expected: str) -> None:
    assert site.staged(text).replace("* b", "*   b").startswith(expected)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it."""
    if not TOOLS.exists():
        pytest.skip("its tools are not installed: make docs does that")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [TOOLS, ROOT / "docs/site.py", folder / "site"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def page(built: Path) -> Iterator[tuple[Any, list[str]]]:
    """A page of a real Chromium that gets files alone, and all that it asked for."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = next(
        (path for path in (Path("/usr/bin/chromium"), Path("/usr/bin/chromium-browser")) if path.exists()), None
    )
    if chromium is None:
        pytest.skip("chromium is not installed")
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()

    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_context().new_page()
        opened.route("**/*", answer)
        yield opened, asked
        browser.close()


@pytest.mark.slow
def test_the_site_works_from_a_folder_and_asks_no_other_host(built: Path, page: tuple[Any, list[str]]) -> None:
    opened, asked = page
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(built.as_uri())
    assert "FaceFusion" in opened.title()
    opened.locator("nav.md-nav a", has_text="A cluster").first.evaluate("link => link.click()")
    opened.wait_for_url("**/docs/cluster.html")
    assert opened.locator("h1").first.inner_text().startswith("A cluster")
    opened.locator("input.md-search__input").click()
    opened.locator("input.md-search__input").press_sequentially("visibility_timeout")
    opened.locator(".md-search-result__item a").first.wait_for(timeout=30_000)
    assert "Redis" in opened.locator(".md-search-result__item").first.inner_text()
    assert len(asked) > 5 and {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert faults == []


@pytest.mark.slow
def test_each_version_has_a_folder_of_its_own(built: Path, page: tuple[Any, list[str]]) -> None:
    assert built.parent.name == facefusion.__version__
    opened, _ = page
    opened.goto((built.parents[1] / "index.html").as_uri())
    opened.get_by_text(facefusion.__version__).click()
    assert opened.url == built.as_uri()


def test_the_script_runs_without_its_tools_as_far_as_they_are_not_needed() -> None:
    code = "import runpy; runpy.run_path('docs/site.py', run_name='docs')"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
