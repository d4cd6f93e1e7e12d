"""`facefusion serve`: answer requests over HTTP until somebody says stop."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.signals import each_signal
from facefusion.errors import OptionsError
from facefusion.options import Options, ServingOptions, load_options, load_serving


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Serve; the first SIGTERM or Ctrl-C answers what was asked and finishes what is begun, the second gives it back.

    Raises:
        OptionsError: packages of the service are missing, the port is taken, or options do not go together.
        FaceFusionError: something that the service needs cannot be used.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    ask_once(options.trust, context.terminal)
    level, file = arguments.log_level.upper(), arguments.log_file
    serve(options, serving, context, log_level=level, log_file=file)
    return 0


def serve(
    options: Options,
    serving: ServingOptions,
    context: Context,
    *,
    log_level: str,
    log_file: Path | None = None,
    ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve until a signal ends it.

    Args:
        options: of this place.
        serving: of the service.
        context: where it says how it goes.
        log_level: from which on workers log to stderr.
        log_file: to which they log as well; none when None.
        ready: called with the address once requests are answered.

    Raises:
        OptionsError: as `execute`.
        FaceFusionError: as `execute`.
    """
    try:
        from facefusion.jobs.monitoring.showing import gathering  # noqa: PLC0415 - all of them extras
        from facefusion.service.serving import Server, opened_service  # noqa: PLC0415
        from facefusion.telemetry.listening import listening  # noqa: PLC0415
        from facefusion.telemetry.telemetry import Telemetry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise OptionsError(
            f"The service needs the package {error.name}, which is not installed",
            "Run pip install 'facefusion[service]'",
        ) from error
    socket = listening(serving.service.host, serving.service.port)
    with socket, gathering(serving, context.terminal.say) as place:
        port, told = int(socket.getsockname()[1]), Telemetry.of(serving, "service")
        with opened_service(
            options, serving, port=port, log_level=log_level, log_file=log_file, telemetry=told
        ) as service:
            scheme = "http" if serving.access.tls_certificate is None else "https"
            name = f"[{serving.service.host}]" if ":" in serving.service.host else serving.service.host
            terminal, pool = context.terminal, service.pool

            def begun() -> None:
                address = f"{scheme}://{name}:{port}"
                terminal.result(address)
                workers = "workers of other machines" if pool is None else f"{serving.worker.workers} worker(s) here"
                terminal.say(f"ready, with {workers}; Ctrl-C ends it")
                ready(address)

            def give_back() -> None:
                if pool is not None:
                    pool.give_back()

            def stop() -> None:
                terminal.say("finishing what is begun; once more gives it back")

            # The server takes signals itself while it runs, and hands them on to these when it has ended.
            figures = nullcontext() if place is None else place.shown(service.parts.engine, [service.figures])
            with each_signal(stop, give_back), figures:
                Server(service, serving, begun).run(sockets=[socket])
                if pool is not None:
                    pool.stop()
