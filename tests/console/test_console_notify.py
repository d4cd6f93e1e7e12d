"""Notifications of the system: who asked for them is told of their own jobs, on whatever page they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pytest
from benchmarks.servers import until
from browsing import Visit
from PIL import Image
from playwright.sync_api import Page, expect

from material import ASTRONAUT, CAPTAIN

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
RECORD: Final = """
window.told = [];
const Real = window.Notification;
window.Notification = class extends Real {
    constructor(title, options) {
        super(title, options);
        const note = {title, ...options, isShown: false, click: () => this.dispatchEvent(new Event("click"))};
        this.addEventListener("show", () => { note.isShown = true; });
        window.told.push(note);
    }
};
"""
"""Notes which notifications a page makes, and that the system has shown them; they are real ones."""
ASK: Final = re.compile("Tell me when jobs are done|任务完成时通知我")
TOLD: Final = "window.told.map(({title, body, tag, isShown}) => ({title, body, tag, isShown}))"


@pytest.fixture(scope="module")
def client(service: str) -> Iterator[httpx.Client]:
    """This user, who looks at the pages."""
    with httpx.Client(base_url=service, trust_env=False, timeout=120) as made:
        yield made


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sky") / "sky.png"
    Image.fromarray(np.full((300, 300, 3), 200, np.uint8)).save(path)
    return path


def asked(who: httpx.Client, output: str, source: Path = ASTRONAUT) -> str:
    """Ask for a job that takes a second or two."""

    def sent(path: Path) -> str:
        return f"upload:{who.post(f'/v1/uploads?name={path.name}', content=path.read_bytes()).json()['id']}"

    answer = who.post("/v1/jobs", json={"sources": [sent(source)], "target": sent(CAPTAIN), "output": output})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def over(client: httpx.Client, job: str) -> None:
    until(lambda: client.get(f"/v1/jobs/{job}").json()["finished"], seconds=120)


def told(page: Page, count: int) -> list[dict[str, Any]]:
    """Wait until so many notifications were shown; return all that were made."""

    def shown() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = page.evaluate(TOLD)
        return found if sum(each["isShown"] for each in found) >= count else []

    return until(shown, seconds=60)  # type: ignore[no-any-return]


def asking(visit: Visits, **more: Any) -> Page:
    """Somebody whose browser lets pages notify them, and who asks for that."""
    page = visit("/signin", permissions=["notifications"], **more).page
    page.context.add_init_script(RECORD)
    with page.expect_response(lambda answer: "/v1/jobs?" in answer.url and "owner=" in answer.url):
        page.goto(page.url.replace("/signin", "/jobs"))
        page.get_by_role("button", name=ASK).click()
    return page


def test_a_job_that_is_over_is_told_on_another_page_and_leads_to_it(visit: Visits, client: httpx.Client) -> None:
    over(client, asked(client, "of-old.png"))
    page = asking(visit)
    expect(page.get_by_role("button", name="You are told when jobs are done")).to_be_visible()
    with page.expect_response(lambda answer: "/v1/jobs?" in answer.url and "owner=" in answer.url):
        page.goto(page.url.replace("/jobs", "/make"))
    job = asked(client, "harbour.png")
    found = told(page, 1)
    assert found == [{"title": "Done: harbour.png", "body": "Done", "tag": job, "isShown": True}]
    page.evaluate("window.told[0].click()")
    expect(page.get_by_role("heading", level=1)).to_have_text("harbour.png")
    assert page.url.endswith(f"/jobs/{job}")


def test_what_failed_is_told_in_chinese_and_jobs_of_others_are_not_told(
    visit: Visits, client: httpx.Client, service: str, sky: Path
) -> None:
    page = asking(visit, language="zh")
    secret = client.post("/v1/keys", json={"name": "farm", "role": "operator", "days": 1}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=service, trust_env=False, timeout=120, headers=headers) as other:
        over(client, asked(other, "of-others.png"))
    job = asked(client, "sky.png", sky)
    assert told(page, 1) == [{"title": "失败: sky.png", "body": "没有找到人脸", "tag": job, "isShown": True}]


def test_a_browser_that_does_not_allow_it_is_told_of_and_who_ends_it_is_left_alone(visit: Visits) -> None:
    page = visit("/jobs").page
    page.get_by_role("button", name="Tell me when jobs are done").click()
    expect(page.get_by_text("The browser does not allow notifications from this page")).to_be_visible()
    page = asking(visit)
    page.get_by_role("button", name="You are told when jobs are done").click()
    expect(page.get_by_role("button", name="Tell me when jobs are done")).to_be_visible()
    assert page.evaluate("localStorage.getItem('facefusion.notify')") == "no"
