"""Graphics cards of worker processes: whole, in MIG instances, or shared by their memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from workshop import Shop

from facefusion.errors import OptionsError
from facefusion.jobs import pool as pool_module
from facefusion.jobs.child import Spec
from facefusion.jobs.devices import Card, device_shares, visible, with_devices
from facefusion.jobs.pool import LocalPool
from facefusion.options import load_options, load_serving

GIB = 1 << 30
OPTIONS = load_options({}, environment={})
LIMITED = load_options({"max_device_memory": 6}, environment={})


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("0", Card("0")),
        ("12:0.25", Card("12", 0.25)),
        ("0:.5", Card("0", 0.5)),
        ("1:1", Card("1", 1.0)),
        ("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", Card("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6")),
        ("MIG-GPU-8932f937/1/0:0.5", Card("MIG-GPU-8932f937/1/0", 0.5)),
        ("MIG-9f2a:0.5", Card("MIG-9f2a", 0.5)),
    ],
)
def test_cards_have_the_names_that_cuda_gives_them(text: str, card: Card) -> None:
    [given] = load_serving({"devices": text}, environment={}).worker.devices
    assert Card.parse(given) == card


NONE = ["cuda:0", "gpu", "0:0", "0:1.5", "0:half", "0:", "-1", "0:nan", "0:50%", "GPU 1", ":1"]


@pytest.mark.parametrize("text", NONE)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(OptionsError, match=r"Option devices: .* is no card such as 0"):
        load_serving({"devices": text}, environment={})


def test_workers_share_cards_by_turns_and_parts() -> None:
    assert device_shares(("0:0.5", "1:0.5"), 4) == [("0:0.5",), ("1:0.5",), ("0:0.5",), ("1:0.5",)]
    assert device_shares(("0:0.25", "0:0.75"), 2) == [("0:0.25",), ("0:0.75",)]
    assert device_shares(("MIG-a", "MIG-b"), 2) == [("MIG-a",), ("MIG-b",)]
    assert visible(("0:0.5",)) == {"CUDA_VISIBLE_DEVICES": "0"}
    assert visible(("2:0.5", "3")) == {"CUDA_VISIBLE_DEVICES": "2,3"}


@pytest.mark.parametrize(
    ("devices", "workers", "says"),
    [
        (("0:0.5",), 3, "Of card 0 1.5 times its memory is given out, to 3 workers"),
        (("0:0.7", "0:0.7"), 2, "Of card 0 1.4 times"),
        (("0", "0:0.5"), 2, "Card 0 is given out whole and in parts"),
        (("0:0.5", "0:0.5"), 1, "one card twice"),
        (("MIG-a", "MIG-b"), 1, "one MIG instance alone"),
        (("MIG-a", "MIG-b", "MIG-c"), 2, "with --workers 2 or more"),
    ],
)
def test_what_no_driver_gives_is_refused(devices: tuple[str, ...], workers: int, says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        device_shares(devices, workers)


@pytest.mark.parametrize(
    ("options", "share", "memory", "limit"),
    [
        (OPTIONS, ("0:0.5",), [24], 12.0),
        (LIMITED, ("0:0.5",), [24], 6.0),
        (LIMITED, ("0:0.5",), [8], 4.0),
        (OPTIONS, ("0:0.5", "1:0.25"), [24, 24], 6.0),
        (OPTIONS, ("0", "1:0.25"), [24, 80], 20.0),
    ],
)
def test_a_share_is_one_of_the_memory_that_the_card_has(options: Any, share: Any, memory: Any, limit: float) -> None:
    """Cards are counted as the process sees them."""
    runtime = with_devices(options, share, lambda number: memory[number] * GIB).runtime
    assert runtime.max_device_memory == limit
    assert runtime.execution_device_id == tuple(range(len(share)))


def test_a_share_of_what_nobody_knows_or_of_too_little_is_refused() -> None:
    with pytest.raises(OptionsError, match="How much memory card GPU-1f has is not known"):
        with_devices(OPTIONS, ("GPU-1f:0.5",), lambda number: None)
    with pytest.raises(OptionsError, match=r"0\.1 of card 0 is 0\.80 GiB"):
        with_devices(OPTIONS, ("0:0.1",), lambda number: 8 * GIB)
    assert with_devices(OPTIONS, ("0",), lambda number: pytest.fail("nobody asked")) is OPTIONS


def test_each_process_of_a_pool_begins_with_its_cards_in_sight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun = []

    class Process:
        def __init__(self, command: Any, *, env: dict[str, str], **_: Any) -> None:
            self.stdin, self.pid = (tmp_path / f"{len(begun)}").open("wb"), len(begun)
            begun.append((env, tmp_path / f"{len(begun)}"))

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(pool_module.subprocess, "Popen", Process)
    serving = load_serving({"workers": 3, "devices": "0:0.5,MIG-9f2a"}, environment={})
    with LocalPool(OPTIONS, serving).running():
        pass
    assert [env["CUDA_VISIBLE_DEVICES"] for env, _ in begun[:3]] == ["0", "MIG-9f2a", "0"]
    told = [Spec.of_line(path.read_bytes().splitlines()[0]) for _, path in begun[:3]]
    assert [spec.devices for spec in told] == [("0:0.5",), ("MIG-9f2a",), ("0:0.5",)]
    assert all(spec.options == OPTIONS for spec in told), "what a share is of is found out where the card is seen"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Celery forks its processes")
def test_forked_processes_see_their_own_cards_and_nobody_looked_before(tmp_path: Path) -> None:
    """A driver that was asked before a fork is lost for the child: by then nobody has asked it or loaded a network."""
    pytest.importorskip("celery")
    shop = Shop.at(tmp_path / "shop")
    command = [sys.executable, "-c", _FORKING]
    variables = shop.variables(broker="redis://127.0.0.1:1/0", workers=3, devices="0:0.5,1")
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, *children = map(json.loads, done.stdout.splitlines())
    assert before == []
    assert children == [["0", 12.0], ["1", None], ["0", 12.0]]
    shop.engine.dispose()


def test_a_single_worker_sees_its_card_before_anything_looks_for_one(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "shop")
    done = subprocess.run(
        [sys.executable, "-c", _SINGLE],
        env=shop.variables(devices="MIG-9f2a:0.5"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["MIG-9f2a", False], ["MIG-9f2a", 12.0]]
    shop.engine.dispose()


_COMMON = """
import json, os, sys
from facefusion.options import load_options, load_serving

def stand_in(looked):
    from facefusion.inference import device_memory, execution
    device_memory.cuda_memory = execution.device_memory = lambda card: looked.append("card") or 24 << 30
"""
_FORKING = (
    _COMMON
    + """
import onnxruntime
from facefusion.jobs.celery import serving

looked = []
stand_in(looked)
onnxruntime.InferenceSession = onnxruntime.preload_dlls = lambda *_, **__: looked.append("runtime")

def forking(broker, database, build, *, name, children, drain_seconds, place=None):
    print(json.dumps(looked), flush=True)
    for number in range(children):
        child = os.fork()
        if not child:
            serving.open_worker = lambda options, _: print(
                json.dumps([os.environ["CUDA_VISIBLE_DEVICES"], options.runtime.max_device_memory]), flush=True
            )
            serving.WorkerRunner = lambda worker: None
            build(number)
            os._exit(0)
        os.waitpid(child, 0)
    return 0

serving.run_worker = forking
sys.exit(serving.serve(load_options({}), load_serving({})))
"""
)
_SINGLE = (
    _COMMON
    + """
import argparse
from facefusion.cli.commands import worker as command
from facefusion.jobs import devices, opening

told, real = [], devices.with_devices

def seen(options, share):
    told.append([os.environ["CUDA_VISIBLE_DEVICES"], "onnxruntime" in sys.modules])
    stand_in([])
    return real(options, share)

class Opened(Exception):
    pass

def opened(options, serving):
    told.append([os.environ["CUDA_VISIBLE_DEVICES"], options.runtime.max_device_memory])
    raise Opened

devices.with_devices, opening.open_worker = seen, opened
try:
    command._one(load_options({}), load_serving({}), None)
except Opened:
    print(json.dumps(told))
"""
)
