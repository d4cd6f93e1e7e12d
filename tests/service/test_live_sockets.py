"""Live mode over a WebSocket: frames of a camera elsewhere, edited as they come, for one caller at a time."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from api_server import ADA, BOB, EVE, Served, served, until
from live_client import Back, LiveClient, live
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus

from facefusion.client import Client
from facefusion.engine.doors.door import Door
from facefusion.engine.live.session import LiveSession
from facefusion.errors import (
    ConsentRevokedError,
    ContentRefusedError,
    InputTypeError,
    NotAllowedError,
    ResourceUnknownError,
    ServiceUnreachableError,
)
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.media.live.jpeg import JpegFrames, jpeg_of
from facefusion.options import LimitOptions
from facefusion.service.gateway.quotas import TenantRules
from facefusion.service.live import channel, work
from facefusion.service.settings import LiveTimes, ServiceSettings
from facefusion.trust.audit import Wanted
from facefusion.trust.keys import KeyRing
from facefusion.trust.watermark import read_watermark
from material import ASTRONAUT, CAPTAIN, Array

SIDE = 320


def settings(**more: Any) -> ServiceSettings:
    return ServiceSettings(poll_seconds=0.05, heartbeat_seconds=0.2, **more)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("live"), settings=settings()) as here:
        yield here


@pytest.fixture(scope="module")
def source(service: Served) -> str:
    return sent(service, CAPTAIN)


@pytest.fixture(scope="module")
def view(astronaut: Array) -> Array:
    """What a camera sees: one face."""
    return np.asarray(cv2.resize(astronaut[0:320, 60:380], (SIDE, SIDE)), np.uint8)


def sent(service: Served, path: Path, caller: Any = ADA) -> str:
    answer = service.client(caller).post(f"/v1/uploads?name={path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return f"upload:{answer.json()['id']}"


def entries(service: Served, kind: str, **wanted: str) -> list[dict[str, Any]]:
    """What the audit log says of a tenant."""
    found = service.parts.records.audit.entries(Wanted(**{"tenant": "acme", **wanted}))
    return [said for each in found if (said := json.loads(each.body))["kind"] == kind]


def changed(back: Back, view: Array) -> float:
    """How far a frame is from what was sent, over the face, in grey levels."""
    face = np.s_[60:200, 90:230]
    return float(np.abs(back.image[face].astype(int) - view[face]).mean())


def test_frames_come_back_edited_with_what_the_client_said_of_them(service: Served, source: str, view: Array) -> None:
    before = len(entries(service, "streamed"))
    with live(service) as client:
        ready = client.begun(source, id=7)
        assert ready == {"type": "ready", "id": 7, "width": SIDE, "height": SIDE}
        client.send(view, number=41, sent=1234.5)
        first = client.back()
        assert (first.number, first.sent, first.faces) == (41, 1234.5, 1)
        assert first.milliseconds > 0
        assert first.image.shape == view.shape
        assert changed(first, view) > 5
        assert np.abs(first.image[:20].astype(int) - view[:20]).mean() < 4
        client.send(view, number=42)
        assert client.back().number == 42
        figures = client.said("figures", received=2)
        assert (figures["shown"], figures["dropped"], figures["faces"]) == (2, 0, 2)
        assert 0 < figures["latency"] <= figures["latency95"]
    shown = until(lambda: found if len(found := entries(service, "streamed")) == before + 2 else None)
    begun, ended = shown[-2:]
    assert (ended["frames"], ended["faces"]) == (2, 2)
    assert begun["job"] == ended["job"]
    assert len(entries(service, "streamed", actor="user:ada")) == len(shown)


def test_options_of_processors_change_while_it_runs_and_nothing_is_asked_anew(
    service: Served, source: str, view: Array
) -> None:
    with live(service) as client:
        client.begun(source)
        client.send(view)
        whole, before = client.back(), len(entries(service, "admitted"))
        client.begun(source, id=1, options={"blend_ratio": 0.3})
        client.send(view)
        half = client.back()
        assert 0 < changed(half, view) < 0.7 * changed(whole, view)
        client.begun(source, id=2, options={"skin_tone_match": 0})
        client.send(view)
        assert changed(client.back(), view) > changed(whole, view), "it is their own tone"
        client.begun(source, id=3, options={"skin_tone_match": None})
        client.send(view)
        assert changed(client.back(), view) == pytest.approx(changed(whole, view), rel=0.02)
        assert len(entries(service, "admitted")) == before
        client.begun(source, id=4, options={"blend_ratio": 0.3, "face_selector_mode": "one"})
        assert len(entries(service, "admitted")) == before + 1


def test_another_source_is_asked_for_and_what_was_sent_before_goes(service: Served, source: str, view: Array) -> None:
    other = sent(service, ASTRONAUT)
    with live(service) as client:
        client.begun(source)
        client.send(view)
        first, before = client.back(), len(entries(service, "admitted"))
        client.begun(other, id=1)
        client.send(view)
        second = client.back()
        assert len(entries(service, "admitted")) == before + 1
        assert changed(second, view) < changed(first, view), "it is their own face"
        assert service.parts.scratch is not None
        [place] = service.parts.scratch.glob("stage-*")
        assert [path.name for path in place.rglob("*.*") if path.is_file()] == [ASTRONAUT.name]
    until(lambda: not list(service.parts.scratch.glob("stage-*")) or None)


def test_the_newest_frame_wins(service: Served, source: str, view: Array) -> None:
    content = jpeg_of(view, 80)
    with live(service) as client:
        client.begun(source)
        for number in range(40):
            client.send(content, number=number)
        while client.back().number < 39:
            pass
        numbers = [back.number for back in client.shown]
        assert numbers == sorted(set(numbers)) and len(numbers) < 40
        figures = client.said("figures", received=40)
        assert figures["shown"] + figures["dropped"] == 40 and figures["shown"] == len(numbers)


def test_what_is_refused_leaves_in_force_what_held_before(service: Served, source: str, view: Array) -> None:
    theirs = sent(service, CAPTAIN, EVE)
    refused = {
        "ResourceUnknownError": {"sources": [f"upload:{'1' * 32}"]},
        "OptionsError": {"sources": [source], "options": {"output_video_encoder": "libx264"}},
        "StorageAddressError": {"sources": ["s3://bucket/face.png"]},
        "RequestInvalidError": {"sources": [source], "quality": 5},
    }
    with live(service) as client:
        client.begun(source)
        for place, (kind, values) in enumerate(refused.items(), 1):
            client.wish(*values["sources"], **{"id": place, **values, "sources": values["sources"]})
            problem = client.said("error")["problem"]
            assert problem["type"] == f"urn:facefusion:error:{kind}" and problem["detail"], problem
        client.wish(theirs, id=50)
        assert client.said("error", id=50, ends=False)["problem"]["status"] == 404
        for options in ({"policy": "x"}, {"lip": 1}, {"trim_start": "1s"}, {"processors": ["lip_syncer"]}):
            client.wish(source, id=60, options=options)
            assert client.said("error", id=60)["problem"]["status"] == 422
        client.socket.send('{"type": "dance"}')
        assert client.said("error")["problem"]["errors"]
        client.send(view, number=3)
        assert (client.back().number, client.shown[-1].faces) == (3, 1)


def test_a_picture_without_a_face_is_no_source_and_the_page_learns_why(service: Served, tmp_path: Path) -> None:
    path = tmp_path / "sky.png"
    Image.new("RGB", (256, 256), "skyblue").save(path)
    with live(service) as client:
        client.wish(sent(service, path), id=4)
        error = client.said("error", id=4)
        assert error["problem"]["type"].endswith("NoFaceError") and not error["ends"]
        assert "sky.png" in error["problem"]["detail"] and "/" not in error["problem"]["detail"]


def test_frames_that_cannot_be_read_are_told_of_and_too_many_of_them_end_it(service: Served, view: Array) -> None:
    content = jpeg_of(view, 80)
    with live(service) as client:
        client.begun(options={"processors": []})
        for number, broken in enumerate((b"no picture at all", content[:900], b"\x89PNG\r\n\x1a\n" + bytes(64))):
            client.send(broken, number=number)
            error = client.said("error", number=number)
            assert error["problem"]["status"] == 422 and not error["ends"]
        client.send(content, number=9)
        assert client.back().number == 9
        for number in range(10, 20):
            client.send(b"no picture", number=number)
            if number < 19:
                client.said("error", number=number)
        code, problem = client.closed()
        assert code == 1007 and problem is not None and "10 frames" in problem["detail"]


def test_a_picture_that_unpacks_to_gigabytes_is_refused_by_its_header(view: Array) -> None:
    content = bytearray(jpeg_of(view, 80))
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = b"\xff\xdc\xff\xdc"
    for isolate in (False, True):
        frames = JpegFrames(LimitOptions(isolate=isolate))
        try:
            with pytest.raises(Exception, match="65500x65500"):
                frames.decode(bytes(content))
            assert frames.decode(jpeg_of(view, 80)).shape == view.shape
        finally:
            frames.close()


def test_frames_of_another_size_begin_anew(service: Served, source: str, view: Array) -> None:
    upright = np.ascontiguousarray(view[:, 40:280])
    with live(service) as client:
        client.begun(source, width=SIDE, height=SIDE)
        client.send(upright, number=1)
        assert client.said("ready")["width"] == 240
        assert client.back().image.shape == upright.shape
        client.send(view, number=2)  # too soon: it is left out
        client.send(upright, number=3)
        assert client.back().number == 3


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"short", 1007), (bytes(5 << 20), 1009), ("x" * (129 << 10), 1009)],
    ids=["short", "large frame", "long text"],
)
def test_messages_that_are_not_understood_end_it(service: Served, message: bytes | str, code: int) -> None:
    with live(service) as client:
        client.socket.send(message)
        assert client.closed()[0] == code


def test_who_floods_it_is_shown_out(service: Served) -> None:
    with live(service) as client:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(2000):
                client.socket.send("{}")
        code, problem = client.closed()
        assert code == 1008 and problem is not None and problem["status"] == 429


def test_one_for_each_caller_and_so_many_in_all(service: Served) -> None:
    with live(service) as first, live(service, BOB) as second:
        first.begun(options={"processors": []})
        second.begun(options={"processors": []})
        for caller, kind in ((ADA, "RequestBusyError"), (EVE, "OverloadedError")):
            with live(service, caller) as more:
                code, problem = more.closed()
                assert code == 1013 and problem is not None and problem["type"].endswith(kind)

    def let_in() -> dict[str, Any] | None:
        with live(service, EVE) as again, contextlib.suppress(ConnectionClosed):
            return again.begun(options={"processors": []})
        return None

    assert until(let_in)["type"] == "ready"  # the service may still be closing the two


def test_nobody_without_a_key_or_the_scope_gets_in(service: Served) -> None:
    with pytest.raises(InvalidStatus) as refused, live(service, scopes=frozenset({"jobs:read"})):
        pass
    assert refused.value.response.status_code == 403
    assert b"jobs:write" in refused.value.response.body


def test_nothing_else_waits_while_a_frame_is_worked_on(
    service: Served, source: str, view: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, edit = threading.Event(), LiveSession.edit

    def slow(*given: Any) -> Any:
        assert goes_on.wait(60)
        return edit(*given)

    monkeypatch.setattr(LiveSession, "edit", slow)
    with live(service) as client:
        client.begun(source)
        client.send(view)
        other = service.client(BOB)
        assert all(other.get("/v1/uploads").status_code == 200 for _ in range(5))
        client.wish(source, id=5)  # is taken, and waits its turn
        goes_on.set()
        assert client.back().faces == 1
        client.said("ready", id=5)


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Begins services of their own."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(served(tmp_path, **more))


def test_it_ends_with_the_service(ending: Callable[..., Served]) -> None:
    service = ending(settings=settings())
    with live(service) as client:
        client.begun(options={"processors": []})
        service.parts.stopping.set()
        code, problem = client.closed()
        assert code == 1001 and problem is not None and problem["status"] == 503


@pytest.mark.parametrize(
    ("times", "code"),
    [(LiveTimes(first=0.3), 4408), (LiveTimes(idle=0.3), 4408), (LiveTimes(longest=0.5), 1001)],
    ids=["no wish", "no frames", "long enough"],
)
def test_it_ends_when_nothing_comes_or_it_lasts_too_long(
    ending: Callable[..., Served], times: LiveTimes, code: int
) -> None:
    service = ending(settings=settings(live_times=times))
    with live(service) as client:
        if times.idle < 1:
            client.begun(options={"processors": []})
        assert client.closed()[0] == code


def test_frames_bear_the_mark_and_are_decoded_apart_where_that_is_asked_for(
    ending: Callable[..., Served], view: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FACEFUSION_POLICY")
    service = ending(settings=settings(), isolate=True)
    source = sent(service, CAPTAIN)
    large = np.asarray(cv2.resize(view, (640, 640)), np.uint8)
    with live(service) as client:
        client.begun(source, width=640, height=640)
        for number in range(6):
            client.send(large, number=number)
            client.back()
    assert all(back.faces == 1 for back in client.shown)
    luma = [np.asarray(cv2.cvtColor(back.image, cv2.COLOR_RGB2GRAY), np.uint8) for back in client.shown]
    key = KeyRing.open(service.parts.records.home).derived("watermark")
    assert (found := read_watermark(luma, key)) is not None and found.genuine
    streamed = until(lambda: found if len(found := entries(service, "streamed")) == 2 else None)
    assert set(streamed[-1]["marks"]) >= {"watermark"}


def test_content_that_is_refused_ends_it(
    service: Served, source: str, view: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: Any) -> None:
        raise ContentRefusedError("The frame shows what is refused")

    before = len(entries(service, "refused"))
    with live(service) as client:
        client.begun(source)
        monkeypatch.setattr(LiveSession, "edit", refuse)
        client.send(view)
        code, problem = client.closed()
    assert code == 1008 and problem is not None and problem["type"].endswith("ContentRefusedError")
    assert client.shown == []
    assert len(entries(service, "refused")) == before + 1


def test_a_consent_that_is_revoked_ends_it(service: Served, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def revoked(_door: Door) -> None:
        raise ConsentRevokedError("The consent was revoked")

    monkeypatch.setattr(work, "_BETWEEN_CONSENTS", 0.0)
    with live(service) as client:
        client.begun(source)
        monkeypatch.setattr(Door, "still_open", revoked)
        assert client.closed()[0] == 1008


def test_a_bug_ends_it_and_tells_nothing(service: Served, view: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(LiveSession, "edit", fail)
    with live(service) as client:
        client.begun(options={"processors": []})
        client.send(view)
        assert client.closed() == (1011, None)
        assert "secret" not in str(client.told)


def test_who_takes_nothing_is_given_up(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "_SEND_SECONDS", 0.2)
    noise = jpeg_of(np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8), 60)

    def flood(client: LiveClient) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            for number in range(2000):
                client.send(noise, number=number)

    with live(service, takes=2) as client:
        client.begun(options={"processors": []}, width=640, height=480, quality=95)
        sending = threading.Thread(target=flood, args=(client,))
        sending.start()
        until(lambda: not service.parts.live._taken or None)
        client.socket.socket.shutdown(socket.SHUT_RDWR)
        sending.join()


def test_results_that_a_second_person_looks_at_first_are_not_shown_live(service: Served, source: str) -> None:
    service.parts.quotas.set_rules("other", TenantRules(is_reviewed=True))
    with live(service, EVE) as client:
        client.wish(options={"processors": []}, id=1)
        assert "second person" in client.said("error", id=1)["problem"]["detail"]


def test_nothing_is_done_for_tenants_that_are_paused(service: Served) -> None:
    tenants = Tenants(service.parts.engine)
    tenants.set("acme", Quota(is_paused=True))
    try:
        with live(service) as client:
            client.wish(options={"processors": []}, id=1)
            assert client.said("error", id=1)["problem"]["status"] == 429
    finally:
        tenants.set("acme", Quota())


def test_the_client_of_python_speaks_it(service: Served, source: str, view: Array) -> None:
    with Client(service.url, timeout=60) as client:
        client._http.headers.update(service.client(ADA).headers)
        with client.live([source], width=SIDE, height=SIDE) as frames:
            number = frames.send(jpeg_of(view, 92))
            shown = frames.next(60)
            assert (shown.number, shown.faces) == (number, 1) and shown.content.startswith(b"\xff\xd8")
            frames.change(options={"blend_ratio": 0.5})
            with pytest.raises(ResourceUnknownError):
                frames.change(sources=[f"upload:{'2' * 32}"])
            frames.send(b"no picture")
            with pytest.raises(InputTypeError):
                frames.next(60)
            frames.send(jpeg_of(view, 92))
            assert frames.next(60).faces == 1
        client._http.headers.update(service.client(ADA, scopes=frozenset({"jobs:read"})).headers)
        with pytest.raises(NotAllowedError):
            client.live([source], width=SIDE, height=SIDE)
    with Client("http://127.0.0.1:9", timeout=5) as nobody, pytest.raises(ServiceUnreachableError):
        nobody.live([], width=SIDE, height=SIDE)
