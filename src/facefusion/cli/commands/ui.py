"""`facefusion ui`: the web console in the browser, with a service of its own or that of others."""

from __future__ import annotations

import argparse
import os
import webbrowser
from collections.abc import Callable
from typing import Final

from facefusion.cli.asking import ask_once
from facefusion.cli.commands.serve import serve
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.errors import FaceFusionError, OptionsError
from facefusion.options import ServingOptions, load_options, load_serving
from facefusion.ui import check_built

_SECONDS: Final = 10.0


def execute(arguments: argparse.Namespace, context: Context, *, opened: Callable[[str], bool] = webbrowser.open) -> int:
    """Open the console; serve it until a signal ends that, where nobody else does.

    Raises:
        OptionsError: the console or packages of the service are missing, the port is taken by something else, or
            options do not go together.
        ServiceUnreachableError: there is no service where one was named.
        FaceFusionError: something that the service needs cannot be used.
    """

    def show(address: str) -> None:
        if arguments.browser and not opened(address):
            context.terminal.say(f"no browser could be opened; the console is at {address}")

    if arguments.service is not None:
        _look(arguments.service)
        context.terminal.result(arguments.service)
        show(arguments.service)
        return 0
    own = f"http://127.0.0.1:{arguments.port}"
    if arguments.port and _answers(own):
        _check_own(arguments.port)
        context.terminal.result(own)
        context.terminal.say("the console runs already; this opens it once more")
        show(own)
        return 0
    options = load_options(option_values(arguments), config_path=arguments.config)
    values = option_values(arguments, ServingOptions) | {"port": arguments.port, "console": True}
    serving = load_serving(values, config_path=arguments.config)
    check_built()
    ask_once(options.trust, context.terminal)
    level, file = arguments.log_level.upper(), arguments.log_file
    serve(options, serving, context, log_level=level, log_file=file, ready=show)
    return 0


def _look(address: str) -> None:
    """Make sure that a service answers there.

    Raises:
        OptionsError: that is no address of a service.
        ServiceUnreachableError: none answers.
        ServiceAnswerError: something else answers.
    """
    from facefusion.client import Client, Retries  # noqa: PLC0415 - only where somebody else's is opened

    with Client(address, timeout=_SECONDS, retries=Retries(0)) as client:
        client.service.version()


def _check_own(port: int) -> None:
    """Make sure that no other user of this machine gets the pictures that are meant for one's own service.

    Raises:
        OptionsError: another user listens there.
    """
    from facefusion.service.gateway.local import listening_users  # noqa: PLC0415 - an extra, as the service itself

    others = listening_users(port) - {os.getuid(), 0} if hasattr(os, "getuid") else frozenset()
    if others:
        raise OptionsError(
            f"The service at port {port} is another user's of this machine",
            f"Choose another port, or say that it is meant: --service http://127.0.0.1:{port}",
        )


def _answers(address: str) -> bool:
    """Whether a service answers there that was begun before."""
    from facefusion.client import Client, Retries  # noqa: PLC0415

    try:
        with Client(address, timeout=_SECONDS, retries=Retries(0)) as client:
            return client.service.version().get("name") == "facefusion"
    except FaceFusionError:
        return False
