"""The whole service from its options: database, storage, routes, gateway, workers; and the server in front."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn
from sqlalchemy import Engine

from facefusion.jobs.dispatch import open_dispatcher
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.opening import files_folder, open_files, open_jobs, storage_settings
from facefusion.jobs.pool import LocalPool
from facefusion.jobs.work.scratch import scratch_folder
from facefusion.options import Options, ServingOptions
from facefusion.service.app import create_app
from facefusion.service.figures import ServiceFigures
from facefusion.service.gateway.answers import strict_transport
from facefusion.service.gateway.asgi import App
from facefusion.service.gateway.opening import gateway
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.gateway.review import ReviewRules
from facefusion.service.hooks import with_hooks
from facefusion.service.live.messages import MOST_FRAME
from facefusion.service.parts import ServiceParts, make_parts
from facefusion.service.settings import ServiceSettings
from facefusion.service.system.sampler import with_samples
from facefusion.service.system.watch import SystemWatch
from facefusion.service.told_requests import ToldRequests
from facefusion.service.webhooks.settings import Egress, WebhookSettings
from facefusion.telemetry.listening import BACKLOG
from facefusion.telemetry.telemetry import Telemetry
from facefusion.trust.acknowledgement import ensure_acknowledged
from facefusion.trust.actor import actor_of
from facefusion.trust.home import trust_home
from facefusion.trust.policy import policy_in_force
from facefusion.trust.privacy.work import work_folder
from facefusion.ui import is_built
from facefusion.ui.files import Console

_GRACE_SECONDS: Final = 30
_HEAD: Final = 64
"""Bytes that a message may have beside a picture."""
Checks = tuple[tuple[str, Callable[[], Any]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service that is set up, and not yet served.

    Attributes:
        app: that answers requests, with the gateway in front, and the console.
        parts: that it works with.
        pool: its own workers; None where others work.
        figures: of this process, for whoever asks.
    """

    app: App
    parts: ServiceParts
    pool: LocalPool | None
    figures: ServiceFigures


@contextmanager
def opened_service(
    options: Options,
    serving: ServingOptions,
    *,
    port: int,
    log_level: str = "WARNING",
    log_file: Path | None = None,
    telemetry: Telemetry | None = None,
) -> Iterator[Service]:
    """Set the service up for as long as a block lasts.

    Args:
        options: of this place.
        serving: of the service.
        port: on which it will listen.
        log_level: from which on its workers log to stderr.
        log_file: to which they log as well; none when None.
        telemetry: takes figures and traces; closed at the end.

    Raises:
        AcknowledgementError: nobody has said that the terms of use are known.
        OptionsError: the options do not go together.
        FaceFusionError: something that it needs cannot be used.
    """
    options = _in_force(options, serving)
    _check_acknowledged(options)
    registered()
    telemetry = telemetry or Telemetry()
    with ExitStack() as ending:
        ending.callback(telemetry.traces.close)
        engine = open_jobs(serving)
        ending.callback(engine.dispose)
        pool: LocalPool | None = None
        wake: Callable[[int], None] | None = None
        checks: Checks = ()
        if serving.jobs.broker is not None:
            wake, checks = _brokered(serving.jobs.broker, ending)
        elif serving.worker.workers:
            pool = LocalPool(options, serving, log_level=log_level, log_file=log_file)
            wake = pool.wake
        # What is on its way when this process is killed is wiped by the next that uses the scratch folder.
        scratch = ending.enter_context(work_folder(scratch_folder(serving.worker.scratch_dir)))
        parts = _parts(options, serving, engine, scratch, (wake, checks), telemetry=telemetry)
        records = parts.records
        service = create_app(parts)
        guarded = gateway(
            service,
            serving=serving,
            trust=options.trust,
            engine=engine,
            home=records.home,
            ring=records.ring,
            log=records.audit,
            port=port,
        )
        app: App = ToldRequests(guarded, telemetry)
        if pool is not None:
            pool.start()
            ending.callback(pool.stop)
        if serving.service.console and is_built():
            app = Console(app, further=strict_transport(serving.service.public_url))
        yield Service(app, parts, pool, ServiceFigures(service.state.parts, guarded))


def settings_of(serving: ServingOptions) -> ServiceSettings:
    """Return what routes have to know of the options."""
    jobs, service = serving.jobs, serving.service
    return ServiceSettings(
        public_url=(service.public_url or "").rstrip("/"),
        hosted=service.hosted,
        cut_after=jobs.cut_after,
        segment_frames=jobs.segment_frames,
        allowed_roots=jobs.allowed_roots,
        key_days=serving.access.key_days,
        max_live=serving.load.max_live,
        public_verify=serving.load.max_public_verify if serving.access.public_verify else None,
    )


class Server(uvicorn.Server):
    """Serves a service; streams of events end as soon as it is to stop.

    Args:
        service: what is served.
        serving: of the service; says where certificates lie.
        begun: called once requests are answered.
    """

    def __init__(self, service: Service, serving: ServingOptions, begun: Callable[[], None]) -> None:
        access = serving.access
        super().__init__(
            uvicorn.Config(
                service.app,
                lifespan="on",
                http="h11",  # it bounds what comes before a request is whole; the other parser does not
                ws="websockets-sansio",
                ws_max_size=MOST_FRAME + _HEAD,
                ws_per_message_deflate=False,  # pictures become no smaller, and what unpacks can be made to explode
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                backlog=BACKLOG,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                ssl_certfile=access.tls_certificate,
                ssl_keyfile=access.tls_key,
            )
        )
        self._stopping, self._begun = service.parts.stopping, begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so."""
        await super().startup(sockets)
        if self.started:
            self._begun()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal: what waits for something ends now, what is being answered is answered."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def _in_force(options: Options, serving: ServingOptions) -> Options:
    """Return the options with the strict rules where strangers are served, unless others were chosen."""
    usual = type(options.trust).model_fields["policy"].default
    is_chosen = options.trust.policy != usual
    return options.changed({"policy": "hosted"}) if serving.service.hosted and not is_chosen else options


def _check_acknowledged(options: Options) -> None:
    home = trust_home(options.trust.trust_dir, options.trust.trust_key_file)
    policy = policy_in_force(options.trust.policy, home=home).policy
    if policy.acknowledgement.required.value:
        ensure_acknowledged(home, actor_of(options.trust), given=options.trust.acknowledge)


def _brokered(url: str, ending: ExitStack) -> tuple[Callable[[int], None], Checks]:
    """Return what wakes workers of other machines, and what says whether the broker is there."""
    dispatcher = open_dispatcher(url)
    from facefusion.jobs.celery.broker import Broker  # noqa: PLC0415 - an extra, which is there by now
    from facefusion.jobs.celery.link import Link  # noqa: PLC0415

    link = Link(Broker(url))
    ending.callback(dispatcher.close)
    ending.callback(link.close)
    turn = threading.Lock()

    def check() -> None:
        with turn:
            link.waiting()

    return dispatcher.wake, (("broker", check),)


def _parts(
    options: Options,
    serving: ServingOptions,
    engine: Engine,
    scratch: Path,
    brokered: tuple[Callable[[int], None] | None, Checks],
    *,
    telemetry: Telemetry,
) -> ServiceParts:
    wake, checks = brokered
    storage = open_files(serving)
    parts = make_parts(
        engine,
        storage,
        settings_of(serving),
        options,
        quotas=Quotas(engine),
        reviews=ReviewRules.of(serving.review),
        scratch=scratch,
        wake=wake,
        checks=checks,
    )
    settings = WebhookSettings(Egress.of(serving.webhooks), public_url=serving.service.public_url)
    folder = files_folder(serving)
    watch = SystemWatch(folders={} if folder is None else {"storage": folder})
    hooked = with_hooks(replace(parts, telemetry=telemetry), settings, own=_own(serving))
    return with_samples(replace(hooked, places=storage_settings(serving), system=watch))


def _own(serving: ServingOptions) -> tuple[str, ...]:
    return () if serving.jobs.storage is None else (serving.jobs.storage,)
