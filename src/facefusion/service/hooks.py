"""Webhooks and triggers, put on a service: their routes, and what sends messages beside requests."""

from __future__ import annotations

from dataclasses import replace

from facefusion.service.background.supervised import Supervised
from facefusion.service.jobs.creation import Submitter
from facefusion.service.parts import ServiceParts
from facefusion.service.triggers.routes import triggers_router
from facefusion.service.triggers.starting import Starter
from facefusion.service.triggers.store import Triggers
from facefusion.service.triggers.waiting import Waiting
from facefusion.service.webhooks.deliveries import Deliveries
from facefusion.service.webhooks.endpoints import Webhooks
from facefusion.service.webhooks.outbox import Outbox
from facefusion.service.webhooks.post import Poster
from facefusion.service.webhooks.routes import webhooks_router
from facefusion.service.webhooks.sender import WebhookSender
from facefusion.service.webhooks.settings import WebhookSettings


def with_hooks(
    parts: ServiceParts, settings: WebhookSettings, *, own: tuple[str, ...] = (), idle: float = 1.0
) -> ServiceParts:
    """Return the parts of a service that has webhooks and triggers, too.

    Args:
        parts: of the service.
        settings: of webhooks.
        own: addresses below which the service keeps files; objects there start nothing.
        idle: seconds between looks where no message is to be sent.

    Raises:
        OptionsError: the certificates or the proxy of webhooks cannot be used.
    """
    engine, derived = parts.engine, parts.records.ring.derived
    webhooks, outbox = Webhooks(engine, derived, settings), Outbox(engine, settings.tries)
    poster = Poster(settings.egress)
    figures = parts.telemetry.figures
    sender = WebhookSender(outbox, webhooks, poster, public_url=settings.public_url, idle=idle, figures=figures)
    starter = Starter(engine, Submitter(parts), own=own)
    waiting = Waiting(parts.board, parts.stopping, pause=parts.settings.poll_seconds)
    routers = (
        webhooks_router(webhooks, Deliveries(engine)),
        triggers_router(Triggers(engine, derived), starter, waiting),
    )
    return replace(
        parts, routers=(*parts.routers, *routers), beside=(*parts.beside, Supervised("webhooks", sender.run))
    )
