"""Builds the site of the documentation into a folder of its own for each version; see `make docs`.

    build/docs/bin/python docs/site.py build/site

All pages lie as in the repository, so that a link that works there works in the site. Every page of `docs/` is in the
navigation, and a link that leads nowhere ends the building. Nothing is fetched, and the pages ask no other host.
"""

from __future__ import annotations

import html
import logging
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = ("README.md", "README.zh-CN.md", "docs/README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
SECTIONS = {
    "Use it": ("batch", "console", "live", "encoding", "media", "speed", "execution", "models", "analysers", "plugins"),
    "Processors": ("processors", "chains", "processors/*"),
    "Serve it": ("service", "client", "jobs", "webhooks", "gateway", "storage", "cluster"),
    "Run it": ("deploy/*", "runbooks/*"),
    "Trust": ("policy", "consent", "content", "disclosure", "provenance", "watermark", "audit", "privacy", "security"),
    "How it is built": ("architecture", "dependencies", "decisions/*", "quality", "performance", "performance-log"),
    "More": ("*", "**/*"),
}
"""Pages of `docs/` by section; each is in the first that names it."""
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")
_ITEM = re.compile(r"(?:[*+-]|\d+\.) +")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$")


def pages() -> dict[str, list[str]]:
    """Return the pages of the site by section, as paths in the repository."""
    found = {"Start": [name for name in START if (ROOT / name).is_file()]}
    known = set(found["Start"])
    for section, patterns in SECTIONS.items():
        paths = [path for pattern in patterns for path in sorted((ROOT / "docs").glob(f"{pattern}.md"))]
        names = dict.fromkeys(path.relative_to(ROOT).as_posix() for path in paths)
        found[section] = [name for name in names if name not in known]
        known |= names.keys()
    linked = {name for names in list(found.values()) for page in names for name in _linked_pages(page)}
    further = sorted(linked - known)
    found["More"] += further
    return {section: names for section, names in found.items() if names}


def links(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield the links of a page to files of the repository: as written, the file, and the heading or nothing.

    Args:
        page: path in the repository.
    """
    for _, line in _prose((ROOT / page).read_text("utf-8")):
        for _, target, _ in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if "://" in target or target.startswith("mailto:"):
                continue
            name, _, heading = target.partition("#")
            path = (ROOT / page).parent / name if name else ROOT / page
            resolved = path.resolve()
            if resolved.is_dir() and (resolved / "README.md").is_file():
                resolved = resolved / "README.md"
            yield target, _relative(resolved), heading


def headings(page: str) -> set[str]:
    """Return by what the headings of a page are linked to."""
    found: dict[str, int] = {}
    names = set()
    for _, line in _prose((ROOT / page).read_text("utf-8")):
        if match := _HEADING.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "")
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            names.add(f"{slug}-{found[slug]}" if slug in found else slug)
            found[slug] = found.get(slug, 0) + 1
    return names


def staged(text: str) -> str:
    """Return a page as Python-Markdown takes it, which wants lists apart and what belongs to them by four blanks."""
    lines: list[str] = []
    shift, is_item = 0, False
    for is_code, line in _prose(text, with_code=True):
        marker = None if is_code else _ITEM.match(line)
        if marker is not None:
            if lines and lines[-1].strip() and not is_item:
                lines.append("")
            shift, is_item = 4 - len(marker[0]), True
        elif line.strip() and not line.startswith(" "):
            shift, is_item = 0, is_item and bool(lines and lines[-1].strip())
        is_more = marker is None and shift > 0 and line.startswith(" ")
        lines.append(" " * shift + line if is_more else line)
    return "\n".join(lines) + "\n"


def stage(folder: Path) -> None:
    """Put all pages, and what they show or link to, into a folder as in the repository."""
    shutil.rmtree(folder, ignore_errors=True)
    for page in (name for names in pages().values() for name in names):
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(staged(_with_pages(page)), "utf-8")
        for _, name, _ in links(page):
            if not name.endswith(".md") and (ROOT / name).is_file():
                _copy(name, folder)
    _copy("docs/assets/iframe-worker.js", folder)


def _copy(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / name, folder / name)


def build(folder: Path, source: Path) -> Path:
    """Build the site of this version below a folder, and return where it begins.

    Raises:
        SystemExit: a link leads nowhere, or something would have to be fetched.
    """
    from mkdocs.commands.build import build as build_site  # noqa: PLC0415 - in the environment of `make docs` alone
    from mkdocs.config import load_config  # noqa: PLC0415
    from mkdocs.exceptions import Abort  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    stage(source)
    place = folder / version()
    config = load_config(
        str(ROOT / "mkdocs.yml"),
        docs_dir=str(source),
        site_dir=str(place),
        strict=True,
        nav=[{section: [_titled(name) for name in names]} for section, names in pages().items()],
    )
    try:
        config.plugins.on_startup(command="build", dirty=False)
        build_site(config)
        config.plugins.on_shutdown()
    except Abort as error:
        raise SystemExit(f"the site is not built: {error}") from error
    _list_versions(folder)
    return place / "index.html"


def _titled(page: str) -> str | dict[str, str]:
    """Return a page of the navigation: by its own heading, where no other page has the same."""
    return {"FaceFusion 中文": page} if page == "README.zh-CN.md" else page


def version() -> str:
    """Return the version of the package."""
    text = (ROOT / "src/facefusion/__init__.py").read_text("utf-8")
    found = re.search(r'__version__ = "(.+)"', text)
    return found[1] if found else "unknown"


def _list_versions(folder: Path) -> None:
    """Write the page that leads to all versions that were built, the newest first."""
    names = sorted((path.parent.name for path in folder.glob("*/index.html")), key=_order, reverse=True)
    items = "".join(f'<li><a href="{html.escape(name)}/index.html">{html.escape(name)}</a></li>' for name in names)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>FaceFusion</title>'
    (folder / "index.html").write_text(f"{head}<h1>FaceFusion</h1><ul>{items}</ul></html>\n", "utf-8")


def _order(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"[.-]", name)]


def _linked_pages(page: str) -> Iterator[str]:
    for _, name, _ in links(page):
        if name.endswith(".md") and (ROOT / name).is_file():
            yield name


def _with_pages(page: str) -> str:
    """Return the text of a page, with links to folders made such to their pages."""
    text = (ROOT / page).read_text("utf-8")
    return _LINK.sub(lambda link: f"{link[1]}{_to_page(page, link[2])}{link[3]}", text)


def _to_page(page: str, target: str) -> str:
    """Return a link to a folder as one to its page."""
    name = target.partition("#")[0]
    path = (ROOT / page).parent / name
    if name and "://" not in target and path.is_dir() and (path / "README.md").is_file():
        return f"{name.rstrip('/')}/README.md"
    return target


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _prose(text: str, *, with_code: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield the lines of a page, each with whether it is of a block of code; those only if they are wanted."""
    is_fenced = False
    for line in text.splitlines():
        is_fence = line.lstrip().startswith("```")
        if is_fence:
            is_fenced = not is_fenced
        is_code = is_fenced or is_fence
        if with_code or not (is_code or line.startswith("    ")):
            yield is_code, line


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "build/site").resolve()
    sys.stdout.write(f"{build(place, place.with_name(f'{place.name}-source'))}\n")
