"""Requests and jobs have names by which all that is logged of them is found; whatever comes from outside is bounded."""

from __future__ import annotations

import io
import json
import logging

import pytest
from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.origin import origin_now, request_of, trace_of
from facefusion.jobs.values import NewJob
from facefusion.telemetry.ids import known_as, log_ids, request_id
from facefusion.telemetry.otlp import traces_address
from facefusion.telemetry.traceparent import TraceParent
from facefusion.trust.privacy.logs import PrivateFormatter, Redactor

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "text",
    [
        *("", "nonsense", PARENT[:-1], PARENT.upper(), f"ff{PARENT[2:]}", f"{PARENT}-more", f"{PARENT}\n"),
        *(PARENT.replace(TRACE, "0" * 32), PARENT.replace("00f067aa0ba902b7", "0" * 16), "00-" + "é" * 52),
    ],
)
def test_a_malformed_trace_is_none(text: str) -> None:
    assert TraceParent.parse(text) is None


def test_a_trace_is_read_and_written() -> None:
    found = TraceParent.parse(PARENT)
    assert found is not None and found.is_sampled and str(found) == PARENT
    later = TraceParent.parse(f"01{PARENT[2:-2]}00-what-comes-later")
    assert later is not None and not later.is_sampled


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("render-0042", True),
        ("0af7651916cd43dd8448eb211c80319c", True),
        *(
            (text, False)
            for text in ("", "short", "x" * 65, "a b c d e f g", "evil\nline-of-log", "../../etc/passwd", None)
        ),
    ],
)
def test_a_name_of_a_request_is_a_plain_word(given: str | None, is_taken: bool) -> None:
    assert (request_id(given) == given) is is_taken
    assert 8 <= len(request_id(given)) <= 64


def test_lines_say_what_they_are_about() -> None:
    stream, logger = io.StringIO(), logging.Logger("facefusion.test", logging.INFO)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PrivateFormatter(Redactor(bytes(32))))
    logger.addHandler(handler)
    with known_as(request="render-0042", place=TraceParent.parse(PARENT)):
        logger.info("it was asked for")
        with known_as(job="a" * 32, task="segment-3"):
            logger.info("it is done")
    logger.info("nothing is known")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["request"], first["trace"], "job" in first) == ("render-0042", TRACE, False)
    assert (second["request"], second["job"], second["task"]) == ("render-0042", "a" * 32, "segment-3")
    assert set(third) == {"time", "level", "logger", "message"}
    assert log_ids() == {}


def test_a_job_keeps_by_what_it_came(jobs_engine: Engine) -> None:
    board = JobBoard(jobs_engine)
    with known_as(request="render-0042", place=TraceParent.parse(PARENT)):
        job = board.submit(NewJob("film", owner="ada", request={}, origin=origin_now()))
    job = board.job(job.id, tenant="film")
    assert request_of(job) == "render-0042" and str(trace_of(job, 0.0)) == PARENT
    other = board.submit(NewJob("film", owner="ada", request={}, origin=origin_now()))
    assert other.origin is None and request_of(other) is None
    own = trace_of(other, 1.0)
    assert own.trace == other.id and own.is_sampled and own == trace_of(other, 1.0)
    assert not trace_of(other, 0.0).is_sampled


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        ("https://traces.example.com/otlp/v1/traces", "https://traces.example.com/otlp/v1/traces"),
    ],
)
def test_an_address_without_a_path_gets_that_of_the_protocol(given: str, sent: str) -> None:
    assert traces_address(given) == sent
