"""Jobs in the slots of one worker go through a network together, and what each publishes is what it publishes alone.

Cards are stubs that compute on the CPU, beneath the runners, as ONNX Runtime would on cards.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from workshop import DEADLINE, TENANT, Shop, environment, until

from facefusion.inference.joining import Joint, Request
from facefusion.inference.providers import PROVIDERS
from facefusion.inference.runner import Runner
from facefusion.inference.verdict import Verdicts
from facefusion.jobs.values import Job
from facefusion.jobs.work.bench import Bench
from facefusion.options import load_options
from generated.builder import Shelf
from generated.face_recogniser import arcface
from generated.face_swapper import embedding_swapper
from generated.installed import install
from material import ASTRONAUT, CAPTAIN, read, read_clip, write_clip

REAL = onnxruntime.InferenceSession
CUDA = PROVIDERS["cuda"].runtime_name
SIDE = 128
FRAMES = 16
BATCH = 4
CARD = {"execution_providers": "cuda", "execution_batch_size": BATCH}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A swapper of the user's own."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put("own_arcface", "face_recogniser", "arcface", arcface())
    swapper = embedding_swapper(SIDE, matrix=True)
    shelf.put("own", "face_swapper", "inswapper", swapper, requires=("own_arcface",))
    return {**install(shelf), "face_swapper_model": "own"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(FRAMES)]
    return write_clip(tmp_path_factory.mktemp("clips") / "moving.mp4", views)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.at(tmp_path / "shop")
    yield shop
    shop.engine.dispose()


class Cards:
    """Counts the crops in each run of the swapper; can have nobody run it before two whole batches wait for it."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.sizes: list[int] = []
        self.waits = False
        self.open = threading.Event()
        self.open.set()
        patch.setattr(Joint, "_is_next", self._held(Joint._is_next))
        patch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, "CPUExecutionProvider"])
        patch.setattr(onnxruntime, "InferenceSession", self._opened)
        patch.setattr(Verdicts, "way", lambda verdicts, small, trial: trial.ways[0])
        patch.setattr(Runner, "_run_bound", lambda runner, outputs, feeds: runner._session.run(outputs, feeds))
        patch.setattr("facefusion.inference.execution.cache_folder", lambda: folder / "cache")

    def _opened(self, file: Any, options: Any, *, providers: Any, enable_fallback: Any) -> Any:
        return _Network(self, REAL(file, options, providers=["CPUExecutionProvider"]), providers[0][0])

    def _held(self, is_next: Any) -> Any:
        def held(joint: Joint, request: Request, places: int) -> bool:
            if self.waits and "target" in request.inputs:
                if sum(each.count == BATCH for each in joint._waiting) < 2:
                    return False
                self.waits = False
                joint._changed.notify_all()
            return bool(is_next(joint, request, places))

        return held


class _Network:
    def __init__(self, cards: Cards, session: Any, provider: str) -> None:
        self._cards, self._session, self._provider = cards, session, provider
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def get_providers(self) -> list[str]:
        return [self._provider]

    def run(self, outputs: Any, feeds: Any) -> Any:
        shape = np.shape(feeds.get("target"))
        if shape[1:] == (3, SIDE, SIDE):
            self._cards.sizes.append(shape[0])
            if 2 * BATCH in self._cards.sizes:
                assert self._cards.open.wait(DEADLINE)
        return self._session.run(outputs, feeds)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cards:
    return Cards(monkeypatch, tmp_path)


def bench(shop: Shop, models: dict[str, Any], **values: Any) -> Bench:
    """A worker's, whose place has the swapper; two of its jobs run at once and begin at one moment."""
    options = load_options({"models_dir": models["models_dir"], **values}, environment=environment())
    made = shop.bench(slots=2)
    together, run = threading.Barrier(2), made.runner

    def runner(options: Any, **further: Any) -> Any:
        together.wait(DEADLINE)
        return run(options, **further)

    return replace(made, options=options, runner=runner)


def submitted(shop: Shop, target: Path, **values: Any) -> Job:
    basics = {"source_paths": [str(CAPTAIN)], "target_path": str(target), "output_path": f"r{target.suffix}"}
    return shop.submit({**basics, "face_swapper_model": "own", **values})


def published(shop: Shop, made: Bench, *jobs: Job) -> list[bytes]:
    with shop.working(shop.worker(made)):
        for job in jobs:
            assert shop.finished(job).state == "succeeded", shop.job(job).failure
    return [shop.output(job) for job in jobs]


def undisturbed(shop: Shop, made: Bench, job: Job) -> bytes:
    """What a worker of its own publishes of a job."""
    alone = replace(made, runner=shop.bench().runner, warm=type(made.warm)())
    return published(shop, alone, job)[0]


def test_two_jobs_share_a_card_and_publish_what_each_publishes_alone(
    shop: Shop, models: dict[str, Any], clip: Path, cards: Cards
) -> None:
    made = bench(shop, models, **CARD)
    alone = undisturbed(shop, made, submitted(shop, clip))
    assert (sum(cards.sizes), max(cards.sizes)) == (FRAMES, BATCH)
    cards.waits = True
    jobs = [submitted(shop, clip) for _ in range(2)]
    assert published(shop, made, *jobs) == [alone, alone]
    assert 2 * BATCH in cards.sizes


def test_on_the_cpu_jobs_share_nothing_unless_it_is_asked_for(
    shop: Shop, models: dict[str, Any], clip: Path, cards: Cards
) -> None:
    cpu = {"execution_providers": "cpu", "execution_batch_size": BATCH}
    alone = undisturbed(shop, bench(shop, models, **cpu), submitted(shop, clip))
    jobs = [submitted(shop, clip) for _ in range(2)]
    assert published(shop, bench(shop, models, **cpu), *jobs) == [alone, alone]
    assert max(cards.sizes) == BATCH
    cards.waits = True
    jobs = [submitted(shop, clip) for _ in range(2)]
    path = shop.folder / "alone.mp4"
    path.write_bytes(alone)
    wanted = read_clip(path)
    for number, output in enumerate(published(shop, bench(shop, models, **cpu, share_batches="on"), *jobs)):
        other = shop.folder / f"on{number}.mp4"
        other.write_bytes(output)
        for one, two in zip(wanted, read_clip(other), strict=True):
            assert np.abs(one.astype(int) - two.astype(int)).max() <= 2
    assert 2 * BATCH in cards.sizes


def test_a_job_that_is_cancelled_takes_nothing_from_the_one_beside_it(
    shop: Shop, models: dict[str, Any], clip: Path, cards: Cards
) -> None:
    made = bench(shop, models, **CARD)
    alone = undisturbed(shop, made, submitted(shop, clip))
    cards.waits = True
    cards.open.clear()
    kept, gone = submitted(shop, clip), submitted(shop, clip, blend_ratio=0.9)
    run, cancels = made.runner, {}

    def runner(options: Any, *, cancel: threading.Event, **further: Any) -> Any:
        cancels[options.face_swapper.blend_ratio] = cancel
        return run(options, cancel=cancel, **further)

    with shop.working(shop.worker(replace(made, runner=runner))):
        until(lambda: 2 * BATCH in cards.sizes, "they share")
        shop.board.cancel(gone.id, tenant=TENANT)
        until(cancels[0.9].is_set, "the worker hears of it")
        cards.open.set()
        assert shop.finished(kept).state == "succeeded"
    assert shop.output(kept) == alone
    assert shop.job(gone).state == "cancelled"
