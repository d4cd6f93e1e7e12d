"""`facefusion job plan`, `run-segment`, `merge`: the steps of one job, without a database."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from facefusion.cli.asking import ask_once
from facefusion.cli.flags import option_values
from facefusion.cli.progress import show_progress
from facefusion.cli.signals import cancel_on_signals
from facefusion.cli.terminal import Terminal
from facefusion.errors import CancelledError, OptionsError
from facefusion.jobs.allowed import allowed_options
from facefusion.jobs.opening import storage_settings
from facefusion.jobs.steps import Steps, outputs_of
from facefusion.jobs.storage import open_storage
from facefusion.jobs.submitting import HandingIn
from facefusion.jobs.work.bench import Bench
from facefusion.media.output import check_place
from facefusion.options import Options, ServingOptions, load_options, load_serving, settled_values

ARRAYS: Final = (
    "SLURM_ARRAY_TASK_ID",
    "JOB_COMPLETION_INDEX",
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "CLOUD_RUN_TASK_INDEX",
)
"""Variables in which schedulers tell each task of an array its number."""
_FILES: Final = ("source_paths", "target_path", "output_path")


def _plan(arguments: argparse.Namespace, terminal: Terminal) -> int:
    options = _options(arguments)
    ask_once(options.trust, terminal)
    with _steps(arguments, terminal, options) as steps:
        handing = HandingIn(steps.bench.storage, options.trust.tenant)
        job = steps.plan(handing.request(settled_values(option_values(arguments), config_path=arguments.config)))
    segments = job["segments"]
    told = {"work": arguments.work, "plan": job["plan"]["digest"], "segments": len(segments)}
    terminal.result(json.dumps({**told, "frames": sum(segments), "numbers": list(range(len(segments)))}))
    return 0


def _run_segment(arguments: argparse.Namespace, terminal: Terminal) -> int:
    number = _number(arguments)
    with _steps(arguments, terminal, _options(arguments)) as steps:
        count = len(steps.segments()) if arguments.of is not None else number + 1
        for each in range(number, count, arguments.of or 1):
            made = steps.run_segment(each)
            terminal.result(json.dumps({"segment": each, "made": made}))
    return 0


def _merge(arguments: argparse.Namespace, terminal: Terminal) -> int:
    options = _options(arguments)
    with _steps(arguments, terminal, options) as steps:
        result = steps.merge()
        fetched = []
        for name, stored in outputs_of(result) if arguments.to is not None else ():
            path = arguments.to / name
            overwrite = "overwrite" in option_values(arguments) and options.output.overwrite
            check_place(path, inputs=(), overwrite=overwrite)
            steps.bench.storage.get(stored, path)
            fetched.append(str(path))
    terminal.result(json.dumps({**result, **({"files": fetched} if fetched else {})}))
    return 0


def _options(arguments: argparse.Namespace) -> Options:
    """Return the options of the place: what is typed of the job goes into its request alone."""
    own = {*_FILES, *allowed_options()}
    given = {name: value for name, value in option_values(arguments).items() if name not in own}
    return load_options(given, config_path=arguments.config)


@contextmanager
def _steps(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> Iterator[Steps]:
    """Give the steps of a job, which signals stop.

    Raises:
        CancelledError: they did.
    """
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    storage = open_storage(arguments.work, storage_settings(serving))
    bench = Bench.of(options, serving, storage=storage, board=None)
    with cancel_on_signals(lambda: terminal.say("stopping; once more stops at once")) as cancellation:
        try:
            with show_progress(terminal) as progress:
                yield Steps(bench, progress, cancellation.event)
        except CancelledError as error:
            terminal.error(str(error))
            raise SystemExit(cancellation.exit_code) from error


def _number(arguments: argparse.Namespace) -> int:
    if arguments.number is not None:
        return int(arguments.number)
    told: Any = next((os.environ[name] for name in ARRAYS if os.environ.get(name)), None)
    if told is None or not (told.isascii() and told.isdigit()):
        raise OptionsError("Nobody says which segment to make", f"Give --number, or set one of {', '.join(ARRAYS)}")
    return int(told)


STEPS: Final[dict[str, Callable[[argparse.Namespace, Terminal], int]]] = {
    "plan": _plan,
    "run-segment": _run_segment,
    "merge": _merge,
}
"""The verbs that need no database."""
