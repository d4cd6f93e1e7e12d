"""The system at a glance, its history, and operations that are looked at and stopped."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from api_server import BOB, EVE, Served, served, until, working

from facefusion.errors import CancelledError
from facefusion.jobs.database import writing
from facefusion.service.background.operations import Operations, Progress, Teller
from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.parts import ServiceParts
from facefusion.service.system.history import History, Sample
from facefusion.service.system.load import Load
from facefusion.service.system.sampler import Sampler, with_samples
from facefusion.service.system.watch import SystemWatch
from facefusion.service.tables import OPERATIONS
from facefusion.telemetry.cards import Cards
from facefusion.telemetry.machine import Machine, MachineUse
from job_databases import SteppedClock
from material import CAPTAIN

ADMIN = Caller("acme", "user:ada", ROLES["admin"])
THEIRS = Caller("other", "user:eve", ROLES["admin"])
PLAIN = {"processors": []}
MACHINE = MachineUse(2, 0.5, 100, 40)


def _watched(parts: ServiceParts) -> ServiceParts:
    watch = SystemWatch(folders={"storage": parts.records.home}, cards=Cards(Driver))
    return with_samples(replace(parts, system=watch))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("system"), more=_watched) as here:
        yield here


class Driver:
    """Stands in place of NVIDIA's driver: a card, and one that is cut into parts."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        """What it raises."""

    def __init__(self, *, count: int = 2, is_there: bool = True) -> None:
        self.count, self.is_there, self.asked = count, is_there, 0

    def nvmlInit(self) -> None:  # noqa: N802
        self.asked += 1
        if not self.is_there:
            raise self.NVMLError

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if not self.is_there:
            raise self.NVMLError
        return self.count

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetName(self, number: int) -> str:  # noqa: N802
        return f"H100 number {number}"

    def nvmlDeviceGetUUID(self, number: int) -> bytes:  # noqa: N802
        return b"GPU-%d" % number

    def nvmlDeviceGetMemoryInfo(self, number: int) -> Any:  # noqa: N802
        return SimpleNamespace(total=80 << 30, used=number << 30)

    def nvmlDeviceGetTemperature(self, number: int, _sensor: int) -> int:  # noqa: N802
        if number:
            raise self.NVMLError
        return 61

    def nvmlDeviceGetUtilizationRates(self, number: int) -> Any:  # noqa: N802
        if number:
            raise self.NVMLError
        return SimpleNamespace(gpu=25)


def test_the_system_is_shown_at_a_glance(service: Served) -> None:
    until(lambda: service.parts.system.history.last)
    shown = service.client(EVE).get("/v1/system").json()
    assert shown["process"]["seconds"] >= 0 and shown["process"]["version"]
    machine = shown["machine"]
    assert machine["cores"] >= 1 and 0 < machine["memory_used"] < machine["memory"]
    assert [each["busy"] for each in shown["cards"]] == [0.25, None], "what the driver does not tell is not made up"
    assert (shown["cards"][1]["memory"], shown["cards"][1]["memory_used"]) == (80 << 30, 1 << 30)
    assert {"storage", "records", "models", "scratch"} == {each["what"] for each in shown["disks"]}
    assert all(0 < each["free"] <= each["total"] for each in shown["disks"])
    assert "cpu" in shown["providers"]
    assert [each["name"] for each in shown["checks"]][:2] == ["database", "storage"]
    assert {"samples", "upkeep"} <= {each["name"] for each in shown["beside"]}
    assert str(service.parts.records.home) not in str(shown)


def test_the_queue_is_the_tenants_own_but_for_whoever_runs_the_service(service: Served, tmp_path: Path) -> None:
    client = service.client(ADMIN)
    upload = client.post("/v1/uploads?name=captain.jpg", content=CAPTAIN.read_bytes()).json()["id"]
    order = {"target": f"upload:{upload}", "output": "a.png", "options": PLAIN}
    job = client.post("/v1/jobs", json=order).json()["id"]
    sampler = Sampler(service.parts.engine, service.parts.system.history, Machine(), Cards(lambda: Driver(count=0)))
    sampler.look()
    waiting = {who.actor: service.client(who).get("/v1/system").json()["queue"] for who in (ADMIN, THEIRS, EVE)}
    assert (waiting["user:ada"]["of"], waiting["user:ada"]["jobs"]) == ("tenant", {"queued": 1})
    theirs = service.client(THEIRS)
    assert theirs.get("/v1/system").json()["queue"]["jobs"] == {}
    assert service.client(EVE).get("/v1/system").json()["queue"] == waiting["user:ada"] | {"of": "all"}
    with working(service, tmp_path):
        until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "succeeded" or None)
        assert [each["tasks"] for each in service.client(EVE).get("/v1/system").json()["workers"]]
    sampler.look()

    def seen(who: Caller) -> list[tuple[float, int, int]]:
        points = service.client(who).get("/v1/system/history?minutes=5").json()["points"][-2:]
        return [(each["waiting"], each["jobs"], each["frames"]) for each in points]

    assert seen(ADMIN) == [(1, 0, 0), (0, 1, 1)]
    assert seen(EVE) == seen(ADMIN)
    assert seen(THEIRS) == [(0, 0, 0), (0, 0, 0)]


@pytest.mark.parametrize("minutes", ["0", "361", "x"])
def test_a_time_that_is_not_kept_is_refused(service: Served, minutes: str) -> None:
    assert service.client(ADMIN).get(f"/v1/system/history?minutes={minutes}").status_code == 422


def test_the_system_is_for_administrators(service: Served) -> None:
    for path in ("/v1/system", "/v1/system/history"):
        assert service.client(ADMIN, ROLES["operator"]).get(path).status_code == 403


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)


def test_a_tenants_admin_is_told_of_no_machine(service: Served) -> None:
    until(lambda: service.parts.system.history.last)
    client = service.client(ADMIN)
    shown, seen = client.get("/v1/system").json(), client.get("/v1/system/history").json()
    only_for_platform = ("process", "machine", "cards", "providers", "disks", "workers")
    assert [shown[name] for name in only_for_platform] == [None] * 6
    assert (shown["queue"]["of"], seen["of"]) == ("tenant", "tenant")
    assert {each["name"] for each in shown["checks"]} >= {"database", "storage"}, "as health/ready tells everybody"
    assert (seen["process"], seen["memory"]) == (None, None)
    assert {(each["busy"], each["memory_used"], each["cards"]) for each in seen["points"]} == {(None, None, None)}
    told = [*_texts(shown), *_texts(seen)]
    assert not any(socket.gethostname() in text or "H100" in text for text in told)
    answer = client.get("/v1/workers")
    assert answer.status_code == 403 and 'scope="platform"' in answer.headers["www-authenticate"]
    assert service.client(EVE).get("/v1/workers").status_code == 200


def test_a_history_is_bounded_and_tells_what_it_did_not_keep() -> None:
    history, begin = History(), datetime(2026, 1, 1, tzinfo=UTC)
    loads: Mapping[str, Load] = {f"t{number}": Load(waiting=number) for number in range(1, 151)}
    for number in range(2000):
        history.add(Sample.of(begin + timedelta(seconds=15 * number), 15, MACHINE, (), loads))
    assert len(history.since(360)) == 1440 and len(history.since(60)) == 240
    last = history.last
    assert last is not None and len(last.loads) == 100
    assert last.load(None) == Load(waiting=sum(range(1, 151)))
    assert last.load("t150") == Load(waiting=150) and last.load("t1") is None and last.load("nobody") is None
    few = Sample.of(begin, 15, MACHINE, (), {"t1": Load(1)})
    assert few.load("nobody") == Load(), "where all were kept, the others had nothing to do"


def test_a_card_whose_driver_is_away_is_not_shown() -> None:
    away, gone = Driver(is_there=False), Driver()
    cards = Cards(lambda: away)
    assert (cards.look(), cards.look(), away.asked) == ((), (), 1)
    seen = Cards(lambda: gone)
    assert [each.name for each in seen.look()] == ["H100 number 0", "H100 number 1"]
    gone.is_there = False
    assert seen.look() == ()
    gone.is_there = True
    assert len(seen.look()) == 2, "a driver that comes back is asked again"


def test_this_machine_is_looked_at_in_earnest() -> None:
    machine = Machine()
    assert machine.look().busy is None, "a share of time needs two looks"
    sum(range(3_000_000))
    seen = until(lambda: found if (found := machine.look()).busy is not None else None)
    assert seen.busy is not None and 0 <= seen.busy <= 1
    assert isinstance(Cards().look(), tuple)


def test_of_a_container_its_own_memory_is_told(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{64 << 20}\n")
    (tmp_path / "memory.current").write_text(f"{48 << 20}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {16 << 20}\n")
    seen = Machine(tmp_path).look()
    assert (seen.memory, seen.memory_used) == (64 << 20, 32 << 20)


class Slow:
    """An operation that goes on until it is told to stop."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, tell: Teller, stop: threading.Event) -> Mapping[str, Any]:
        """Do it."""
        tell("It will take long")
        tell.progress(Progress("a model", 7, 10, 1, 2))
        self.begun.set()
        assert stop.wait(60)
        raise CancelledError("It was stopped", "Ask again")


def begun(operations: Operations, service: Served, work: Any, tenant: str = "acme") -> str:
    with writing(service.parts.engine) as connection:
        operation = operations.begin(connection, tenant=tenant, owner="user:ada", kind="models.pull", about="x")
    operations.run(operation, work)
    return operation.id


def shown(client: httpx.Client, operation: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/operations/{operation}").json()
    return found


def test_an_operation_tells_how_far_it_is_and_is_stopped(service: Served) -> None:
    client, slow = service.client(ADMIN), Slow()
    operation = begun(service.parts.operations, service, slow)
    waiting = begun(service.parts.operations, service, Slow())
    slow.begun.wait(30)
    told = until(lambda: found if (found := shown(client, operation))["progress"] else None)
    assert told["progress"] == {"what": "a model", "done": 7, "total": 10, "step": 1, "steps": 2}
    assert told["notes"] == ["It will take long"] and not told["is_cancelled"]
    few = service.client(BOB, ROLES["operator"])
    assert few.post(f"/v1/operations/{operation}/cancel").status_code == 403, "somebody else asked for it"
    assert client.post(f"/v1/operations/{waiting}/cancel").json()["is_cancelled"]
    assert client.post(f"/v1/operations/{operation}/cancel").json()["is_cancelled"]
    for each in (operation, waiting):
        ended = until(lambda each=each: found if (found := shown(client, each))["state"] != "running" else None)
        assert (ended["state"], ended["error"]["type"]) == ("failed", "CancelledError")
        assert client.post(f"/v1/operations/{each}/cancel").status_code == 409
    assert shown(client, operation)["progress"]["done"] == 7


def test_an_operation_of_another_process_hears_that_it_is_to_end(service: Served) -> None:
    other, slow = Operations(service.parts.engine, 1), Slow()
    try:
        operation = begun(other, service, slow)
        slow.begun.wait(30)
        client = service.client(ADMIN)
        client.post(f"/v1/operations/{operation}/cancel")
        ended = until(lambda: found if (found := shown(client, operation))["state"] != "running" else None)
        assert ended["error"]["type"] == "CancelledError"
    finally:
        other.close()


def test_what_cannot_be_stopped_any_more_goes_to_its_end(service: Served) -> None:
    go = threading.Event()

    def work(_tell: Teller, _stop: threading.Event) -> Mapping[str, Any]:
        go.wait(60)
        return {"models": {}}

    client = service.client(ADMIN)
    operation = begun(service.parts.operations, service, work)
    client.post(f"/v1/operations/{operation}/cancel")
    go.set()
    ended = until(lambda: found if (found := shown(client, operation))["state"] != "running" else None)
    assert ended["state"] in {"succeeded", "failed"} and ended["is_cancelled"]
    with service.parts.engine.begin() as connection:
        connection.execute(OPERATIONS.delete())


def test_a_sample_counts_what_was_done_since_the_one_before(service: Served, clock: SteppedClock) -> None:
    sampler = Sampler(service.parts.engine, History(), Machine(), Cards(lambda: Driver(count=0)), clock=clock)
    sampler.look()
    clock.forward(15)
    sampler.look()
    assert [each.seconds for each in sampler.history.since(5)] == [0, 15]
