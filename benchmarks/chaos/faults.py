"""What is done to a cluster while it works."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kombu import Connection

from benchmarks.chaos.scene import Scene
from facefusion.errors import JobsUnavailableError
from facefusion.jobs.celery.link import Link
from facefusion.jobs.celery.settings import transport
from facefusion.jobs.storage.names import MARKER

BALLAST: Final = ".facefusion-part-ballast"
_MINUTES: Final = (60.0, 150.0)
Act = Callable[[Scene, random.Random], bool]
"""Does something to a cluster; returns whether there was anything to do it to."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is done to a cluster.

    Attributes:
        name: for the table.
        weight: how often it is done, beside others.
        act: does it.
        needs: what there has to be for it; see `Scene.has`.
    """

    name: str
    weight: int
    act: Act
    needs: str | None = None


def kill_machine(scene: Scene, chance: random.Random) -> bool:
    """Kill the process of a worker machine that begins all others of it."""
    return bool(scene.machines) and chance.choice(scene.machines).kill()


def kill_service(scene: Scene, chance: random.Random) -> bool:
    """Kill the service, and with it the process that begins the workers of its pool."""
    return scene.service is not None and scene.service.kill()


def kill_child(scene: Scene, chance: random.Random) -> bool:
    """Kill a process that does tasks."""
    return _signal(_children(scene, is_beat=False), chance, signal.SIGKILL)


def kill_beat(scene: Scene, chance: random.Random) -> bool:
    """Kill a beat."""
    return _signal(_children(scene, is_beat=True), chance, signal.SIGKILL)


def kill_submitter(scene: Scene, chance: random.Random) -> bool:
    """Kill the process that submits jobs and wakes workers."""
    return scene.submitter is not None and scene.submitter.kill()


def freeze_child(scene: Scene, chance: random.Random) -> bool:
    """Hold a process that does tasks still for longer than its lease; it wakes up and believes it has it still."""
    seconds, pids = chance.uniform(4.5, 7), _children(scene, is_beat=False)
    if not pids:
        return False
    pid = chance.choice(pids)

    def thaw() -> None:
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        threading.Thread(target=thaw, daemon=True).start()
        return True
    return False


def restart_broker(scene: Scene, chance: random.Random) -> bool:
    """Kill the broker, and begin it again."""
    return _stopped(scene, "broker", 0.0)


def restart_database(scene: Scene, chance: random.Random) -> bool:
    """End the database at once, without letting it write anything, and begin it again."""
    return _stopped(scene, "database", 0.0)


def hide_storage(scene: Scene, chance: random.Random) -> bool:
    """Take the folder of the storage away for some seconds, as one that is not mounted."""
    return _hidden(scene, chance.uniform(0.3, 3.0))


def stop_broker(scene: Scene, chance: random.Random) -> bool:
    """Stop the broker for a minute or two."""
    return _stopped(scene, "broker", chance.uniform(*_MINUTES))


def stop_database(scene: Scene, chance: random.Random) -> bool:
    """Stop the database for a minute or two."""
    return _stopped(scene, "database", chance.uniform(*_MINUTES))


def part_from_storage(scene: Scene, chance: random.Random) -> bool:
    """Keep everybody from the storage for a minute or two."""
    seconds = chance.uniform(*_MINUTES)
    if scene.endpoint is None:
        return _hidden(scene, seconds)

    def away() -> None:
        with scene.cables["storage"].away():
            time.sleep(seconds)

    return _meanwhile(scene.busy["storage"], away)


def _on_cable(to: str, how: str) -> Act:
    def act(scene: Scene, chance: random.Random) -> bool:
        seconds, between = chance.uniform(0.3, 3.0), scene.cables[to]
        if how in {"drop", "lose"}:
            (between.drop if how == "drop" else between.lose)()
            return True

        def hold() -> None:
            with between.held() if how == "hold" else between.away():
                time.sleep(seconds)

        threading.Thread(target=hold, daemon=True).start()
        return True

    return act


def _fill(name: str) -> Act:
    def act(scene: Scene, chance: random.Random) -> bool:
        seconds, ballast = chance.uniform(0.5, 3.0), scene.disks[name] / BALLAST
        return _meanwhile(scene.busy[name], lambda: _filled(ballast, seconds))

    return act


def send_more(scene: Scene, chance: random.Random) -> bool:
    """Send messages that nobody asked for."""
    return _by_link(scene, lambda link: link.send(chance.randint(1, 30)))


def send_garbage(scene: Scene, chance: random.Random) -> bool:
    """Send messages that are none."""

    def send(channel: Any, queue: str) -> None:
        for body in chance.sample([b"\x80\x04\x95", "[]", '[["x"], {}, {}]', ""], 2):
            told = {"task": chance.choice(["facefusion.work", "celery.map", ["a", "list"]]), "id": "1"}
            form = {"content_type": "application/json", "content_encoding": "utf-8"}
            made = channel.prepare_message(body, headers=told, properties={}, **form)
            channel.basic_publish(made, exchange="", routing_key=queue)

    return _by_channel(scene, send)


def lose_messages(scene: Scene, chance: random.Random) -> bool:
    """Remove all messages that wait."""
    return _by_channel(scene, lambda channel, queue: channel.queue_purge(queue))


FAULTS: Final = (
    Fault("machine killed", 8, kill_machine, "broker"),
    Fault("service killed", 10, kill_service, "service"),
    Fault("connections to the service cut", 6, _on_cable("service", "drop"), "service"),
    Fault("child killed", 14, kill_child),
    Fault("child frozen beyond its lease", 8, freeze_child),
    Fault("beat killed", 5, kill_beat, "broker"),
    Fault("submitter killed", 8, kill_submitter),
    Fault("broker killed", 4, restart_broker, "broker"),
    Fault("database killed", 5, restart_database, "database"),
    Fault("connections to the broker cut", 6, _on_cable("broker", "drop"), "broker"),
    Fault("broker out of reach", 3, _on_cable("broker", "away"), "broker"),
    Fault("messages delayed", 4, _on_cable("broker", "hold"), "broker"),
    Fault("connections to the broker silent for good", 2, _on_cable("broker", "lose"), "broker"),
    Fault("connections to the database cut", 8, _on_cable("database", "drop"), "database"),
    Fault("database out of reach", 4, _on_cable("database", "away"), "database"),
    Fault("database silent", 3, _on_cable("database", "hold"), "database"),
    Fault("connections to the database silent for good", 1, _on_cable("database", "lose"), "database"),
    Fault("connections to the storage cut", 8, _on_cable("storage", "drop"), "bucket"),
    Fault("storage out of reach", 4, _on_cable("storage", "away"), "bucket"),
    Fault("storage silent", 3, _on_cable("storage", "hold"), "bucket"),
    Fault("folder of the storage away", 8, hide_storage, "folder"),
    Fault("messages doubled", 6, send_more, "broker"),
    Fault("messages lost", 4, lose_messages, "broker"),
    Fault("messages forged", 4, send_garbage, "broker"),
    Fault("disk of the machines full", 6, _fill("scratch"), "scratch disk"),
    Fault("disk of the storage full", 6, _fill("storage"), "storage disk"),
)
OUTAGES: Final = (
    Fault("database away for minutes", 1, stop_database, "database"),
    Fault("storage away for minutes", 1, part_from_storage, None),
    Fault("broker away for minutes", 1, stop_broker, "broker"),
)
"""Faults of one to two and a half minutes, which are done once each."""


def _children(scene: Scene, *, is_beat: bool) -> list[int]:
    begin = scene.machines or ([] if scene.service is None else [scene.service])
    found = [each for machine in begin for each in machine.begun()]
    return [pid for pid, line in found if ("celery.beat" in line) == is_beat]


def _signal(pids: list[int], chance: random.Random, which: signal.Signals) -> bool:
    if not pids:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(pids), which)
        return True
    return False


def _meanwhile(lock: threading.Lock, call: Callable[[], None]) -> bool:
    """Make a call beside everything else, unless it is still being made."""
    if not lock.acquire(blocking=False):
        return False

    def made() -> None:
        try:
            call()
        finally:
            lock.release()

    threading.Thread(target=made, daemon=True).start()
    return True


def _stopped(scene: Scene, name: str, seconds: float) -> bool:
    """End a server at once, and begin it again after some seconds."""
    server = scene.servers[name]

    def stop() -> None:
        server.kill()
        time.sleep(seconds)
        server.start()

    return _meanwhile(scene.busy[name], stop)


def _hidden(scene: Scene, seconds: float) -> bool:
    """Take away for a while by what the folder of the storage is known."""
    marker = Path(scene.root, MARKER)

    def hide() -> None:
        marker.unlink(missing_ok=True)
        time.sleep(seconds)
        marker.touch()

    return _meanwhile(scene.busy["storage"], hide)


def _filled(ballast: Path, seconds: float) -> None:
    try:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
        time.sleep(seconds)
    finally:
        ballast.unlink(missing_ok=True)


def _by_link(scene: Scene, call: Callable[[Link], object]) -> bool:
    assert scene.direct is not None
    link = Link(scene.direct)
    try:
        call(link)
    except JobsUnavailableError:
        return False
    finally:
        link.close()
    return True


def _by_channel(scene: Scene, call: Callable[[Any, str], object]) -> bool:
    broker = scene.direct
    assert broker is not None
    connection = Connection(broker.url, transport_options=transport(broker, is_publisher=True))
    try:
        with connection:
            call(connection.channel(), broker.queue)
    except (OSError, *connection.connection_errors, *connection.channel_errors):
        return False
    return True
