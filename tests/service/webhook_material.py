"""What tests of webhooks have in common."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.values import Job, NewJob
from facefusion.service.webhooks.deliveries import Deliveries
from facefusion.service.webhooks.endpoints import Webhooks
from facefusion.service.webhooks.outbox import Outbox
from facefusion.service.webhooks.post import Poster
from facefusion.service.webhooks.sender import WebhookSender
from facefusion.service.webhooks.settings import Egress, Tries, WebhookSettings
from facefusion.trust.database import open_database
from facefusion.trust.keys import KeyRing

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
LOCAL = Egress(
    networks=(ipaddress.ip_network("127.0.0.0/8"),), has_http=True, ports=frozenset(range(1024, 65536)), timeout=10
)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self, _connection: Connection) -> int:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


def opened(place: str) -> Engine:
    """A database with all tables."""
    engine = open_database(place)
    upgrade(engine)
    registered().create_all(engine)
    return engine


def emptied(engine: Engine) -> None:
    """Remove all rows."""
    names = ", ".join(table.name for table in registered().sorted_tables)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


class Place:
    """A service that sends webhooks, with a clock of its own."""

    def __init__(
        self, engine: Engine, *, egress: Egress = LOCAL, tries: Tries | None = None, ring: KeyRing | None = None
    ):
        self.engine, self.clock = engine, Clock()
        self.ring = ring or KeyRing(secrets.token_bytes(32))
        self.settings = WebhookSettings(egress=egress, tries=tries or Tries(spread=0.0))
        self.webhooks = Webhooks(engine, self.ring.derived, self.settings, clock=self.clock)
        self.deliveries = Deliveries(engine, clock=self.clock)
        self.outbox = Outbox(engine, self.settings.tries, clock=self.clock)
        self.board = JobBoard(engine, clock=self.clock)

    def sender(self, **more: object) -> WebhookSender:
        poster = Poster(self.settings.egress)
        return WebhookSender(self.outbox, self.webhooks, poster, public_url="https://faces.example.com/", **more)

    def submit(self, tenant: str = "studio", **more: object) -> Job:
        request = {"target": "s3://bucket/anna.mp4", "output": "anna.mp4"}
        return self.board.submit(NewJob(tenant, "user:anna@example.com", request, **more))


def holds(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether a message is signed with a secret: written anew from the specification of Standard Webhooks."""
    key = base64.b64decode(secret[len("whsec_") :])
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split()
