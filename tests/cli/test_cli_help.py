"""Help is short, complete and fits the screen."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from facefusion.cli.parser import COMMANDS
from facefusion.options import Options, iter_leaves


def test_top_help_names_every_command_and_the_main_job(facefusion, capsys):
    assert facefusion("--help") == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)
    assert "facefusion --source me.jpg --target clip.mp4 --output result.mp4" in out


def test_no_words_at_all_show_help(facefusion, capsys):
    assert facefusion() == 0
    assert "commands:" in capsys.readouterr().out


def test_version(facefusion, capsys):
    assert facefusion("--version") == 0
    assert capsys.readouterr().out == f"facefusion {version('facefusion')}\n"


def test_help_of_process_holds_every_option(facefusion, capsys):
    facefusion("process", "--help")
    out = capsys.readouterr().out
    facefusion("live", "--help")
    live = capsys.readouterr().out
    for leaf in iter_leaves(Options):
        for spelling in (leaf.name, *leaf.names.also):
            assert "--" + spelling.replace("_", "-") in (live if leaf.path == ("live",) else out)


def test_help_shows_headings_choices_limits_and_defaults(facefusion, capsys):
    facefusion("--blend-ratio", "1", "--help")
    out = capsys.readouterr().out
    assert "\nface swapper:\n" in out
    out = " ".join(out.split())
    assert "[0 to 1; default: 1.0]" in out
    assert "[mesh, ellipse, box, area, occlusion, region; default: mesh]" in out
    assert "--keep-audio, --no-keep-audio" in out


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_fits_80_columns(facefusion, capsys, command):
    facefusion(*command, "--help")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["process", "--help"]])
def test_help_imports_nothing_heavy(words):
    code = (
        "import sys; from facefusion.cli.main import main; main(sys.argv[1:]); "
        "sys.stderr.write(' '.join(sorted({'onnxruntime', 'cv2', 'av', 'numpy'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
