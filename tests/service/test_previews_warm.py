"""Previews: models stay loaded from one to the next, and nothing of anybody's picture does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from api_server import ADA, EVE, Served, served
from numpy.testing import assert_array_equal
from PIL import Image

from facefusion.inference import session
from facefusion.service.warm import WarmEngine
from material import ASTRONAUT, CAPTAIN


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as here:
        yield here


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Which networks were loaded."""
    opened, open_runner = [], session.open_runner

    def noted(*given: Any, **more: Any) -> Any:
        opened.append(given)
        return open_runner(*given, **more)

    monkeypatch.setattr(session, "open_runner", noted)
    return opened


def sent(client: httpx.Client, path: Path) -> str:
    return f"upload:{client.post('/v1/uploads?name=face.png', content=path.read_bytes()).json()['id']}"


def seen(client: httpx.Client, source: str, target: str) -> Any:
    answer = client.post("/v1/previews", json={"sources": [source], "target": target})
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def test_the_second_preview_loads_nothing_and_nobody_sees_anothers(service: Served, loaded: list[Any]) -> None:
    ada, eve = service.client(ADA), service.client(EVE)
    hers, theirs = [[sent(who, path) for path in (ASTRONAUT, CAPTAIN)] for who in (ada, eve)]
    first = seen(ada, *hers)
    count = len(loaded)
    assert count > 0
    other = seen(eve, *theirs[::-1])  # by the same names, the other way round
    again = seen(ada, *hers)
    assert len(loaded) == count
    assert_array_equal(again, first)
    assert eve.post("/v1/previews", json={"sources": [hers[0]], "target": theirs[1]}).status_code == 404

    service.parts.warm._parts.clear()
    alone = seen(eve, *theirs[::-1])
    assert len(loaded) > count, "it was made by models that were loaded anew"
    assert_array_equal(alone, other)
    assert other.shape != first.shape or (other != first).any()
    [place] = service.parts.warm._parts._places.values()
    assert place.models is not None and place.models.sessions.kept.used == 0


def test_models_go_when_nobody_needed_them_for_long() -> None:
    now = [0.0]
    warm = WarmEngine(300, clock=lambda: now[0])
    with warm.used() as parts:
        parts._encoders.add("a trace of use")
        now[0] = 1000.0
        warm.cool()
        assert parts._encoders, "somebody is at it"
    now[0] = 1299.0
    warm.cool()
    assert parts._encoders
    now[0] = 1300.0
    warm.cool()
    assert not parts._encoders
