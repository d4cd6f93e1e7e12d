"""Workers, messages and what happens to them, on real brokers and a real PostgreSQL."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.cable import Cable
from benchmarks.chaos.simulated import expected
from benchmarks.servers import Postgres, RabbitMQ, Redis, until
from celery_machines import Cluster, beats, cluster, pool, running
from kombu import Connection

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.celery.beat import Beat
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.celery.link import Link
from facefusion.jobs.celery.message import BODY, headers
from facefusion.jobs.celery.settings import queues, transport
from facefusion.jobs.values import Job
from facefusion.trust.database import open_database

pytestmark = pytest.mark.slow
BROKERS = ["rabbitmq", "redis"]
Begun = Callable[..., Cluster]


@pytest.fixture(params=BROKERS)
def server(request: pytest.FixtureRequest) -> Any:
    """The broker's server."""
    return request.getfixturevalue("rabbitmq" if request.param == "rabbitmq" else "redis_server")


@pytest.fixture
def begun(server: Any, postgres_jobs_place: str, tmp_path: Path) -> Iterator[Begun]:
    """Makes a cluster; `url` of the broker, if there is a cable between, and values of `Broker`."""
    made: list[Any] = []

    def begin(url: str | None = None, **values: Any) -> Cluster:
        queue = f"tests.{secrets.token_hex(6)}"
        broker = Broker(url or server.url(), **({"queue": queue, "beat": 600.0} | values))
        made.append(cluster(postgres_jobs_place, broker, tmp_path))
        return made[-1].__enter__()

    yield begin
    for each in made:
        each.__exit__(None, None, None)


def leased_by(there: Cluster, job: Job) -> None:
    until(lambda: there.outcomes(job) == [None])


def test_a_message_has_the_task_done_whose_turn_it_is(begun: Begun) -> None:
    there = begun()
    cut = there.submit(is_cut=True, request={"segments": 3, "seed": 7})
    dispatcher = CeleryDispatcher(there.broker)
    with running(there.machine(children=2)):
        dispatcher.wake()  # one message: each task that was done leaves another
        there.until_done(cut)
    result = there.board.job(cut.id, tenant=None).result
    assert result is not None and result["sha256"] == expected(cut.request)
    assert there.outcomes(cut) == ["done"] * 5  # a plan, three segments, a merge
    dispatcher.close()


def test_who_comes_next_is_the_same_on_both_brokers(begun: Begun) -> None:
    there = begun()
    wanted = [("a", 4), ("a", 4), ("a", 9), ("b", 4), ("b", 0), ("a", 4), ("c", 4), ("c", 5), ("a", 1)]
    jobs = [there.submit(tenant=tenant, priority=priority) for tenant, priority in wanted]
    there.wake(len(jobs))
    with running(there.machine()):
        there.until_done(*jobs)
    order = [[job.number for job in jobs].index(number) for number in there.leased()]
    assert [wanted[each][1] for each in order] == sorted((priority for _, priority in wanted), reverse=True)
    assert [each for each in order if wanted[each] == ("a", 4)] == [0, 1, 5]


def test_messages_that_come_twice_or_for_nothing_do_no_harm(begun: Begun) -> None:
    there = begun()
    there.wake(40)
    jobs = [there.submit() for _ in range(3)]
    there.wake(10)
    with running(there.machine(children=2)):
        there.until_done(*jobs)
        until(lambda: there.waiting() == 0)
    assert [there.outcomes(job) for job in jobs] == [["done"]] * 3


def test_poisoned_messages_are_refused_and_the_worker_lives(begun: Begun) -> None:
    there = begun()
    there.waiting()
    poison: list[tuple[Any, dict[str, Any]]] = [
        (BODY, {"headers": {}}),
        (BODY, {"headers": headers() | {"task": ["a", "list"]}}),
        (BODY, {"headers": headers() | {"task": "celery.map"}}),
        (BODY, {"headers": headers() | {"timelimit": [0.1, 0.1]}}),
        (BODY, {"headers": headers() | {"eta": "2999-01-01T00:00:00+00:00"}}),
        ('[["argument"], {}, {}]', {"headers": headers()}),
        ("no JSON at all", {"headers": headers()}),
        ("no JSON at all", {"headers": {}}),
        (b"\x80\x04\x95", {"headers": headers(), "content_type": "application/x-python-serialize"}),
        (b"\x80\x04\x95", {"headers": {}, "content_type": "application/x-python-serialize"}),
    ]
    with Connection(there.broker.url, transport_options=transport(there.broker, is_publisher=True)) as link:
        channel = link.channel()
        for body, told in poison:
            values = {"content_type": "application/json", "content_encoding": "utf-8"} | told
            made = channel.prepare_message(body, properties={"delivery_mode": 2}, **values)
            channel.basic_publish(made, exchange="", routing_key=there.broker.queue)
    job = there.submit()
    there.wake()
    with running(there.machine()) as process:
        there.until_done(job)
        until(lambda: there.waiting() == 0)
        assert process.poll() is None
        if not there.broker.is_redis:
            assert until(lambda: dead_letters(there) == len(poison))


def dead_letters(there: Cluster) -> int:
    with Connection(there.broker.url) as link:
        return int(queues(there.broker)[1](link.channel()).queue_declare()[1])


def test_a_job_is_taken_while_the_broker_is_away_and_done_when_it_is_back(
    begun: Begun, server: Any, cable: Callable[[int], Cable]
) -> None:
    between = cable(server.port)
    there = begun(server.url(port=between.port), beat=0.3)
    dispatcher = CeleryDispatcher(there.broker, pause=600.0)
    with running(there.machine()):
        first = there.submit()
        dispatcher.wake()
        there.until_done(first)
        with between.away():
            began = time.monotonic()
            second = there.submit()
            dispatcher.wake()
            assert time.monotonic() - began < 0.5
            assert there.state(second) == "queued"
        there.until_done(second)
    dispatcher.close()


def test_a_broker_that_was_killed_is_found_again(begun: Begun, server: Any) -> None:
    there = begun(beat=0.3)
    with running(there.machine()):
        first = there.submit()
        there.until_done(first)
        server.process.restart()
        second = there.submit()
        there.until_done(second, seconds=60)


def test_a_database_that_was_killed_is_found_again(begun: Begun, postgres: Postgres) -> None:
    there = begun(beat=0.3)
    with running(there.machine()):
        there.until_done(there.submit())
        postgres.process.restart()
        there.engine.dispose()
        there.until_done(there.submit())


def test_the_task_of_a_killed_machine_goes_to_another_when_its_lease_is_over(begun: Begun) -> None:
    there = begun(beat=0.3)
    job = there.submit(request={"seconds": 3.0})
    with running(there.machine(lease=2.0)) as doomed:
        leased_by(there, job)
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait()
    killed = time.monotonic()
    with running(there.machine(lease=2.0)):
        until(lambda: there.outcomes(job) == ["lost", None])
        assert time.monotonic() - killed < 20  # the lease, and the start of the second machine; brokers take hours
        there.until_done(job)


def test_the_task_of_a_killed_child_is_done_again(begun: Begun) -> None:
    there = begun(beat=0.3)
    job = there.submit(request={"seconds": 1.0})
    with running(there.machine(lease=1.0)) as process:
        leased_by(there, job)
        [child] = pool(process.pid)
        os.kill(child, signal.SIGKILL)
        there.until_done(job)
        assert process.poll() is None
        assert pool(process.pid) != [child]
    assert there.outcomes(job) == ["lost", "done"]


def test_a_cancelled_task_is_let_go_of(begun: Begun) -> None:
    there = begun(beat=0.3)
    job = there.submit(request={"seconds": 600.0})
    with running(there.machine(lease=1.0)):
        leased_by(there, job)
        there.board.cancel(job.id, tenant=None)
        there.until_done(there.submit())
    assert there.outcomes(job) == ["cancelled"]


def test_a_machine_that_is_asked_to_end_gives_back_what_it_is_at(begun: Begun) -> None:
    there = begun(beat=0.3)
    job = there.submit(request={"seconds": 600.0})
    with running(there.machine(lease=60.0, children=2)) as process:
        leased_by(there, job)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert there.outcomes(job) == ["released"]


def test_a_machine_has_time_for_what_it_is_at_until_it_is_asked_again(begun: Begun) -> None:
    there = begun(beat=0.3)
    short, long = there.submit(request={"seconds": 2.0}), there.submit(request={"seconds": 600.0})
    with running(there.machine(lease=60.0, children=2, drain=600.0)) as process:
        for job in (short, long):
            leased_by(there, job)
        process.send_signal(signal.SIGTERM)
        after = there.submit()
        there.until_done(short)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert there.outcomes(long) == ["released"]
    assert there.outcomes(after) == []


def test_a_machine_that_is_asked_to_end_ends_also_while_the_broker_is_away(
    begun: Begun, server: Any, cable: Callable[[int], Cable]
) -> None:
    between = cable(server.port)
    there = begun(server.url(port=between.port), beat=0.3)
    with running(there.machine()) as process:
        there.until_done(there.submit())
        between.cut()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) is not None


def test_a_child_is_replaced_after_a_number_of_messages(begun: Begun) -> None:
    there = begun()
    jobs = [there.submit() for _ in range(4)]
    there.wake(4)
    with running(there.machine(tasks_per_child=2)) as process:
        until(lambda: pool(process.pid))
        first = pool(process.pid)
        there.until_done(*jobs)
        until(lambda: pool(process.pid) and pool(process.pid) != first)


def test_a_beat_that_was_killed_is_begun_again(begun: Begun) -> None:
    there = begun(beat=0.3)
    with running(there.machine()) as process:
        [first] = until(lambda: beats(process.pid))
        os.kill(first, signal.SIGKILL)
        until(lambda: beats(process.pid) not in ([], [first]))
        there.until_done(there.submit())
    until(lambda: not Path(f"/proc/{first}").exists())


def test_one_beat_looks_at_a_time(begun: Begun) -> None:
    there = begun()
    there.submit()
    link = Link(there.broker)
    beat, engine = Beat(there.engine, there.queue, link, seconds=1), open_database(there.database)

    class Meanwhile(Link):
        def waiting(self) -> int:
            assert beat.once() is None
            return super().waiting()

    first = Meanwhile(there.broker)
    found = Beat(engine, there.queue, first, seconds=1).once()
    assert found is not None and found.woken == 1
    found = beat.once()
    assert found is not None and found.woken == 0  # the message waits still
    for each in (link, first):
        each.close()
    engine.dispose()


def test_no_more_messages_wait_than_are_of_use(begun: Begun) -> None:
    there = begun(most=20)
    there.wake(1000)
    there.wake(1000)
    assert there.waiting() == 20


def test_messages_of_deployments_that_share_a_broker_stay_apart(begun: Begun) -> None:
    one, other = begun(), begun()
    one.wake(3)
    assert (one.waiting(), other.waiting()) == (3, 0)


def test_a_message_that_comes_back_too_often_is_laid_aside(
    rabbitmq: RabbitMQ, postgres_jobs_place: str, tmp_path: Path
) -> None:
    broker = Broker(rabbitmq.url(), queue=f"tests.{secrets.token_hex(6)}", deliveries=2)
    with cluster(postgres_jobs_place, broker, tmp_path) as there:
        there.wake()
        for _ in range(3):
            with Connection(broker.url) as link:
                channel = link.channel()
                assert until(lambda channel=channel: channel.basic_get(broker.queue))
        until(lambda: dead_letters(there) == 1)
        assert there.waiting() == 0


def test_redis_that_forgot_all_messages_stops_nothing(
    redis_server: Redis, postgres_jobs_place: str, tmp_path: Path
) -> None:
    broker = Broker(redis_server.url(), queue=f"tests.{secrets.token_hex(6)}", beat=0.3)
    with cluster(postgres_jobs_place, broker, tmp_path) as there, running(there.machine(children=2)):
        jobs = [there.submit(request={"seconds": 0.2}) for _ in range(6)]
        there.wake(6)
        redis_server.clear()
        there.until_done(*jobs)


def test_redis_that_is_away_when_a_task_ends_is_found_again(
    redis_server: Redis, postgres_jobs_place: str, tmp_path: Path
) -> None:
    broker = Broker(redis_server.url(), queue=f"tests.{secrets.token_hex(6)}", beat=0.3)
    with cluster(postgres_jobs_place, broker, tmp_path) as there:
        machine = there.machine()
        with running(machine):
            first = there.submit(request={"seconds": 2.0})
            leased_by(there, first)
            redis_server.process.kill()
            until(lambda: "Couldn't ack" in Path(machine.log).read_text())
            redis_server.process.start()
            there.until_done(first, there.submit())


def test_redis_gives_back_what_a_killed_machine_held(
    redis_server: Redis, postgres_jobs_place: str, tmp_path: Path
) -> None:
    broker = Broker(redis_server.url(), queue=f"tests.{secrets.token_hex(6)}", beat=600.0, longest=1.0)
    with cluster(postgres_jobs_place, broker, tmp_path) as there:
        job = there.submit(request={"seconds": 60.0})
        there.wake()
        # Who looks for messages goes by its own time: the first holds its message however slowly it is killed.
        with running(replace(there.machine(), broker=replace(broker, longest=600.0))) as doomed:
            leased_by(there, job)
            os.killpg(doomed.pid, signal.SIGKILL)
            doomed.wait()
        assert there.waiting() == 0
        there.board.cancel(job.id, tenant=None)
        after = there.submit()
        with running(there.machine()):  # nobody wakes it but the message that the other one held
            there.until_done(after)


def test_a_dispatcher_leaves_a_broker_that_is_away_alone_for_a_while() -> None:
    class Away(Link):
        tried = 0

        def send(self, count: int) -> int:
            Away.tried += 1
            raise JobsUnavailableError("away")

    now = 0.0
    dispatcher = CeleryDispatcher(Broker("redis://127.0.0.1:1/0"), clock=lambda: now, pause=5.0)
    dispatcher._link = Away(Broker("redis://127.0.0.1:1/0"))
    dispatcher.wake()
    until(lambda: dispatcher._not_before > 0)
    dispatcher.wake()
    now = 6.0
    until(lambda: dispatcher._thread is None)
    dispatcher.wake(3)
    until(lambda: Away.tried == 2)
    dispatcher.close()


def test_a_link_tells_of_a_broker_that_is_away() -> None:
    for url in ("redis://127.0.0.1:1/0", "amqp://guest:secret@127.0.0.1:1//"):
        with pytest.raises(JobsUnavailableError, match="broker") as told:
            Link(replace(Broker(url), patience=1.0)).send(1)
        assert "secret" not in str(told.value)
