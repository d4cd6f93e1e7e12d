"""Webhooks: the proxy on their way, and messages that do not arrive."""

from __future__ import annotations

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select

from facefusion.jobs.database import database_time, reading
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOKS
from facefusion.service.cluster.values import Finding, Place, shown_address

_SECONDS: Final = 5.0
_HOUR: Final = 3600 * 1_000_000


def look_proxy(place: Place) -> Finding:
    """Look whether the proxy takes connections, and whether the certificates can be read that receivers need."""
    webhooks = place.serving.webhooks
    if webhooks.webhook_certificates is not None:
        try:
            ssl.create_default_context(cafile=webhooks.webhook_certificates)
        except (OSError, ssl.SSLError) as error:
            return Finding(
                "fail",
                f"the certificates {webhooks.webhook_certificates} cannot be used: {error.strerror or error}",
                "name a file in PEM with --webhook-certificates",
            )
    if webhooks.webhook_proxy is None:
        return Finding("ok", "none is named: messages go to their receivers directly")
    parts = urlsplit(webhooks.webhook_proxy)
    shown = shown_address(webhooks.webhook_proxy)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=_SECONDS):
            return Finding("ok", f"{shown} takes connections")
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding("fail", f"{shown} takes no connections: {reason}", "start it, or name another --webhook-proxy")


def look_deliveries(place: Place) -> Finding:
    """Look how many messages wait for long, and how many were given up lately."""
    with place.database() as engine, reading(engine) as connection:
        now = database_time(connection)
        hooks = connection.execute(select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.is_enabled)).scalar_one()
        waiting = (DELIVERIES.c.state == "waiting") & (DELIVERIES.c.since < now - _HOUR)
        dead = (DELIVERIES.c.state == "dead") & (DELIVERIES.c.ended > now - 24 * _HOUR)
        late, lost = (
            connection.execute(select(func.count()).select_from(DELIVERIES).where(which)).scalar_one()
            for which in (waiting, dead)
        )
    found = f"{hooks} are enabled; {late} messages wait for more than an hour, {lost} were given up in the last day"
    if late or lost:
        return Finding("warn", found, "look at GET /v1/webhooks/ID/deliveries for what their receivers answer")
    return Finding("ok", found)
