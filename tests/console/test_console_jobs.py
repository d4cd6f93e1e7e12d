"""The pages of jobs: nothing is lost on reload, and what was made is found, compared and shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks.servers import until
from browsing import Visit
from playwright.sync_api import CDPSession, Page, expect
from sqlalchemy import select, update

from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import database_time, writing
from facefusion.jobs.schema import JOBS, TASKS
from facefusion.jobs.values import NewJob
from facefusion.trust.database import open_database
from material import ASTRONAUT, CAPTAIN, read, write_clip
from whole_service import serving

pytestmark = pytest.mark.slow

Visits = Callable[..., Visit]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[str]:
    with serving(folder) as (_, address):
        yield address


@pytest.fixture(scope="module")
def api(service: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service, trust_env=False, timeout=60) as made:
        yield made


def sent(api: httpx.Client, path: Path, name: str) -> str:
    return f"upload:{api.post(f'/v1/uploads?name={name}', content=path.read_bytes()).json()['id']}"


@pytest.fixture(scope="module")
def clip(api: httpx.Client, folder: Path) -> str:
    """A clip that takes its time."""
    view = read(ASTRONAUT)[20:420, 40:440]
    return sent(
        api, write_clip(folder / "talk.mp4", [view[:, shift : shift + 360] for shift in range(40)] * 10), "talk.mp4"
    )


def submitted(api: httpx.Client, **order: Any) -> str:
    answer = api.post("/v1/jobs", json=order)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def done(api: httpx.Client, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = api.get(f"/v1/jobs/{job}").json()
        return shown if shown["finished"] else None

    found = until(look, seconds=180)
    assert found["state"] == "succeeded", found["error"]
    return found


@pytest.fixture(scope="module")
def pair(api: httpx.Client, folder: Path) -> list[str]:
    """Two clips that were made of one, quickly."""
    view = read(CAPTAIN)[:240, :320]
    source = sent(
        api, write_clip(folder / "harbour.mp4", [view[shift : shift + 200, :200] for shift in range(30)]), "harbour.mp4"
    )
    orders = ({"output": f"harbour-{name}.mp4", "options": {"processors": []}} for name in ("one", "two"))
    jobs = [submitted(api, target=source, **order) for order in orders]
    for job in jobs:
        done(api, job)
    return jobs


@pytest.fixture
def long(api: httpx.Client, clip: str) -> Iterator[str]:
    """A job that is at work for as long as a test lasts."""
    face = sent(api, CAPTAIN, "captain.png")
    job = submitted(api, sources=[face], target=clip, output="long-talk.mp4")
    yield job
    api.post(f"/v1/jobs/{job}/cancel")


def test_a_job_is_followed_through_a_reload_and_a_closed_laptop(visit: Visits, api: httpx.Client, long: str) -> None:
    window = visit("/jobs")
    page = window.page
    card = page.get_by_role("listitem").filter(has_text="long-talk.mp4")
    expect(card).to_contain_text("At work")
    expect(card.locator("img")).to_have_count(1, timeout=90_000)
    page.reload()
    expect(card).to_contain_text("of 400 frames")
    card.get_by_role("link", name="long-talk.mp4").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("long-talk.mp4")
    expect(page.get_by_role("img", name="Frame at").first).to_be_visible()
    frames = api.get(f"/v1/jobs/{long}/frames").json()["frames"]
    assert frames and frames[0]["width"] <= 400
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("Work began")).to_be_visible()

    window.expected += ["ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "ERR_FAILED"]
    page.context.set_offline(True)
    api.post(f"/v1/jobs/{long}/cancel")
    page.context.set_offline(False)
    expect(page.locator("header").first.get_by_text("Cancelled")).to_be_visible()


def test_jobs_are_paused_cancelled_tried_again_and_put_first(
    visit: Visits, api: httpx.Client, long: str, clip: str
) -> None:
    job = submitted(api, target=clip, output="steered.mp4", options={"processors": []}, priority=1)
    page = visit(f"/jobs/{job}").page
    state = page.locator("header").first
    page.get_by_label("Priority").select_option("Urgent")
    until(lambda: api.get(f"/v1/jobs/{job}").json()["priority"] == 9)
    page.get_by_role("button", name="Pause").click()
    expect(state).to_contain_text("Paused")
    page.get_by_role("button", name="Go on").click()
    expect(state).to_contain_text("Waiting")
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep working").click()
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(state).to_contain_text("Cancelled")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    api.post(f"/v1/jobs/{job}/cancel")
    expect(state).to_contain_text("Cancelled")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    assert api.get(f"/v1/jobs/{job}").status_code == 404


def test_a_failure_says_in_words_what_went_wrong(visit: Visits, api: httpx.Client, folder: Path) -> None:
    import numpy as np

    from material import save

    save(folder / "grey.png", np.full((256, 256, 3), 90, np.uint8))
    job = submitted(
        api, sources=[sent(api, folder / "grey.png", "grey.png")], target=sent(api, CAPTAIN, "c.png"), output="no.png"
    )
    until(lambda: api.get(f"/v1/jobs/{job}").json()["finished"], seconds=120)
    page = visit(f"/jobs/{job}").page
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No face was found")
    expect(alert).to_contain_text("upload:")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    missing = visit("/jobs/" + "0" * 32)
    missing.expected.append("404")
    expect(missing.page.get_by_role("heading", name="There is no such job")).to_be_visible()


@pytest.fixture(scope="module")
def many(folder: Path, service: str) -> int:
    """Hundreds of jobs of the past, written at once so that nobody takes one for work."""
    count = 500
    with closing(_Engine(folder)) as place, writing(place.engine) as connection:
        board, now = JobBoard(place.engine), database_time(connection)
        for number in range(count):
            request = {"target": "upload:a", "output": f"holiday-{number:03}.mp4"}
            new = NewJob("default", "root", request, names={"upload:a": f"beach{number:03}.mov"})
            job = board.submitted(connection, new)
            old = now - (count - number) * 60_000_000
            values = {"state": "cancelled", "created": old, "finished": old, "started": old}
            connection.execute(update(JOBS).where(JOBS.c.number == job.number).values(values))
            connection.execute(update(TASKS).where(TASKS.c.job == job.number).values(state="cancelled"))
    return count


class _Engine:
    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "jobs.db")

    def close(self) -> None:
        self.engine.dispose()


def test_a_history_of_hundreds_is_searched_and_scrolled_without_a_halt(visit: Visits, many: int) -> None:
    page = visit("/jobs").page
    rows = page.get_by_role("list", name="History").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    probe = page.context.new_cdp_session(page)
    probe.send("Performance.enable", {"timeDomain": "threadTicks"})  # time of the processor: others may use the machine
    seen, halts, spent = 0, list[float](), _spent(probe)
    for _ in range(1000):  # pages come as they are scrolled to
        page.mouse.wheel(0, 400)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        before, spent = spent, _spent(probe)
        halts.append(spent - before)
        seen = max(seen, rows.count())
        if page.get_by_text("holiday-000.mp4").is_visible():
            break
    expect(page.get_by_text("holiday-000.mp4")).to_be_visible()
    assert seen < min(60, many), "only what can be seen is in the page"
    assert max(halts) < 0.05, "what a browser calls a long task"

    page.keyboard.press("Home")
    page.get_by_label("Search").fill("beach123")  # a number alone may begin the id of another job
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("holiday-123.mp4")
    assert "q=beach" in page.url
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("radio", name="Failed").check(force=True)
    expect(page.get_by_role("heading", name="No job fits")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(rows.first).to_be_visible()


@pytest.fixture
def queue(folder: Path, service: str) -> Iterator[int]:
    """Hundreds of jobs that wait, paused so that nobody takes one for work."""
    count = 250
    with closing(_Engine(folder)) as place:
        with writing(place.engine) as connection:
            board = JobBoard(place.engine)
            for number in range(count):
                request = {"target": "upload:a", "output": f"wait-{number:03}.mp4"}
                job = board.submitted(connection, NewJob("default", "root", request, names={"upload:a": "beach.mov"}))
                connection.execute(update(JOBS).where(JOBS.c.number == job.number).values(is_paused=True))
                connection.execute(update(TASKS).where(TASKS.c.job == job.number).values(state="held"))
        yield count
        with writing(place.engine) as connection:
            held = select(TASKS.c.job).where(TASKS.c.state == "held")
            connection.execute(update(JOBS).where(JOBS.c.number.in_(held)).values(state="cancelled"))
            connection.execute(update(TASKS).where(TASKS.c.state == "held").values(state="cancelled"))


def test_of_hundreds_that_wait_only_those_in_sight_are_in_the_page(
    visit: Visits, api: httpx.Client, queue: int
) -> None:
    page = visit("/jobs").page
    expect(page.get_by_role("heading", name=f"In the works {queue}")).to_be_visible()
    expect(page.get_by_role("link", name="wait-000.mp4", exact=True).first).to_be_visible()
    rows = page.get_by_role("list", name="Waiting for their turn").get_by_role("listitem")
    expect(rows.first).to_contain_text("wait-003.mp4")
    last = rows.filter(has_text=f"wait-{queue - 1}.mp4")
    while not last.count():
        page.mouse.wheel(0, 600)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert rows.count() < 60
    last.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("heading", name=f"In the works {queue - 1}")).to_be_visible()
    expect(last).to_have_count(0)
    first = api.get("/v1/jobs?state=queued&order=oldest&limit=1").json()["jobs"][0]
    assert first["request"]["output"] == "wait-000.mp4"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_links_of_a_chain_are_shown_with_what_is_set_for_each(
    visit: Visits, api: httpx.Client, clip: str, folder: Path, language: str
) -> None:
    (folder / "warm.cube").write_text("LUT_1D_SIZE 2\n0.1 0 0\n1 0.9 0.7\n")
    look = {"stylizer_look": "lut", "stylizer_lut": sent(api, folder / "warm.cube", "warm.cube")}
    chain = [
        {"processor": "face_enhancer", "face_enhancer_blend": 50, "when": ["0-1", "2-"], "region": [0, 0, 0.5, 1]},
        {"processor": "stylizer", **look},
        {"processor": "face_enhancer"},
    ]
    ours = {"options": {"chain": chain}, "target": clip, "priority": 1}
    job = submitted(api, output="chained.mp4", **ours)
    plain = {"processors": ["face_enhancer"], "when": ["face_enhancer=0-1"]}
    beside = submitted(api, output="beside.mp4", target=clip, options=plain, priority=1)
    try:
        window = visit(f"/jobs/{job}", language=language)
        links = window.page.locator("dl ol > li")
        expect(links).to_have_count(3)
        said = {
            "en": ("face enhancer", "0-1; 2-; region 0, 0, 0.5, 1; Face enhancer blend 50"),
            "zh": ("人脸修复", "0-1; 2-; 区域 0, 0, 0.5, 1"),
        }[language]
        for text in said:
            expect(links.nth(0)).to_contain_text(text, ignore_case=True)
        expect(links.nth(1)).to_contain_text("warm.cube")
        expect(links.nth(2)).to_have_text(said[0])
        window.page.goto(window.page.url.replace(job, beside))
        expect(window.page.get_by_text("face_enhancer=0-1")).to_be_visible()
    finally:
        for each in (job, beside):
            api.post(f"/v1/jobs/{each}/cancel")


def test_two_results_are_compared_in_step(visit: Visits, pair: list[str]) -> None:
    page = visit("/jobs?q=harbour").page
    for name in ("one", "two"):
        page.get_by_label(f"Choose harbour-{name}.mp4 to compare").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare two results")
    videos = page.locator("video")
    expect(videos).to_have_count(2)
    until(lambda: page.evaluate("[...document.querySelectorAll('video')].every(v => v.readyState >= 2)"))
    page.get_by_label("Time", exact=True).fill("0.8")
    times = "[...document.querySelectorAll('video')].map(v => v.currentTime)"
    until(lambda: all(abs(each - 0.8) < 0.05 for each in page.evaluate(times)))
    cut = page.get_by_label("Where one gives way to the other")
    cut.focus()
    page.keyboard.press("Home")
    assert page.locator(".second").evaluate("e => getComputedStyle(e).clipPath").startswith("inset(0")
    page.get_by_role("radio", name="Side by side").check(force=True)
    expect(cut).to_have_count(0)
    page.get_by_role("button", name="Swap sides").click()
    expect(page.get_by_role("region", name="Left")).to_contain_text("harbour-two.mp4")


def test_a_result_is_shared_until_the_link_is_taken_back(visit: Visits, pair: list[str], api: httpx.Client) -> None:
    page = visit(f"/jobs/{pair[0]}", permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ends after").select_option("1 day")
    dialog.get_by_label("What it is for").fill("for the client")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("Link", exact=True).input_value()
    dialog.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link

    guest = visit(link.removeprefix(str(api.base_url).rstrip("/")))
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("harbour-one.mp4")
    expect(guest.page.get_by_role("heading", name="This is synthetic")).to_be_visible()
    assert "for the client" not in guest.page.content() and "default" not in guest.page.inner_text("main header")
    with guest.page.expect_download() as downloading:
        guest.page.get_by_role("link", name="Download").click()
    assert downloading.value.path().read_bytes() == api.get(f"/v1/jobs/{pair[0]}/result").content
    assert guest.serious() == []

    dialog.get_by_role("listitem").filter(has_text="for the client").get_by_role("button", name="Take back").click()
    expect(dialog.get_by_text("There are no links to this result.")).to_be_visible()
    guest.expected.append("status of 404")
    guest.page.reload()
    expect(guest.page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()


def test_nobody_is_asked_for_notifications_before_they_want_them(visit: Visits, browser: Any) -> None:
    page = visit("/jobs").page
    noting = "window.asked = 0; Notification.requestPermission = async () => { asked += 1; return 'denied'; };"
    page.add_init_script(noting)
    page.reload()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.evaluate("asked") == 0
    page.get_by_role("button", name="Tell me when jobs are done").click()
    expect(page.get_by_text("The browser does not allow notifications")).to_be_visible()
    assert page.evaluate("asked") == 1


@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_everybody_can_use_these_pages(visit: Visits, pair: list[str], long: str, theme: str, language: str) -> None:
    for path in ("/jobs", f"/jobs/{pair[0]}", f"/jobs/{long}", f"/jobs/compare?a={pair[0]}&b={pair[1]}"):
        window = visit(path, theme=theme, language=language)
        assert window.serious() == [], path
        assert not _overflows(window.page)
    phone = visit(f"/jobs/{pair[0]}", theme=theme, language=language, width=390, height=844)
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    assert phone.serious() == [] and not _overflows(phone.page)


def _spent(probe: CDPSession) -> float:
    """Seconds that the page's own thread has worked."""
    metrics = {each["name"]: each["value"] for each in probe.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def _overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
