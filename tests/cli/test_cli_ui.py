"""`facefusion ui`: the console in the browser, its own or somebody else's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from facefusion.cli.commands import ui
from facefusion.errors import OptionsError
from facefusion.service.gateway import local
from facefusion.service.gateway.local import listening_users
from facefusion.ui import check_built, is_built
from whole_service import ROOT, serving


def begun(folder: Path, *flags: str) -> tuple[subprocess.Popen[str], Path]:
    """Begin `facefusion ui` with a browser that notes what it is to open; return the process and the note."""
    note = folder / f"opened-{len(list(folder.glob('opened-*')))}"
    note.touch()
    script = folder / "browser"
    script.write_text('#!/bin/sh\nprintf %s "$1" > "$NOTE"\n')
    script.chmod(0o755)
    environment = os.environ | {"BROWSER": str(script), "NOTE": str(note), "FACEFUSION_ACKNOWLEDGE": "1"}
    environment |= {"FACEFUSION_TRUST_DIR": str(folder / "trust"), "FACEFUSION_SCRATCH_DIR": str(folder / "on")}
    environment |= {"FACEFUSION_JOBS_DATABASE": str(folder / "jobs.db"), "FACEFUSION_PORT": "1"}
    command = [sys.executable, "-m", "facefusion", "ui", "--workers", "0", *flags]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=ROOT), note


@pytest.mark.slow
def test_it_serves_the_console_and_opens_it_once_more_where_it_runs(tmp_path: Path) -> None:
    process, note = begun(tmp_path, "--port", "0")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        page = httpx.get(address, headers={"Accept": "text/html"}, trust_env=False)
        assert (page.status_code, "FaceFusion" in page.text) == (200, True)
        port = address.rsplit(":", 1)[1]
        again, other_note = begun(tmp_path, "--port", port)
        assert again.communicate(timeout=60)[0].strip() == address
        assert (again.returncode, other_note.read_text()) == (0, address)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert note.read_text() == address
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_it_opens_the_console_of_a_service_that_runs_elsewhere(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "0") as (_, address):
        process, note = begun(tmp_path, "--service", address)
        process.communicate(timeout=60)
    assert (process.returncode, note.read_text()) == (0, address)


def test_where_no_service_is_it_says_so(tmp_path: Path) -> None:
    process, note = begun(tmp_path, "--service", "http://127.0.0.1:9")
    told = process.communicate(timeout=60)[1]
    assert (process.returncode, note.read_text()) == (108, "")
    assert "cannot be reached" in told


def test_a_checkout_without_pages_says_how_to_build_them(tmp_path: Path) -> None:
    from facefusion.errors import OptionsError

    assert not is_built(tmp_path)
    with pytest.raises(OptionsError, match="make console"):
        check_built(tmp_path)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks the kernel of Linux")
def test_a_service_of_another_user_of_the_machine_is_not_taken_for_ones_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert listening_users(port) == {os.getuid()}
        ui._check_own(port)
        line = f"0: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4711 0 99 1\n"
        (tmp_path / "tcp").write_text(f"sl\n{line}")
        monkeypatch.setattr(local, "_TABLES", (tmp_path / "tcp", tmp_path / "none"))
        assert listening_users(port) == {4711}
        with pytest.raises(OptionsError, match="another user"):
            ui._check_own(port)
