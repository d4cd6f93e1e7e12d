"""Files that would be pages, scripts or drawings: whatever they are sent as, nothing here gives them out as such."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ADA, Served, served, until, working
from PIL import Image, PngImagePlugin

SCRIPT = b"<script>fetch('/v1/stolen')</script>"
SVG = (
    b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='fetch(\"/v1/stolen\")'>" + SCRIPT + b"</svg>"
)
HTML = b"<!doctype html><html><body onload='fetch(\"/v1/stolen\")'>" + SCRIPT + b"</body></html>"
NEVER = re.compile(r"html|svg|xml|javascript", re.IGNORECASE)


def polyglot(form: str) -> bytes:
    """A picture that is a page for whoever looks into it closely enough."""
    made = io.BytesIO()
    picture = Image.new("RGB", (96, 96), "navy")
    if form == "GIF":
        picture.save(made, form)
        return made.getvalue().replace(b"GIF87a", b"GIF89a") + HTML
    if form == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", HTML.decode())
        picture.save(made, form, pnginfo=texts)
    else:
        picture.save(made, form, comment=HTML)
    return made.getvalue()


FILES = {
    "page.html": HTML,
    "page.png": HTML,
    "drawing.svg": SVG,
    "drawing.jpg": SVG,
    "bom.svg": b"\xef\xbb\xbf" + SVG,
    "comment.jpg": polyglot("JPEG"),
    "text.png": polyglot("PNG"),
    "tail.gif": polyglot("GIF"),
    "<img src=x onerror=alert(1)>.png": HTML,
    'a".html;b.png': SVG,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    with served(folder) as here, working(here, folder):
        yield here


def addresses(found: Any) -> Iterator[str]:
    """All addresses in an answer."""
    if isinstance(found, dict):
        for value in found.values():
            yield from addresses(value)
    elif isinstance(found, list):
        for value in found:
            yield from addresses(value)
    elif isinstance(found, str) and re.fullmatch(r"(http://[^/]+)?/v1/\S+", found):
        yield found


def harmless(answer: httpx.Response, content: bytes) -> None:
    """No browser makes a page of an answer."""
    kind = answer.headers.get("content-type", "")
    assert not NEVER.search(kind), f"{answer.url}: {kind}"
    if not kind.startswith(("application/json", "application/problem+json")) and answer.content:
        assert kind.startswith(("image/", "video/", "audio/", "application/octet-stream", "text/event-stream")), kind
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
        assert SCRIPT not in answer.content or "attachment" in answer.headers.get("content-disposition", ""), answer.url
    assert "\n" not in answer.headers.get("content-disposition", "")


@pytest.mark.parametrize("name", FILES)
def test_nothing_gives_them_out_as_pages(service: Served, name: str) -> None:
    client, content = service.client(ADA), FILES[name]
    is_picture = content[:1] in b"\x89\xffG"
    if not is_picture:  # a picture without any mark takes seconds to search
        harmless(client.post("/v1/verify", params={"name": name}, content=content), content)
    headers = {"Content-Type": "text/html"}
    sent = client.post("/v1/uploads", params={"name": name}, content=content, headers=headers)
    assert sent.status_code == 201
    upload = sent.json()
    assert upload["kind"] == ("picture" if is_picture else "other")
    place = f"/v1/uploads/{upload['id']}"
    harmless(sent, content)
    if name == "text.png" or not is_picture:
        harmless(client.post(f"{place}/verify"), content)
    paths = [
        place,
        "/v1/uploads",
        f"{place}/people",
        f"{place}/frames/0",
        f"{place}/people/0/portrait",
        f"{place}/content",
    ]
    for path in paths:
        harmless(client.get(path), content)
    order = {"target": f"upload:{upload['id']}", "options": {"processors": []}}
    for form in ("png", "jpg", "webp") if name == "text.png" else ("png",):
        shown = client.post("/v1/previews", json=order | {"form": form})
        harmless(shown, content)
        assert SCRIPT not in shown.content
    job = client.post("/v1/jobs", json=order | {"output": "out.png"})
    if job.status_code in {201, 202}:
        check_job(client, job.json()["id"], content)


def check_job(client: httpx.Client, job: str, content: bytes) -> None:
    """Look at all that a job gives."""

    def over() -> Any:
        shown = client.get(f"/v1/jobs/{job}").json()
        return shown if shown["state"] in {"succeeded", "failed"} else None

    shown = until(over)
    for path in {f"/v1/jobs/{job}/result", f"/v1/jobs/{job}/events", *addresses(shown)}:
        if not path.endswith("/events"):
            harmless(client.get(path, follow_redirects=True), content)


def test_the_address_of_evidence_gives_it_as_a_file(service: Served) -> None:
    client = service.client(ADA)
    assert not NEVER.search(client.get("/v1/uploads").headers["content-type"])
    document = client.get("/openapi.json").json()
    binary = [
        (path, kind)
        for path, methods in document["paths"].items()
        for method in methods.values()
        if isinstance(method, dict)
        for answer in method.get("responses", {}).values()
        for kind in answer.get("content", {})
    ]
    assert not [found for found in binary if NEVER.search(found[1])], (
        "no address is documented to give pages or drawings"
    )


def test_the_tests_would_notice(service: Served, tmp_path: Path) -> None:
    page = httpx.Response(
        200, headers={"content-type": "text/html"}, content=HTML, request=httpx.Request("GET", "http://a/")
    )
    with pytest.raises(AssertionError):
        harmless(page, HTML)
    picture = httpx.Response(
        200, headers={"content-type": "image/png"}, content=b"x", request=httpx.Request("GET", "http://a/")
    )
    with pytest.raises(KeyError):
        harmless(picture, b"x")
