"""Entry point of the command line."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from facefusion.cli.allocator import keep_memory_level
from facefusion.cli.context import Context
from facefusion.cli.imports import quick_imports
from facefusion.cli.parser import parse
from facefusion.cli.terminal import Terminal, TerminalHandler
from facefusion.errors import FaceFusionError, OutputUnwritableError

if TYPE_CHECKING:
    import httpx

    from facefusion.engine.run import Runner

_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(
    argv: Sequence[str] | None = None,
    *,
    runner: Callable[[], Runner] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Run one command.

    Args:
        argv: what was typed behind `facefusion`; the process's own when None.
        runner: returns what does the job of `process`; the engine when None.
        transport: what carries requests for weights; the network when None.

    Returns:
        The exit status: 0, or the `exit_code` of the error that was raised.
    """
    keep_memory_level()
    terminal = Terminal(sys.stdout, sys.stderr)
    argv = sys.argv[1:] if argv is None else argv
    try:
        arguments = parse(argv)
        terminal.quiet = arguments.quiet
        with _logging(terminal, arguments.log_level), _log_file(arguments):
            return _execute(arguments, Context(terminal, runner or _engine, transport))
    except BrokenPipeError:
        _forget_stdout()
        return _BROKEN_PIPE
    except SystemExit as stop:
        return int(stop.code or 0)
    except KeyboardInterrupt:
        terminal.error("stopped")
        return _INTERRUPTED
    except FaceFusionError as error:
        return _report(terminal, str(error), error.exit_code, "--traceback" in argv)
    except Exception as error:  # noqa: BLE001 - the last place where a bug can be told in one line
        return _report(terminal, _unexpected(error), 1, "--traceback" in argv)


def _execute(arguments: argparse.Namespace, context: Context) -> int:
    """Import a command only when it is wanted, because most take long to import."""
    with quick_imports():
        module = importlib.import_module(f"facefusion.cli.commands.{arguments.command}")
    return int(module.execute(arguments, context))


def _engine() -> Runner:
    with quick_imports():
        return cast("Runner", importlib.import_module("facefusion.engine.run").run)


@contextlib.contextmanager
def _logging(terminal: Terminal, level: str) -> Iterator[None]:
    """Show our own records from `level` on, and what other packages warn of."""
    root, ours, handler = logging.getLogger(), logging.getLogger("facefusion"), TerminalHandler(terminal)
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)


@contextlib.contextmanager
def _log_file(arguments: argparse.Namespace) -> Iterator[None]:
    """Write records, and the error that ends the work, into a file that tells of no path, face or secret."""
    if arguments.log_file is None:
        yield
        return
    from facefusion.trust.privacy.logs import Redactor, known_paths, log_file_handler  # noqa: PLC0415 - seldom wanted

    redactor, root = Redactor(), logging.getLogger()
    for path in known_paths([*vars(arguments).values(), Path.home(), Path.cwd()]):
        redactor.add_path(path)
    try:
        handler = log_file_handler(arguments.log_file, redactor)
    except OSError as error:
        raise OutputUnwritableError(
            f"The log {arguments.log_file} cannot be written: {error.strerror or error}", "Choose another --log-file"
        ) from error
    root.addHandler(handler)
    try:
        yield
    except Exception:
        logging.getLogger("facefusion").error("The command failed", exc_info=True)
        raise
    finally:
        root.removeHandler(handler)
        handler.close()


def _report(terminal: Terminal, what: str, exit_code: int, with_traceback: bool) -> int:
    if with_traceback:
        terminal.warn(traceback.format_exc())
    terminal.error(what)
    return exit_code


def _unexpected(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory. Use a smaller picture."
    return f"{type(error).__name__}: {error}. This is a bug. Run again with --traceback and report what it prints."


def _forget_stdout() -> None:
    """Keep the interpreter from complaining once more when it flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
