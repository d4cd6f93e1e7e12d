"""Jobs on cards whose memory is full, or that fail: the work goes on, it is told once, and the result is the same.

The cards are stubs that compute on the CPU, beneath the runners, as ONNX Runtime would on cards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from facefusion.engine.run import run
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.providers import PROVIDERS
from facefusion.inference.runner import Runner
from facefusion.inference.runtime import FAILURES
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.inference.verdict import Verdicts
from facefusion.options import Options
from facefusion.trust.content.active import PRIMARY
from generated.builder import Shelf
from generated.face_enhancer import restorer
from generated.jobs import job_sessions
from material import read_clip, write_clip

REAL = onnxruntime.InferenceSession
CUDA = PROVIDERS["cuda"].runtime_name
SIDE = 152


class Network:
    """A network on a card that holds so many crops at once; a broken one holds none and fails."""

    def __init__(self, session, card, most, sizes):
        self._session, self._card, self._most, self._sizes = session, card, most, sizes
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def get_providers(self):
        return [CUDA, "CPUExecutionProvider"]

    def run(self, outputs, feeds):
        value = next(iter(feeds.values()))
        if value.shape[1:] == (3, SIDE, SIDE):
            if self._most == "broken":
                raise FAILURES[0]("CUDA failure 719: unspecified launch failure")
            if len(value) > self._most:
                raise RuntimeError("CUDA failure 2: out of memory")
            self._sizes.append((self._card, len(value)))
        return self._session.run(outputs, feeds)


@pytest.fixture
def start(tmp_path, quiet_place, monkeypatch, astronaut):
    """Run a job over frames with four faces each; give how many crops each card holds."""
    places = [np.s_[10:266, 60:316]] * 4
    tile = [astronaut[place] for place in places]
    image = np.concatenate([np.concatenate(tile[:2], 1), np.concatenate(tile[2:], 1)], 0)
    clip = write_clip(Path("four.mp4"), [image] * 6)
    shelf = Shelf(tmp_path / "models")
    shelf.folder.mkdir()
    shelf.put(
        *("generated", "face_enhancer", "face_restorer", restorer(SIDE)),
        settings={"size": SIDE, "template": "ffhq_512"},
    )
    job_sessions(shelf)  # puts the bundled models beside it
    monkeypatch.setattr("facefusion.inference.execution.cache_folder", lambda: tmp_path / "cache")

    def sessions(options, **others):
        catalogue = Catalogue([*Catalogue.bundled(), Catalogue.known()[PRIMARY], *shelf.cards])
        return SessionFactory(catalogue=catalogue, store=ModelStore(shelf.folder), runtime=options.runtime, **others)

    monkeypatch.setattr("facefusion.engine.warm.parts.open_sessions", sessions)

    def job(output, **values):
        basics = {"target_path": clip, "output_path": output, "output_video_encoder": "ffv1", "face_detector_tiles": 2}
        enhancer = {"processors": "face_enhancer", "face_enhancer_model": "generated", "face_enhancer_blend": 100}
        return run(Options.parse(basics | enhancer | values)), read_clip(Path(output))

    return job


@pytest.fixture
def cards(monkeypatch):
    """Put cards into the machine; return which of them then took how many crops at once."""

    def put(**most):
        sizes = []

        def opened(file, options, *, providers, enable_fallback):
            name, told = providers[0]
            session = REAL(file, options, providers=["CPUExecutionProvider"])
            if name != CUDA:
                return session
            card = f"card{told['device_id']}"
            return Network(session, card, most[card], sizes)

        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, "CPUExecutionProvider"])
        monkeypatch.setattr(onnxruntime, "InferenceSession", opened)
        monkeypatch.setattr(Verdicts, "way", lambda verdicts, small, trial: trial.ways[0])
        monkeypatch.setattr(Runner, "_run_bound", lambda runner, outputs, feeds: runner._session.run(outputs, feeds))
        return sizes

    return put


def test_a_full_card_takes_fewer_faces_at_once_and_the_result_is_the_same(start, cards):
    expected, before = start("cpu.mkv", execution_providers="cpu")
    sizes = cards(card0=2)
    result, after = start("full.mkv", execution_providers="cuda", execution_batch_size=3)
    assert (result.frames, result.faces) == (expected.frames, expected.faces) == (6, 24)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert {size for _, size in sizes} <= {1, 2}
    assert sum(size for _, size in sizes) == 24
    [note] = [note for note in result.notes if "Memory" in note]
    assert note == "Memory does not hold 4 items at once for model generated; fewer are taken"


def test_two_cards_share_a_job_and_one_that_breaks_leaves_its_part_to_the_other(start, cards):
    _, before = start("cpu.mkv", execution_providers="cpu")
    sizes = cards(card0=32, card1=32)
    both = {"execution_providers": "cuda", "execution_device_id": (0, 1)}
    _, after = start("two.mkv", **both)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert sum(size for _, size in sizes) == 24
    sizes = cards(card0=32, card1="broken")
    result, after = start("one.mkv", **both)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert {card for card, _ in sizes} == {"card0"}
    assert sum("'cuda:1' failed while it ran model generated" in note for note in result.notes) <= 1
