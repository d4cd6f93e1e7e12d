"""How images are made and pinned: what can be tested without an engine for containers."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "deploy" / "images"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
A, B = "a" * 64, "b" * 64


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


rootfs, pin = loaded(IMAGES / "rootfs.py"), loaded(IMAGES / "pin.py")


def test_there_is_a_target_for_each_kind_of_machine_and_a_lock_for_each() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)
    assert {"cpu", "cuda", "tensorrt", "openvino"} <= set(stages)
    assert stages[-1] == "cpu"
    for lock in re.findall(r"requirements/\S+?\.txt", DOCKERFILE):
        assert (ROOT / lock).is_file()
    assert all(
        "--require-hashes" in line for line in DOCKERFILE.splitlines() if "pip install" in line and ".txt" in line
    )


def test_what_the_build_copies_is_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY ((?!--from)[^\n]+) \S+$", DOCKERFILE, re.MULTILINE)
    for name in " ".join(copied).split():
        parts = Path(name).parts
        assert any("/".join(parts[:depth]) in let_in for depth in range(1, len(parts) + 1)), name


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text()
    return set(re.findall(r"^[^\s\\]+==[^\s\\]+", text, re.MULTILINE))


@pytest.mark.parametrize(
    "name", ["build.txt", "image.txt", "image-cuda.txt", "image-openvino.txt", "image-tensorrt.txt"]
)
def test_images_hold_the_versions_that_are_tested(name: str) -> None:
    accelerators = re.compile(r"(nvidia|onnxruntime|tensorrt)-.*")
    assert {entry for entry in locked(name) if not accelerators.fullmatch(entry)} <= locked("dev.txt")
    needed = (
        {entry for entry in locked("runtime.txt") if not entry.startswith("onnxruntime==")}
        - locked("build.txt")
        - {entry for entry in locked("dev.txt") if entry.startswith("editables==")}
    )
    assert name == "build.txt" or needed <= locked(name)


@pytest.mark.parametrize("name", ["image.txt", "image-cuda.txt", "image-openvino.txt", "image-tensorrt.txt"])
def test_images_hold_what_the_service_needs(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        line for extra in ("service", "celery", "postgresql", "s3") for line in project["optional-dependencies"][extra]
    ]
    wanted = {re.split(r"[\[<>=;! ]", line)[0].lower() for line in (*project["dependencies"], *extras)}
    assert wanted - {"onnxruntime"} <= {entry.split("==")[0] for entry in locked(name)}


ROWS = [
    ["program", "libmain (>= 2), debconf (>= 0.5) | debconf-2.0, sh", ""],
    ["libmain:amd64", "libc6:any (>= 2.36), data | other-data", "libold (= 1)"],
    ["libc6:amd64", "", ""],
    ["other-data", "", ""],
    ["dash", "", "sh"],
    ["debconf", "perl-base", "debconf-2.0"],
    ["perl-base", "", ""],
    ["unrelated", "libold", ""],
]


def test_a_program_comes_with_what_it_needs_and_no_tools() -> None:
    packages = rootfs.by_name(ROWS)
    assert [each.name for each in rootfs.closure(["program"], packages)] == [
        "libc6:amd64",
        "libmain:amd64",
        "other-data",
        "program",
    ]
    assert [each.name for each in rootfs.closure(["unrelated"], packages)][-1] == "unrelated"
    assert packages["libold"].name == "libmain:amd64"


@pytest.mark.parametrize(
    ("path", "is_left_out"),
    [
        ("/usr/share/doc/tini/copyright", False),
        ("/usr/share/doc/tini/changelog.gz", True),
        ("/usr/share/man/man1/tini.1.gz", True),
        ("/usr/bin/tini", False),
        ("/usr/bin/python3.11", False),
        ("/sbin/ldconfig", True),
        ("/usr/bin/ldd", True),
        ("/usr/share/zoneinfo/UTC", False),
    ],
)
def test_licences_stay_and_manuals_do_not(path: str, is_left_out: bool) -> None:
    assert bool(rootfs.LEFT_OUT.search(path)) is is_left_out


def test_copies_keep_links_and_lose_what_makes_another_user(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "program").write_text("x")
    (source / "program").chmod(0o4755)
    (source / "link").symlink_to("program")
    for name in ("program", "link"):
        rootfs.copy(source / name, target)
    copied = target / source.relative_to("/")
    assert (copied / "program").stat().st_mode & 0o7777 == 0o755
    assert (copied / "link").readlink() == Path("program")


@pytest.mark.parametrize("secrets", [(), ("ca", "pip", "npm")])
def test_the_build_takes_authority_and_mirrors_where_they_are_given(secrets: tuple[str, ...], tmp_path: Path) -> None:
    for name in secrets:
        (tmp_path / name).write_text("x")
    environment = {
        "PATH": os.environ["PATH"],
        "SECRETS": str(tmp_path),
        "PIP_INDEX_URL": "",
        "NPM_REGISTRY": "https://npm.example.com",
    }
    show = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    seen = json.loads(subprocess.check_output([IMAGES / "behind", *show], env=environment, text=True))
    assert seen["NPM_CONFIG_REGISTRY"] == "https://npm.example.com"
    assert "PIP_INDEX_URL" not in seen
    expected = {"ca": "PIP_CERT", "pip": "PIP_CONFIG_FILE", "npm": "NPM_CONFIG_USERCONFIG"}
    assert {name for name, variable in expected.items() if variable in seen} == set(secrets)


ENGINE = """#!{python}
import json, os, sys
log = open({log!r}, "a"); log.write(" ".join(sys.argv[1:]) + "\\n")
verb = sys.argv[1]
if verb == "image":
    image = sys.argv[3]
    digests = [] if image.startswith("facefusion") else [image.rsplit(":", 1)[0] + "@sha256:{b}"]
    print(json.dumps([{{"Id": "sha256:{a}", "RepoDigests": digests}}]))
if verb == "save":
    open(sys.argv[sys.argv.index("--output") + 1], "w").write("archive")
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A program that answers as docker does, and notes what it was asked."""
    path = tmp_path / "engine"
    path.write_text(ENGINE.format(python=sys.executable, log=str(tmp_path / "asked"), a=A, b=B))
    path.chmod(0o755)
    return path


def run(engine: Path, *arguments: str) -> str | None:
    environment = engine.with_name("env")
    message: str | None = pin.main([*arguments, "--env", str(environment), "--engine", str(engine)])
    return message


def test_images_are_pinned_by_digest_and_other_lines_stay(engine: Path, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("WORKERS=2\nPROXY_IMAGE=nginx:latest\n")
    assert "PROXY_IMAGE" in str(run(engine, "check"))
    assert run(engine, "resolve") is None
    images = pin.read(tmp_path / "env")
    assert images["FACEFUSION_IMAGE"] == f"sha256:{A}"
    assert images["POSTGRESQL_IMAGE"] == f"postgres@sha256:{B}"
    assert (tmp_path / "env").read_text().startswith("WORKERS=2\n")
    assert run(engine, "check") is None
    assert "pull --quiet postgres:" in (tmp_path / "asked").read_text()


@pytest.mark.parametrize(
    "content", ["", "PROXY_IMAGE=nginx:1.28\n", "PROXY_IMAGE=nginx\n", f"PROXY_IMAGE=nginx@sha256:{A[:63]}\n"]
)
def test_what_is_not_pinned_is_refused(content: str, engine: Path, tmp_path: Path) -> None:
    (tmp_path / "env").write_text(content)
    assert "Run pin.py resolve" in str(run(engine, "check"))
    assert "Run pin.py resolve" in str(run(engine, "save", str(tmp_path / "carried")))


def test_images_are_carried_whole_or_not_at_all(engine: Path, tmp_path: Path) -> None:
    run(engine, "resolve")
    folder = tmp_path / "carried"
    assert run(engine, "save", str(folder)) is None
    (tmp_path / "env").unlink()
    assert run(engine, "load", str(folder)) is None
    assert set(pin.read(tmp_path / "env").values()) == {f"sha256:{A}"}
    assert run(engine, "check") is None
    with (folder / "images.tar").open("a") as archive:
        archive.write("more")
    assert "Not as it was saved: images.tar" in str(run(engine, "load", str(folder)))
    assert "no images" in str(run(engine, "load", str(tmp_path / "elsewhere")))


def test_an_archive_with_other_images_is_refused(engine: Path, tmp_path: Path) -> None:
    run(engine, "resolve")
    folder = tmp_path / "carried"
    run(engine, "save", str(folder))
    engine.write_text(engine.read_text().replace(A, B))
    assert "other images than the list" in str(run(engine, "load", str(folder)))


def test_an_engine_that_is_missing_is_told(tmp_path: Path) -> None:
    message = pin.main(["resolve", "--env", str(tmp_path / "env"), "--engine", str(tmp_path / "none")])
    assert "--engine" in str(message)


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v1/health/ready" else 404)
            self.end_headers()
            self.wfile.write(b"words")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_check_of_health_tells_a_service_that_can_work(status: int, code: int) -> None:
    with answering(status) as port:
        done = subprocess.run(
            [sys.executable, IMAGES / "health.py", str(port)], capture_output=True, text=True, check=False
        )
    assert done.returncode == code
    assert ("503 words" in done.stderr) is bool(code)


def test_a_service_that_is_not_there_is_not_well() -> None:
    done = subprocess.run([sys.executable, IMAGES / "health.py", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Nobody answers" in done.stderr
