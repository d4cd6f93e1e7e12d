"""A page for each processor: its commands are understood, its options all there, its pictures made by its commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from benchmarks.common import JobFailedError
from benchmarks.page_pictures import MOST_BYTES, chosen, commands, laid_out, shown, write
from benchmarks.page_sheets import SHEETS, Panel, Sheet

from facefusion.cli.parser import parse
from facefusion.options import Options
from facefusion.options.leaves import leaf_table
from material import save

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/processors"
PROCESSORS = sorted(
    tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["facefusion.processors"]
)


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def pictures(name: str) -> list[Path]:
    return [(PAGES / link).resolve() for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page(name))]


def test_every_processor_has_a_page_that_is_listed():
    listed = {path: (ROOT / path).read_text("utf-8") for path in ("docs/processors.md", "docs/README.md")}
    missing = [
        (name, path) for name in PROCESSORS for path, text in listed.items() if f"(processors/{name}.md)" not in text
    ]
    assert missing == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_both_readmes_name_the_same_pages(readme):
    text = (ROOT / readme).read_text("utf-8")
    assert [name for name in PROCESSORS if f"docs/processors/{name}.md" not in text] == []
    assert "docs/chains.md" in text


@pytest.mark.parametrize("name", PROCESSORS)
def test_the_commands_of_a_page_are_understood(name):
    typed = commands(PAGES / f"{name}.md")
    assert any(name in words or name == "face_swapper" for words in typed)
    for words in typed:
        parse(words)


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_page_has_all_options_of_its_processor(name):
    """Some tables write `-stabilise` behind `--film-restorer-weave`."""
    text = page(name)
    flags = ["--" + leaf.replace("_", "-") for leaf in leaf_table(Options) if leaf.startswith(f"{name}_")]
    short = "--" + name.replace("_", "-")
    assert [flag for flag in flags if flag not in text and f"`{flag.removeprefix(short)}`" not in text] == []


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_page_says_what_the_processor_is_not(name):
    assert re.search(r"what it (is not|cannot do)", page(name), re.IGNORECASE)


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_page_has_pictures_or_says_how_weights_are_got(name):
    found = pictures(name)
    assert found or "models pull" in page(name) or "models.md" in page(name)
    assert all(path.suffix == ".jpg" and path.is_file() for path in found)
    assert sum(path.stat().st_size for path in found) <= MOST_BYTES


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_pictures_are_made_by_commands_of_the_page_that_shows_them(sheet):
    made = {words[words.index("--output") + 1] for words in chosen(sheet)}
    assert {panel.file for row in sheet.rows for panel in row} <= made | set(sheet.material)


def test_a_command_that_the_page_has_no_more_is_told():
    with pytest.raises(JobFailedError, match="has no command with --not-there"):
        chosen(Sheet("makeup", {}, (type(SHEETS[0].runs[0])("--not-there"),), (), 100))


def test_commands_are_read_as_a_shell_reads_them(tmp_path):
    text = "# A\n\n    facefusion --a 'b c' \\\n        --d e   # why\n    facefusion ... --f\n\n    python x\n"
    (tmp_path / "page.md").write_text(text)
    assert commands(tmp_path / "page.md") == [["--a", "b c", "--d", "e"]]


def test_panels_lie_side_by_side_and_the_file_is_no_larger_than_a_page_may_have(tmp_path):
    rng = np.random.default_rng(1)
    save(tmp_path / "a.png", rng.integers(0, 255, (40, 60, 3), np.uint8))
    panel = shown(tmp_path, Panel("a.png", (0, 0, 0.5, 1)), 80)
    assert panel.shape == (80, 60, 3)
    sheet = laid_out([[panel, panel], [panel]])
    assert sheet.shape == (166, 126, 3)
    assert (sheet[:, 60:66] == 255).all() and (sheet[86:, 66:] == 255).all()
    write(sheet, tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").stat().st_size <= MOST_BYTES
    with pytest.raises(JobFailedError, match="show less"):
        write(rng.integers(0, 255, (900, 1200, 3), np.uint8), tmp_path / "noise.jpg")
