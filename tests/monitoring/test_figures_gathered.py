"""Processes gather figures in one folder: sums hold when one of them is replaced, and files stay few."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from facefusion.errors import JobsUnavailableError, OptionsError
from facefusion.telemetry import catalogue
from facefusion.telemetry.exposition import Figure, Shown, exposed
from facefusion.telemetry.gathering import gathered_in, is_gathered
from facefusion.telemetry.listening import address_of, listening

COUNTING = """
import sys
from facefusion.telemetry import catalogue
from facefusion.telemetry.recording import Recorded
recorder = Recorded()
recorder.add(catalogue.FRAMES, amount=5)
recorder.add(catalogue.TASKS_RUNNING, "whole")
recorder.observe(catalogue.TASK_SECONDS, 2.0, "whole")
print("counted", flush=True)
sys.stdin.read()
"""


class Away:
    """A source that cannot be asked."""

    name = "queue"

    def figures(self) -> list[Figure]:
        raise JobsUnavailableError("The database of jobs cannot be used")


class Broken:
    """A source with a bug."""

    name = "service"

    def figures(self) -> list[Figure]:
        raise KeyError("nobody foresaw this")


class Well:
    """A source of a figure."""

    name = "machine"

    def figures(self) -> list[Figure]:
        return [Figure(catalogue.CORES, {(): 3}), Figure(catalogue.DISK, {("scratch",): 7.0})]


def counting() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None and process.stdout.readline() == "counted\n"
    return process


def shown(address: str) -> dict[tuple[str, ...], float]:
    text = httpx.get(f"http://{address}/metrics", trust_env=False).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_sums_hold_when_processes_come_and_go(tmp_path: Path) -> None:
    assert not is_gathered()
    with gathered_in(tmp_path), listening("127.0.0.1", 0) as listener, exposed(listener, Shown(tmp_path, [])):
        assert is_gathered()
        stays, address = counting(), address_of(listener)
        for number in range(3):
            goes = counting()
            seen = shown(address)
            assert seen["facefusion_frames_total",] == 5 * (number + 2)
            assert seen["facefusion_tasks_running", "whole"] == 2
            goes.communicate()
            seen = shown(address)
            assert seen["facefusion_frames_total",] == 5 * (number + 2), "what it had counted stays"
            assert seen["facefusion_tasks_running", "whole"] == 1, "what it was doing does not"
            assert seen["facefusion_task_seconds_count", "whole"] == number + 2
            assert seen["facefusion_task_seconds_sum", "whole"] == 2.0 * (number + 2)
            assert len(list(tmp_path.glob("*.db"))) == 5, "three of who is there, two of all who are gone"
        stays.communicate()
        assert shown(address)["facefusion_frames_total",] == 20
    assert not is_gathered()


def test_a_source_that_fails_costs_no_other(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as listener, exposed(listener, Shown(tmp_path, [Away(), Well(), Broken()])):
        address = address_of(listener)
        seen = shown(address)
        up = {key[1]: value for key, value in seen.items() if key[0] == "facefusion_source_up"}
        assert up == {"queue": 0, "machine": 1, "service": 0}
        assert seen["facefusion_cpu_cores",] == 3 and seen["facefusion_disk_bytes", "scratch"] == 7
        assert httpx.get(f"http://{address}/", trust_env=False).status_code == 404
        assert httpx.post(f"http://{address}/metrics", trust_env=False).status_code == 404


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(OptionsError, match="taken by another program") as told:
            listening("127.0.0.1", port, option="metrics-")
    assert "--metrics-port" in told.value.hint
