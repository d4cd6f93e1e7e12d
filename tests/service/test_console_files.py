"""The files of the console: what is served, as what, and that nothing else is, whatever is asked for."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from facefusion.service.gateway.answers import strict_transport
from facefusion.ui.files import Console

PAGE = "<!doctype html><title>FaceFusion</title>"


@pytest.fixture
def console(tmp_path: Path) -> Console:
    service = FastAPI(openapi_url=None)

    @service.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
    async def everything(path: str) -> str:
        return f"service {path}"

    (tmp_path / "secret.txt").write_text("nobody's")
    (tmp_path / "static" / "assets").mkdir(parents=True)
    for name, text in (("index.html", PAGE), ("assets/app-1a2b.js", "1;"), ("assets/app-1a2b.css", "a{}")):
        (tmp_path / "static" / name).write_text(text)
    return Console(service, tmp_path / "static")


def asked(console: Console, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(console)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"Accept": "*/*"} | headers)

    return asyncio.run(ask())


BROWSER: dict[str, Any] = {"Accept": "text/html,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "//etc/passwd",
        "/assets/..%5c..%5csecret.txt", "/assets", "/assets/", "/index.html%00", "/static/index.html",
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_console_is_the_service_or_the_page(console: Console, path: str) -> None:
    assert asked(console, path).text.startswith('"service ')
    assert asked(console, path, **BROWSER).text == PAGE


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/", "/openapi.json", "/v1/shared/x"])
def test_nothing_of_the_service_is_hidden_behind_the_console(console: Console, path: str) -> None:
    assert asked(console, path, **BROWSER).text.startswith('"service ')


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_files_are_read_alone(console: Console, method: str) -> None:
    assert asked(console, "/assets/app-1a2b.js", method).text.startswith('"service ')


@pytest.fixture
def odd_types() -> Iterator[None]:
    """A machine whose own table says something else."""
    before = mimetypes.guess_type("a.js")[0] or "text/javascript"
    mimetypes.add_type("text/plain", ".js")
    yield
    mimetypes.add_type(before, ".js")


@pytest.mark.usefixtures("odd_types")
def test_browsers_are_told_what_files_are_whatever_the_machine_takes_them_for(tmp_path: Path, console: Console) -> None:
    made = Console(console, tmp_path / "static")
    script, style = asked(made, "/assets/app-1a2b.js"), asked(made, "/assets/app-1a2b.css")
    assert script.headers["content-type"].startswith("text/javascript")
    assert style.headers["content-type"].startswith("text/css")
    assert script.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_asked_for_anew_and_its_parts_are_kept(console: Console) -> None:
    page, part = asked(console, "/jobs/7", **BROWSER), asked(console, "/assets/app-1a2b.js")
    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in part.headers["cache-control"]
    assert "unsafe" not in page.headers["content-security-policy"]
    again = asked(console, "/jobs/7", **BROWSER, **{"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("public_url", "is_strict"), [("https://faces.example.com", True), ("http://faces", False), (None, False)]
)
def test_pages_have_browsers_insist_on_https_as_the_api_does(
    tmp_path: Path, console: Console, public_url: str | None, is_strict: bool
) -> None:
    made = Console(console, tmp_path / "static", further=strict_transport(public_url))
    said = dict(strict_transport(public_url)).get(b"strict-transport-security", b"").decode()
    page = asked(made, "/jobs/7", **BROWSER)
    known = asked(made, "/jobs/7", **BROWSER, **{"If-None-Match": page.headers["etag"]})
    for answer in (page, known, asked(made, "/assets/app-1a2b.js")):
        assert answer.headers.get("strict-transport-security", "") == said
        assert ("max-age=31536000" in said) == is_strict
