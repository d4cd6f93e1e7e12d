"""The web console in a real browser: first page, slider to preview, a long list, a large upload that breaks.

    python -m benchmarks.console [--gigabytes 2] [--jobs 500] [--times 24]

A whole service with one worker runs beside a Chromium, both on two cores. Held against: a first page that can be used
within 1.5 s, 300 ms from a slider to its preview at 720p, no task of 50 ms while a list is scrolled through, and an
upload that goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from benchmarks.cable import Cable
from benchmarks.clips import SOURCE, scaled_clip, talking_clip
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.servers import until
from facefusion.client import Client
from facefusion.jobs.board import JobBoard
from facefusion.jobs.opening import open_jobs
from facefusion.jobs.values import NewJob
from facefusion.options import ServingOptions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

CORES: Final = 2
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_BREAK_SECONDS: Final = 5.0
_BROKEN_AT: Final = 0.3
_CHUNK: Final = 1 << 22
_VISITS: Final = 6
# Until the picture of the viewer is another one, and was painted.
_SLIDE: Final = """
async ([label, times]) => {
  const slider = [...document.querySelectorAll('input[type=range]')].find((each) =>
    each.labels[0]?.innerText === label);
  const picture = document.querySelector('.stage img');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const next = (src) => new Promise((done) => {
    const look = new MutationObserver(() => { if (picture.src !== src) { look.disconnect(); done(); } });
    look.observe(picture, { attributes: true, attributeFilter: ['src'] });
  });
  const found = [];
  for (let time = 0; time < times; time++) {
    await new Promise((done) => setTimeout(done, 100));
    const began = performance.now(), changed = next(picture.src);
    set.call(slider, String(0.4 + (0.6 * ((time * 7) % 24)) / 24));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await changed;
    await picture.decode();
    await painted();
    found.push(performance.now() - began);
  }
  return found;
}
"""
_WATCH: Final = """
() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.longTasks.push([each.startTime, each.duration]);
  }).observe({ type: 'longtask', buffered: true });
}
"""
_SCROLL: Final = """
async () => {
  const gaps = [], began = performance.now();
  let last = began, quiet = 0, height = 0;
  while (quiet < 180) {
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    scrollBy(0, 240);
    const most = document.documentElement.scrollHeight;
    quiet = scrollY + innerHeight >= most - 2 && most === height ? quiet + 1 : 0;
    height = most;
  }
  const longest = (within) => Math.max(0, ...window.longTasks.filter(within).map(([, lasts]) => lasts));
  return { gaps, opening: longest(([start]) => start < began), scrolling: longest(([start]) => start >= began) };
}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory(dir=options.scratch) as name, _browser() as browser:
        folder = Path(name)
        figures: Figures = {}
        with _service(folder / "one") as address:
            figures |= _first_page(browser, address, options.times)
            figures |= _preview(browser, address, options)
        with _service(folder / "many", "--workers", "0") as address:
            figures |= _list(browser, address, folder / "many", options.jobs)
        with _service(folder / "large", "--workers", "0") as address:
            figures |= _upload(browser, address, folder, round(options.gigabytes * 1e9))
    print(table(("what", "figure"), list(figures.items())))
    return finish(figures, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("console", __doc__)
    made.add_argument("--gigabytes", type=float, default=2.0, help="of the upload (default: %(default)s)")
    made.add_argument("--jobs", type=int, default=500, help="in the list (default: %(default)s)")
    made.add_argument("--times", type=int, default=24, help="a page is opened, a slider moved (default: %(default)s)")
    made.add_argument("--scratch", type=Path, help="folder for what is only needed meanwhile")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    return made.parse_args(arguments)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a tool of development

    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise SystemExit("There is no Chromium here (Debian: chromium)")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield made
        finally:
            made.close()


@contextmanager
def _service(folder: Path, *flags: str) -> Iterator[str]:
    """Have a whole service run in a folder of its own; yield its address."""
    folder.mkdir()
    environment = os.environ | {"FACEFUSION_TRUST_DIR": str(folder / "trust"), "FACEFUSION_ACKNOWLEDGE": "1"}
    environment |= {"FACEFUSION_JOBS_DATABASE": str(folder / "jobs.db"), "FACEFUSION_SCRATCH_DIR": str(folder / "on")}
    process = subprocess.Popen(
        [sys.executable, "-m", "facefusion", "ui", "--no-browser", "--port", "0", *flags],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(60)


def _page(browser: Browser, address: str) -> Page:
    """Return a page of somebody who was never here, so that nothing of it is kept."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(300_000)
    page = context.new_page()
    page.goto(address)
    return page


def _first_page(browser: Browser, address: str, times: int) -> Figures:
    """Return how long it takes until the first page can be used: its drop zones are there and take a file."""
    found, sizes, counts = [], [], []
    for _ in range(times):
        page = _page(browser, address)
        page.get_by_role("heading", level=1).wait_for()
        page.locator("input[type=file]").first.wait_for(state="attached")
        found.append(page.evaluate("performance.now()"))
        resources = page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map((each) => each.transferSize)"
        )
        sizes.append(sum(resources))
        counts.append(len(resources))
        page.context.close()
    return {
        "first page, ms, median": round(statistics.median(found)),
        "first page, ms, slowest": round(max(found)),
        "first page, KB": round(statistics.median(sizes) / 1000),
        "first page, requests": round(statistics.median(counts)),
    }


def _preview(browser: Browser, address: str, options: argparse.Namespace) -> Figures:
    """Return how long it takes from a slider to the picture on the screen."""
    clip = scaled_clip(talking_clip(options.clips, 10), 1280, 720)
    page = _page(browser, address)
    page.locator("input[type=file]").first.set_input_files(SOURCE)
    page.locator("input[type=file]").last.set_input_files(clip)
    page.locator(".stage img[src^='blob:']").first.wait_for()
    page.wait_for_timeout(3000)
    page.evaluate(_SLIDE, ["Blend ratio", 3])
    found = page.evaluate(_SLIDE, ["Blend ratio", options.times])
    page.context.close()
    return {
        "slider to preview at 720p, ms, median": round(statistics.median(found)),
        "slider to preview at 720p, ms, 95 of 100": round(statistics.quantiles(found, n=20)[-1]),
    }


def _list(browser: Browser, address: str, folder: Path, count: int) -> Figures:
    """Return whether a long list keeps up with whoever scrolls through it: half of it waits, half is of the past."""
    with Client(address) as client:
        upload = client.uploads.send(SOURCE)
        job = client.jobs.submit(f"upload:{upload.id}", "result-0.png", options={"processors": []})
    engine = open_jobs(ServingOptions.parse({"jobs_database": str(folder / "jobs.db")}))
    try:
        board = JobBoard(engine)
        like = board.job(job.id, tenant="default")
        for number in range(1, count):
            request = dict(like.request) | {"output": f"result-{number}.png"}
            made = board.submit(NewJob(like.tenant, like.owner, request))
            if number >= count // 2:
                board.cancel(made.id, tenant=None)
    finally:
        engine.dispose()
    seen = [_scrolled(browser, address, count) for _ in range(_VISITS)]
    opening, scrolling = ([visit[part] for visit in seen] for part in ("opening", "scrolling"))
    gaps = [gap for visit in seen for gap in visit["gaps"]]
    return {
        f"{count} jobs: longest task while the page opens, ms, median": round(statistics.median(opening)),
        f"{count} jobs: longest task while scrolling, ms, median (0: none of 50 or more)": round(
            statistics.median(scrolling)
        ),
        f"{count} jobs: longest task while scrolling, ms, worst": round(max(scrolling)),
        f"{count} jobs: between two pictures while scrolling, ms, 99 of 100": round(
            statistics.quantiles(gaps, n=100)[-1]
        ),
    }


def _scrolled(browser: Browser, address: str, count: int) -> dict[str, Any]:
    """Scroll through the whole list, and return what was seen of the page's work."""
    page = _page(browser, address)
    page.goto(f"{address}/jobs")
    page.get_by_text("result-0.png").first.wait_for()
    page.evaluate(_WATCH)
    seen: dict[str, Any] = page.evaluate(_SCROLL)
    page.get_by_text(f"result-{count // 2}.png").first.wait_for()
    page.context.close()
    return seen


def _upload(browser: Browser, address: str, folder: Path, size: int) -> Figures:
    """Return whether a large file goes on where it was when the network comes back, and arrives as it is."""
    clip = _padded(scaled_clip(talking_clip(Path("out/benchmarks/clips"), 2), 640, 360), folder / "large.mp4", size)
    parts = urlsplit(address)
    assert parts.port is not None
    cable = Cable(parts.port)
    page = _page(browser, f"http://127.0.0.1:{cable.port}")
    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers.get("upload-offset", 0)))

    page.on("request", note)
    page.locator("input[type=file]").last.set_input_files(clip)
    with Client(address) as client:

        def received() -> Any:
            return next((each for each in client.uploads.all() if each.name == clip.name), None)

        until(lambda: (now := received()) and now.received > size * _BROKEN_AT, seconds=600)
        cable.cut()
        before = received().received
        page.wait_for_timeout(_BREAK_SECONDS * 1000)
        cable.mend()
        until(lambda: received().state != "open", seconds=1200)
        done = received()
    page.context.close()
    return {
        f"{size / 1e9:g} GB: there when the network broke, MB": round(before / 1e6),
        f"{size / 1e9:g} GB: first byte sent after that, MB": round(min(each for each in sent if each >= before) / 1e6),
        f"{size / 1e9:g} GB: arrived as it is": done.sha256 == _digest(clip),
    }


def _padded(clip: Path, path: Path, size: int) -> Path:
    """Write a clip that is as large as is wanted: behind its end comes a box that players pass over."""
    shutil.copyfile(clip, path)
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        length = size - file.tell()
        file.write((1).to_bytes(4, "big") + b"free" + length.to_bytes(8, "big"))
        file.truncate(size)
    return path


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    command(main)
