"""`facefusion worker`: do jobs of the database until somebody says stop."""

from __future__ import annotations

import argparse
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.signals import each_signal
from facefusion.errors import OptionsError
from facefusion.options import Options, ServingOptions, load_options, load_serving

if TYPE_CHECKING:
    from facefusion.jobs.monitoring.showing import Place

_HUNG = 1


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Work; the first SIGTERM or Ctrl-C finishes what is begun, the second gives it back.

    Returns:
        0; 1 where work hangs that was stopped.

    Raises:
        FaceFusionError: the worker cannot be set up.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    if serving.jobs.broker is not None:
        return _woken(options, serving, context)
    from facefusion.jobs.monitoring.showing import gathering  # noqa: PLC0415

    with gathering(serving, context.terminal.say) as place:
        if serving.worker.workers > 1:
            return _several(options, serving, arguments, context, place)
        return _one(options, serving, context, place)


def _one(options: Options, serving: ServingOptions, context: Context, place: Place | None = None) -> int:
    from facefusion.jobs.devices import device_shares, visible, with_devices  # noqa: PLC0415 - before any look at cards

    [devices] = device_shares(serving.worker.devices, 1)
    os.environ.update(visible(devices))
    from facefusion.jobs.opening import open_worker  # noqa: PLC0415

    worker = open_worker(with_devices(options, devices), serving)
    terminal = context.terminal

    def drain() -> None:
        terminal.say("finishing what is begun; once more gives it back")
        worker.drain()

    terminal.say(f"worker {worker.name} is ready")
    with each_signal(drain, worker.give_back), _shown(place, serving):
        has_ended = worker.run()
    if has_ended:
        return 0
    logging.shutdown()
    os._exit(_HUNG)  # threads that hang in a driver would keep the process


def _woken(options: Options, serving: ServingOptions, context: Context) -> int:
    try:
        from facefusion.jobs.celery.serving import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise OptionsError(
            "A broker needs packages that are not installed", "Run pip install 'facefusion[celery]'"
        ) from error
    context.terminal.say(f"{serving.worker.workers} workers begin, and wait to be woken")
    return serve(options, serving, context.terminal.say)


def _several(
    options: Options, serving: ServingOptions, said: argparse.Namespace, context: Context, place: Place | None
) -> int:
    from facefusion.jobs.pool import LocalPool  # noqa: PLC0415

    pool = LocalPool(options, serving, log_level=said.log_level.upper(), log_file=said.log_file)
    over, terminal = threading.Event(), context.terminal
    terminal.say(f"{serving.worker.workers} workers begin")
    with each_signal(over.set, pool.give_back), pool.running(), _shown(place, serving):
        over.wait()
        terminal.say("finishing what is begun; once more gives it back")
    return 0


@contextmanager
def _shown(place: Place | None, serving: ServingOptions) -> Iterator[None]:
    """Show figures for as long as a block lasts, where somebody wants them."""
    if place is None:
        yield
        return
    from facefusion.jobs.opening import open_jobs  # noqa: PLC0415

    engine = open_jobs(serving)
    try:
        with place.shown(engine):
            yield
    finally:
        engine.dispose()
