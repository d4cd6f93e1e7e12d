from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Browsing, Visit
from playwright.sync_api import Browser, sync_playwright

from whole_service import serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; of a module, for its loop would stand in the way of other modules' own."""
    with sync_playwright() as playwright, Browsing.chromium(playwright) as found:
        yield found


@pytest.fixture(scope="module")
def service_flags() -> list[str]:
    """Further flags of the service; a module may have its own."""
    return []


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, service_flags: list[str]) -> Iterator[str]:
    """The address of a whole service with its console and one worker; this user needs no key."""
    folder: Path = tmp_path_factory.mktemp("service")
    with serving(folder, *service_flags) as (_, address):
        yield address


@pytest.fixture
def visit(browser: Browser, service: str) -> Iterator[Callable[..., Visit]]:
    """Opens the console as somebody new each time; at the end nothing may have gone wrong in any page.

    Keyword arguments are those of `Browsing.visit`.
    """
    with Browsing(browser, service) as browsing:
        yield browsing.visit
