"""How Celery is set up, for either broker."""

from __future__ import annotations

from typing import Any, Final

from kombu.entity import Exchange, Queue

from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.message import CONTENT_TYPE

_MOST_DEAD: Final = 1000
_HEARTBEAT: Final = 20
# Redis gives back what a lost worker held when it looks for it: each so many seconds.
_RESTORING: Final = 2.0


def queues(broker: Broker) -> list[Queue]:
    """Return the queue of messages, and on RabbitMQ that of those which are laid aside."""
    if broker.is_redis:
        return [_direct(broker.queue, {})]
    return [
        _direct(
            broker.queue,
            {
                "x-queue-type": "quorum",
                "x-delivery-limit": broker.deliveries,
                "x-dead-letter-exchange": broker.dead_queue,
                "x-dead-letter-routing-key": broker.dead_queue,
                "x-consumer-timeout": round(broker.longest * 1000),
            },
        ),
        _direct(broker.dead_queue, {"x-queue-type": "quorum", "x-max-length": _MOST_DEAD}),
    ]


def transport(broker: Broker, *, is_publisher: bool) -> dict[str, Any]:
    """Return how a connection to the broker is used.

    Args:
        broker: the broker.
        is_publisher: whether it only sends, and so may wait for each answer.
    """
    if broker.is_redis:
        return {
            "visibility_timeout": broker.longest,
            "unacked_restore_interval": _RESTORING,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 30,
            "global_keyprefix": f"{broker.queue}:",
            "priority_steps": [0],
            "socket_timeout": broker.patience,
            "socket_connect_timeout": broker.patience,
            "socket_keepalive": True,
            "health_check_interval": 10,
        }
    # Also of one that listens: what it asks before it listens, nobody else would see to be unanswered.
    bounded = {"read_timeout": broker.patience, "write_timeout": broker.patience}
    return {"confirm_publish": True, **bounded} if is_publisher else bounded


def settings(broker: Broker, *, tasks_per_child: int) -> dict[str, Any]:
    """Return the settings of Celery.

    Args:
        broker: the broker.
        tasks_per_child: messages after which a child process is replaced by a new one.
    """
    return {
        **_safety(),
        **_delivery(),
        "broker_url": broker.url,
        "broker_transport_options": transport(broker, is_publisher=False),
        "broker_connection_timeout": broker.patience,
        "broker_heartbeat": _HEARTBEAT,
        "task_queues": queues(broker)[:1],
        "task_default_queue": broker.queue,
        "worker_max_tasks_per_child": tasks_per_child,
    }


def _safety() -> dict[str, Any]:
    """Nothing is understood but our own message, nothing is told, and nobody is obeyed."""
    return {
        "accept_content": [CONTENT_TYPE],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_create_missing_queues": False,
        "task_send_sent_event": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_consumer": "facefusion.jobs.celery.consumer:WakeConsumer",
    }


def _delivery() -> dict[str, Any]:
    """A message stays with the broker until its worker is through with it; a lost broker is waited for, for ever."""
    return {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_enable_prefetch_count_reduction": False,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "worker_proc_alive_timeout": 60.0,
    }


def _direct(name: str, arguments: dict[str, Any]) -> Queue:
    exchange = Exchange(name, type="direct", durable=True)
    return Queue(name, exchange, routing_key=name, durable=True, queue_arguments=arguments)
