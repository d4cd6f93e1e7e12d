"""People who use the console in a real browser, for tests; nothing goes wrong unseen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, expect

AXE: Final = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SECONDS: Final = 60

Language = Literal["en", "zh"]


@dataclass
class Visit:
    """Somebody with a browser window of their own.

    Attributes:
        page: that they look at.
        expected: parts of what the browser may log as an error because a test provokes it.
    """

    page: Page
    expected: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Note what goes wrong, and who is asked for anything."""
        self.page.on("console", self._log)
        self.page.on("pageerror", lambda error: self.logged.append(f"error in the page: {error}"))
        self.page.on("request", self._ask)

    def check(self, own: str) -> None:
        """Make sure that nothing went wrong, and that nobody else was asked for anything."""
        unexpected = [each for each in self.logged if not any(part in each for part in self.expected)]
        assert not unexpected
        assert self.hosts <= {own}

    def serious(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """Return what axe-core finds on the page that is serious or critical."""
        expect(self.page.get_by_role("heading").first).to_be_visible()
        # Out of reach of the page's own rules, as an extension of the browser is.
        found = self.page.evaluate(
            "async ([source, rules]) => { (0, eval)(source); return await axe.run({runOnly: rules}); }",
            [AXE.read_text(), _RULES],
        )
        assert found["passes"], "axe-core looked at nothing"
        return [
            f"{each['id']}: {each['help']} ({', '.join(str(node['target']) for node in each['nodes'])})"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"} and each["id"] not in but
        ]

    def _log(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.logged.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _ask(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"blob", "data"}:
            self.hosts.add(parts.netloc)


class Browsing:
    """Opens windows, and closes them.

    Args:
        browser: a real one.
        address: of the service.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._visits: list[Visit] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if error is None:
                for each in self._visits:
                    each.check(urlsplit(self._address).netloc)

    @staticmethod
    @contextmanager
    def chromium(playwright: Playwright, *flags: str) -> Iterator[Browser]:
        """Start the system's Chromium."""
        path = os.environ.get("FACEFUSION_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
        if path is None:
            pytest.skip("there is no Chromium here (Debian: chromium)")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])
        try:
            yield browser
        finally:
            browser.close()

    def visit(
        self,
        path: str = "/",
        *,
        language: Language = "en",
        theme: Literal["light", "dark"] = "light",
        width: int = 1440,
        height: int = 900,
        context: BrowserContext | None = None,
        **more: Any,
    ) -> Visit:
        """Open the console.

        Args:
            path: of the page.
            language: that the browser asks for.
            theme: that its system has.
            width: of the window, pixels.
            height: of the window, pixels.
            context: of somebody who has a window already; somebody new where None.
            more: arguments of a new context, such as `permissions`.
        """
        if context is None:
            context = self._browser.new_context(
                locale={"en": "en-GB", "zh": "zh-CN"}[language],
                color_scheme=theme,
                viewport={"width": width, "height": height},
                **more,
            )
            context.set_default_timeout(_SECONDS * 1000)
            expect.set_options(timeout=_SECONDS * 1000)
            self._open.callback(context.close)
        made = Visit(context.new_page())
        made.watch()
        self._visits.append(made)
        made.page.goto(self._address + path)
        return made
