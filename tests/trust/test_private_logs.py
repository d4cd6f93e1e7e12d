"""Log files tell of no path, face or secret, through every level and in every error."""

from __future__ import annotations

import io
import json
import logging
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.cli.main import main
from facefusion.errors import InputMissingError
from facefusion.trust.privacy.logs import PrivateFormatter, Redactor, log_file_handler
from material import ASTRONAUT, CAPTAIN

PATHS = (
    "/home/ada/Pictures/Ada Lovelace at work.jpg",
    "/srv/uploads/Ada Lovelace",
    "Ada Lovelace/portrait",
    "Ada Lovelace.PNG",
    "~/Ada Lovelace",
    "C:\\Users\\Ada Lovelace\\clip.mp4",
    "\\\\server\\share\\Ada Lovelace",
    "file:///home/Ada Lovelace/a.png",
    "s3://bucket/Ada-Lovelace/clip.mp4",
    "/data/Dr. Lovelace, Ada: portrait; (1843)",
    "/tmp/Ada\nLovelace.jpg",
)
SECRETS = (
    "password=Hunter2Hunter2",
    "api_key: 'Hunter2Hunter2'",
    "Authorization: Bearer Hunter2Hunter2",
    '{"token": "Hunter2Hunter2"}',
    "ghp_Hunter2Hunter2Hunter2Hunter2Hunter20",
    "hf_Hunter2Hunter2Hunter2Hunter2",
    "eyJIdW50ZXIyIjoxfQ.Hunter2Hunter2.Hunter2",
    "postgresql://ada:Hunter2@host/name",
    "https://host/file?sig=Hunter2&x=1",
    "AKIAHunter2Hunter2Hunter2",
    "-----BEGIN PRIVATE KEY-----\nHunter2\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nHunter2",
    "--signing-key Hunter2Hunter2",
    "Hunter2Hunter2Hunter2Hunter2Hunter2Hunter2Hunter2",
)
TRACES = ("Ada", "Lovelace", "Hunter2", "0.12304", "0.45605")
# Longer than the milliseconds of a line's time.
EMBEDDING = np.tile(np.array([0.123046875, -0.4560546875], np.float32), 256)
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


@pytest.fixture
def log():
    """A logger that writes into a text, and that text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PrivateFormatter(Redactor(bytes(32))))
    logger = logging.Logger("facefusion.test", logging.DEBUG)
    logger.addHandler(handler)
    return logger, stream


def clean(stream):
    text = stream.getvalue()
    assert [trace for trace in TRACES if trace in text] == []
    return [json.loads(line) for line in text.splitlines()]


@dataclass
class Holder:
    planted: object

    def __str__(self):
        return f"Holder of {self.planted}"


WRAPPED = {
    "in a sentence": lambda text: f"Reading {text} now",
    "alone": lambda text: text,
    "quoted": lambda text: f"cannot open '{text}': no such file",
    "at the end": lambda text: f"The file is {text}",
}


@pytest.mark.parametrize("planted", [*PATHS, *SECRETS])
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_planted_is_told_at_any_level(log, planted, level):
    logger, stream = log
    for wrapped in WRAPPED.values():
        logger.log(level, wrapped(planted))
        logger.log(level, "%s", wrapped(planted))
        logger.log(level, "value=%r", wrapped(planted))
        logger.log(level, "%(what)s", {"what": wrapped(planted)})
        logger.log(level, "%s", [wrapped(planted), {"x": wrapped(planted)}])
        logger.log(level, "%s", Holder(wrapped(planted)))
        logger.log(level, wrapped(planted) + " %d", 1)
        logger.log(level, "%d", wrapped(planted))
        logger.log(level, "plain", extra={"planted": wrapped(planted)}, stack_info=True)
        logger.log(level, Holder(wrapped(planted)))
    assert len(clean(stream)) == 10 * len(WRAPPED)


@pytest.mark.parametrize("planted", [*PATHS, *SECRETS])
def test_nothing_planted_is_told_by_an_error(log, planted):
    logger, stream = log

    def fail():
        try:
            raise FileNotFoundError(2, "No such file", planted)
        except OSError as error:
            error.add_note(f"While reading {planted}")
            raise InputMissingError(f"{planted} is not there", f"Look for {planted}") from error

    for wrapped in (
        fail,
        lambda: Path(planted.replace("\0", "")).read_bytes(),
        lambda: {}[planted],
        lambda: int(planted),
    ):
        try:
            wrapped()
        except Exception:
            logger.exception("It failed with %s", planted)
        try:
            wrapped()
        except Exception as error:
            logger.error("It failed: %s", error, exc_info=ExceptionGroup(planted, [error, ValueError(planted)]))
    lines = clean(stream)
    assert [each["type"] for each in lines[0]["error"]] == ["InputMissingError", "FileNotFoundError"]
    assert lines[0]["error"][0]["at"][-1].startswith("test_private_logs.fail:")


@pytest.mark.parametrize(
    "value",
    [
        EMBEDDING,
        EMBEDDING.tolist(),
        tuple(EMBEDDING[:4]),
        EMBEDDING.tobytes(),
        repr(EMBEDDING),
        str(EMBEDDING.tolist()),
        {"embedding": EMBEDDING},
        Holder(EMBEDDING),
        " ".join(map(str, EMBEDDING)),
        memoryview(EMBEDDING.tobytes()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arrays_and_rows_of_numbers_are_left_out(log, value):
    logger, stream = log
    if isinstance(value, tuple):
        value = np.array(value)
    logger.info("The face is %s", value)
    logger.info(value)
    logger.info(f"The face is {value}")
    logger.info("%s %s %s %s %s %s", *([0.123046875, 0.4560546875] * 3))
    clean(stream)


def test_what_is_harmless_stays_readable(log):
    logger, stream = log
    logger.warning("frame %d of %d, %.1f seconds, model %s", 3, 10, 1.5, "scrfd_2.5g")
    logger.info("provider %s took 12/25 of the time", "CUDAExecutionProvider")
    assert [line["message"] for line in clean(stream)] == [
        "frame 3 of 10, 1.5 seconds, model scrfd_2.5g",
        "provider CUDAExecutionProvider took 12/25 of the time",
    ]


def test_a_path_that_was_named_has_one_pseudonym_wherever_it_stands(log):
    redactor = Redactor(bytes(32))
    redactor.add_path(Path("/home/ada/Ada Lovelace.jpg"))
    told = redactor.text("/home/ada/Ada Lovelace.jpg has no face. Ada Lovelace.jpg is small")
    name = told.split(" has")[0]
    assert told == f"{name} has no face. {name} is small"
    assert redactor.value(Path("/home/ada/Ada Lovelace.jpg")) == name
    assert redactor.value(PureWindowsPath("C:\\Ada")).startswith("<path ")
    other = Redactor(bytes(31) + b"x")
    assert other.value(Path("/home/ada/Ada Lovelace.jpg")) != name


def test_a_secret_that_was_named_is_left_out_however_it_looks():
    redactor = Redactor()
    redactor.add_secret("open sesame")
    assert redactor.text("the word is open sesame!") == "the word is <secret>!"


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60), planted=st.sampled_from(["/home/Lovelace", "Lovelace.jpg", "a\\Lovelace"]))
def test_no_text_around_a_path_lets_it_through(text, planted):
    assert "Lovelace" not in Redactor(bytes(32)).text(f"{text}{planted}")


def test_a_long_line_takes_no_long_time():
    redactor = Redactor(bytes(32))
    for part in ("1" * 100_000, "a" * 100_000, "1 2 " * 30_000, "token" * 20_000, "-----BEGIN " * 9_000):
        assert len(redactor.text(part)) < 30_000


def test_the_file_is_for_its_owner_alone_and_is_added_to(tmp_path):
    path = tmp_path / "log.jsonl"
    for number in range(2):
        handler = log_file_handler(path, Redactor())
        handler.emit(logging.LogRecord("facefusion", logging.INFO, "", 0, "line %d", (number,), None))
        handler.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == ["line 0", "line 1"]


def test_the_command_line_keeps_such_a_log(quiet_place, capsys):
    missing = quiet_place / "Ada Lovelace.jpg"
    arguments = ["-s", str(missing), "-t", str(missing), "-o", str(quiet_place / "out.png"), "--log-file", "run.jsonl"]
    assert main(arguments) == InputMissingError.exit_code
    err = capsys.readouterr().err
    assert "Ada Lovelace.jpg" in err and err.count("\n") == 1
    text = (quiet_place / "run.jsonl").read_text()
    assert "Lovelace" not in text and str(quiet_place) not in text
    [line] = map(json.loads, text.splitlines())
    assert line["error"][0]["type"] == "InputMissingError"


def test_whole_jobs_leave_nothing_planted_in_their_log(quiet_place, capsys):
    """At the level that tells most: a job that goes well, one that is refused, one that fails, one that crashes."""
    folder = quiet_place / "Ada Lovelace"
    folder.mkdir()
    for name, portrait in (("source.jpg", CAPTAIN), ("target.png", ASTRONAUT)):
        shutil.copy(portrait, folder / name)
    (folder / "Hunter2.key").write_bytes(b"Hunter2" * 5)
    job = ["-s", str(folder / "source.jpg"), "-t", str(folder / "target.png"), "-o", str(folder / "out.png")]
    job += ["--actor", "Ada Lovelace", "--project", "Ada Lovelace's film", "--trust-dir", str(folder / "trust")]
    log = ["--log-file", "run.jsonl", "--log-level", "debug", "--traceback"]
    assert main([*job, *log]) == 0
    lines = (quiet_place / "run.jsonl").read_text().splitlines()
    assert main([*job, *log, "--no-overwrite"]) != 0
    assert main([*job, *log, "--encrypt-output-key", str(folder / "Hunter2.key")]) != 0
    assert main([*job, *log, "--trust-database", "postgresql://ada:Hunter2@no.such.host/Lovelace"]) != 0
    assert "Ada" in capsys.readouterr().err, "people are told"
    text = (quiet_place / "run.jsonl").read_text()
    assert len(text.splitlines()) > len(lines)
    assert [trace for trace in (*TRACES, str(quiet_place)) if trace in text] == []


def test_a_log_that_cannot_be_written_is_told(quiet_place, capsys):
    assert main(["doctor", "--log-file", str(quiet_place)]) == 31
    assert "--log-file" in capsys.readouterr().err


def test_without_a_log_file_nothing_of_it_is_imported():
    code = "import sys; from facefusion.cli.main import main; main(['--version']); "
    code += "sys.exit('facefusion.trust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
