from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from facefusion.errors import OptionsError
from facefusion.jobs.celery.app import make_app
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.celery.message import BODY, TASK, flaw, headers
from facefusion.jobs.celery.settings import queues, settings, transport
from facefusion.jobs.dispatch import NoDispatcher, open_dispatcher

RABBITMQ = Broker("amqp://guest:guest@127.0.0.1//")
REDIS = Broker("redis://127.0.0.1/0")


def message(**changes: Any) -> Any:
    told = {"headers": headers(), "content_type": "application/json", "content_encoding": "utf-8", "body": BODY}
    return SimpleNamespace(**(told | changes))


def test_what_we_send_is_ours() -> None:
    assert flaw(message()) is None
    assert flaw(message(body=BODY.encode())) is None
    assert flaw(message(body=memoryview(BODY.encode()))) is None


def test_what_brokers_add_on_their_way_is_no_flaw() -> None:
    counted = {"x-delivery-count": 3, "x-first-death-queue": "q", "redelivered": True}
    assert flaw(message(headers=headers() | counted)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": None},
        {"headers": {}},
        {"headers": ["task"]},
        {"headers": headers() | {"task": "celery.map"}},
        {"headers": headers() | {"task": [TASK]}},
        {"headers": headers() | {"task": {"a": 1}}},
        {"headers": headers() | {"id": 7}},
        {"headers": headers() | {"id": "a" * 10_000}},
        {"headers": headers() | {"eta": "2999-01-01T00:00:00+00:00"}},
        {"headers": headers() | {"timelimit": [1, 1]}},
        {"headers": headers() | {"compression": "application/x-gzip"}},
        {"headers": headers() | {"reply_to": "elsewhere"}},
        {"headers": headers() | {7: 7}},
        {"content_type": "application/x-python-serialize"},
        {"content_type": "application/x-yaml"},
        {"content_type": None},
        {"content_encoding": "base64"},
        {"content_encoding": None},
        {"body": '[["/etc/passwd"], {}, {}]'},
        {"body": '[[], {"a": 1}, {}]'},
        {"body": '[[], {}, {"callbacks": [{"task": "other"}]}]'},
        {"body": b"\x80\x04cos\nsystem\n"},
        {"body": b"\xff" * 100},
        {"body": ""},
        {"body": None},
        {"body": [[], {}, {}]},
    ],
    ids=lambda case: next(iter(case)),  # messages have numbers of their own each time
)
def test_whatever_is_not_exactly_ours_is_refused(changes: dict[str, Any]) -> None:
    assert flaw(message(**changes)) is not None


@pytest.mark.parametrize("url", ["", "broker", "http://host", "sqs://", "memory://", "filesystem://", "amqp:", "redis"])
def test_other_brokers_are_refused(url: str) -> None:
    if url == "amqp:":
        assert not Broker(url).is_redis  # an empty host means this machine
        return
    with pytest.raises(OptionsError, match="broker"):
        Broker(url)


@pytest.mark.parametrize("broker", [RABBITMQ, REDIS], ids=["rabbitmq", "redis"])
def test_workers_know_one_task_and_take_nothing_but_json(broker: Broker) -> None:
    app = make_app(broker, lambda: None, tasks_per_child=10)
    assert set(app.tasks) == {TASK}
    assert app.conf.accept_content == ["application/json"]
    assert app.conf.result_backend is None
    assert app.conf.worker_enable_remote_control is False
    assert app.conf.worker_send_task_events is False
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.worker_max_tasks_per_child == 10
    assert app.conf.task_time_limit is None
    assert app.conf.task_soft_time_limit is None
    assert app.conf.broker_connection_max_retries is None


def test_two_applications_know_nothing_of_one_another() -> None:
    one, other = (make_app(RABBITMQ, lambda: None, tasks_per_child=count) for count in (1, 2))
    assert one.conf.worker_max_tasks_per_child == 1
    assert other.conf.worker_max_tasks_per_child == 2


def test_queues_of_rabbitmq_outlive_a_broker_and_lay_aside_what_comes_back_too_often() -> None:
    work, dead = queues(RABBITMQ)
    assert work.durable and dead.durable
    assert work.queue_arguments["x-queue-type"] == dead.queue_arguments["x-queue-type"] == "quorum"
    assert work.queue_arguments["x-delivery-limit"] == RABBITMQ.deliveries
    assert work.queue_arguments["x-dead-letter-exchange"] == dead.exchange.name
    assert work.queue_arguments["x-consumer-timeout"] == RABBITMQ.longest * 1000
    assert transport(RABBITMQ, is_publisher=True)["confirm_publish"] is True


def test_redis_holds_a_message_as_long_as_the_longest_task() -> None:
    assert settings(REDIS, tasks_per_child=1)["broker_transport_options"]["visibility_timeout"] == REDIS.longest
    assert [queue.name for queue in queues(REDIS)] == [REDIS.queue]


def test_who_submits_gets_what_wakes_workers() -> None:
    assert isinstance(open_dispatcher(None), NoDispatcher)
    open_dispatcher(None).wake(3)
    dispatcher = open_dispatcher(RABBITMQ.url)
    assert isinstance(dispatcher, CeleryDispatcher)
    dispatcher.close()  # nothing was connected to
    with pytest.raises(OptionsError, match="broker"):
        open_dispatcher("http://host")
