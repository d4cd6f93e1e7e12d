"""What runs beside requests is begun again after errors that nobody foresaw, and says how it is."""

from __future__ import annotations

import asyncio
import logging

from api_server import served, until
from webhook_material import LOCAL, Place, opened
from webhook_receiver import receiving

from facefusion.service.background.supervised import Health, Supervised
from facefusion.service.hooks import with_hooks
from facefusion.service.upkeep import Upkeep
from facefusion.service.webhooks import sender as sending
from facefusion.service.webhooks.outbox import Outbox
from facefusion.service.webhooks.settings import Tries, WebhookSettings


class Steps:
    """Work that fails so many times, and then goes on until it is told to stop."""

    def __init__(self, fails):
        self.fails, self.begun, self.times = fails, asyncio.Event(), []

    async def run(self, stopping, failed):
        self.times.append(asyncio.get_running_loop().time())
        if len(self.times) <= self.fails:
            raise ZeroDivisionError("a bug")
        self.begun.set()
        await stopping.wait()


def test_what_failed_begins_again_after_growing_waits_and_is_told(caplog):
    now = [0.0]

    async def run():
        steps, stopping = Steps(3), asyncio.Event()
        kept = Supervised("webhooks", steps.run, first=0.02, longest=0.06, steady=120, clock=lambda: now[0])
        assert kept.health == Health("webhooks", True, "", 0)
        running = asyncio.create_task(kept.run(stopping))
        await asyncio.wait_for(steps.begun.wait(), 10)
        assert kept.health == Health("webhooks", False, "ZeroDivisionError", 3)
        now[0] = 121.0
        assert kept.health == Health("webhooks", True, "ZeroDivisionError", 3)
        stopping.set()
        await asyncio.wait_for(running, 10)
        return [late - soon for soon, late in zip(steps.times, steps.times[1:], strict=False)]

    with caplog.at_level(logging.ERROR):
        waits = asyncio.run(run())
    assert all(wait >= least for wait, least in zip(waits, (0.02, 0.04, 0.06), strict=True))
    assert "a bug" in caplog.text and "webhooks" in caplog.text


def test_what_is_told_to_stop_while_it_waits_ends_at_once():
    async def run():
        stopping = asyncio.Event()
        kept = Supervised("events", Steps(9).run, first=3600)
        running = asyncio.create_task(kept.run(stopping))
        while not kept.health.failures:
            await asyncio.sleep(0)
        stopping.set()
        await asyncio.wait_for(running, 10)

    asyncio.run(run())


def test_a_message_that_cannot_even_be_tried_holds_up_no_other(tmp_path, monkeypatch):
    place = Place(opened(str(tmp_path / "jobs.db")), tries=Tries(first=3600))
    written = sending.body_of

    def body_of(row, url):
        if row.kind == "job.paused":
            raise RecursionError("a bug")
        return written(row, url)

    monkeypatch.setattr(sending, "body_of", body_of)
    failed = []

    async def run(receiver):
        made = place.webhooks.add("studio", f"http://127.0.0.1:{receiver.port}/", kinds=("job.queued", "job.paused"))
        job = place.submit()
        place.board.pause(job.id, tenant="studio")
        place.submit()
        stopping = asyncio.Event()
        running = asyncio.create_task(place.sender(idle=0.02).run(stopping, failed.append))
        await asyncio.to_thread(until, lambda: (len(receiver.received) == 2 and failed) or None)
        stopping.set()
        await asyncio.wait_for(running, 30)
        return place.deliveries.deliveries("studio", made.webhook.id)

    with receiving() as receiver:
        shown = asyncio.run(run(receiver))
    place.engine.dispose()
    [bad] = [each for each in shown if each.kind == "job.paused"]
    assert (bad.state, bad.attempts, bad.reason) == ("waiting", 1, "the service could not send it; its log says why")
    assert [type(error) for error in failed] == [RecursionError]
    assert {each.state for each in shown if each.kind == "job.queued"} == {"delivered"}


def test_a_sender_that_fails_is_told_of_by_readiness_and_sends_again(tmp_path, monkeypatch):
    claim, broken = Outbox.claim, [True]

    def claimed(self, most):
        if broken[0]:
            raise ZeroDivisionError("a bug")
        return claim(self, most)

    monkeypatch.setattr(Outbox, "claim", claimed)
    settings = WebhookSettings(egress=LOCAL)
    with receiving() as receiver, served(tmp_path, more=lambda parts: with_hooks(parts, settings, idle=0.02)) as here:
        client = here.client()

        def health(name):
            answer = client.get("/v1/health/ready")
            assert answer.status_code == 200
            return {each["name"]: each for each in answer.json()["beside"]}[name]

        until(lambda: health("webhooks")["failures"] or None)
        assert health("webhooks") | {"failures": 1} == {
            "name": "webhooks",
            "is_well": False,
            "error": "ZeroDivisionError",
            "failures": 1,
        }
        assert health("upkeep") == {"name": "upkeep", "is_well": True, "error": "", "failures": 0}
        broken[0] = False
        hook = client.post("/v1/webhooks", json={"url": f"http://127.0.0.1:{receiver.port}/"}).json()["webhook"]["id"]
        client.post(f"/v1/webhooks/{hook}/test")
        until(lambda: receiver.received or None)


def test_what_is_old_is_removed_though_something_else_cannot_be(tmp_path, monkeypatch):
    with served(tmp_path) as here:
        failed, swept = [], []

        def broken():
            raise ZeroDivisionError("a bug")

        monkeypatch.setattr(type(here.parts.uploads), "sweep", lambda _self: broken())
        monkeypatch.setattr(type(here.parts.operations), "sweep", lambda _self, **how: swept.append(how))
        asyncio.run(Upkeep(here.parts).round(failed.append))
    assert [type(error) for error in failed] == [ZeroDivisionError]
    assert len(swept) == 1
