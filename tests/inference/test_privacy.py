"""Nothing leaves the machine, and nothing is written but the output and the records of the place."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTRAITS = ROOT / "examples" / "portraits"


def swap_command(output: Path) -> list[str]:
    pictures = ["-s", PORTRAITS / "grace_hopper.jpg", "-t", PORTRAITS / "astronaut.png", "-o", output]
    return [sys.executable, "-m", "facefusion", *map(str, pictures), "--quiet", "--acknowledge"]


def bare_environment(folder: Path) -> dict[str, str]:
    """Home and temporary folder of our own, and none of the variables that keep telemetry quiet in a CI."""
    places = {name: str(folder / name.lower()) for name in ("HOME", "TMPDIR")}
    for place in places.values():
        Path(place).mkdir()
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **places}


def test_a_job_writes_its_output_and_its_records_and_nothing_else(tmp_path):
    environment = bare_environment(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run(swap_command(work / "out.png"), env=environment, cwd=work, check=True, capture_output=True)
    home = tmp_path / "home"
    known = (home / ".local" / "share" / "facefusion" / "trust", home / ".cache" / "facefusion")  # records; of weights
    written = [path for path in tmp_path.rglob("*") if path.is_file() and not any(map(path.is_relative_to, known))]
    assert [path.name for path in written] == ["out.png"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which shows sockets, is not installed")
def test_a_job_opens_no_socket(tmp_path):
    trace = tmp_path / "trace"
    command = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=socket,connect,sendto",
        "-o",
        str(trace),
        *swap_command(tmp_path / "o.png"),
    ]
    subprocess.run(command, env=bare_environment(tmp_path), cwd=tmp_path, check=True, capture_output=True)
    # AF_UNIX: the system is asked on this machine for the name of the user, who is in the audit log.
    calls = [line for line in trace.read_text().splitlines() if "(" in line and "AF_UNIX" not in line]
    assert calls == []


def test_a_job_imports_no_network_client(tmp_path):
    code = "import sys; from facefusion.cli.main import main; status = main(sys.argv[1:]); " + (
        "sys.exit(status or ' '.join({'httpx', 'httpcore', 'requests', 'urllib3'} & set(sys.modules)) or None)"
    )
    command = [sys.executable, "-c", code, *swap_command(tmp_path / "out.png")[3:]]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("folder", ["src", "models", "benchmarks", "examples"])
def test_onnx_runtime_is_loaded_only_where_its_telemetry_is_switched_off_first(folder):
    importers = {path.name for path in (ROOT / folder).rglob("*.py") if imports_onnx_runtime(path)}
    assert importers <= {"runtime.py"}


def imports_onnx_runtime(path: Path) -> bool:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    return "onnxruntime" in plain | parts
