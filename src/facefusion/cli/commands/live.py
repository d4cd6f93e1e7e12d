"""`facefusion live`: frames of a camera or a pipe, edited as they come."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import closing
from pathlib import Path

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.signals import cancel_on_signals
from facefusion.cli.window import WindowSink
from facefusion.engine.live.figures import LiveFigures
from facefusion.engine.live.prepare import CAMERA, check_live, is_camera
from facefusion.engine.live.run import run_live
from facefusion.errors import InputError
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.live.camera import open_camera
from facefusion.media.live.pipe import open_pipe
from facefusion.media.live.sinks import DeviceSink, EncodedSink, LiveSink, Pipe, pipe_sink
from facefusion.media.live.source import LiveSource
from facefusion.media.output import check_output
from facefusion.options import Options, load_options

_WINDOW = "window"


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Edit until the input ends, the window is closed, whoever reads goes away, or somebody stops it.

    Raises:
        BrokenPipeError: whoever read the frames went away.
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    terminal = context.terminal
    check_live(options)
    ask_once(options.trust, terminal)

    def report(figures: LiveFigures) -> None:
        terminal.say(describe(figures))

    def end(figures: LiveFigures) -> None:
        if figures.came:
            terminal.say(f"in all: {describe(figures)}")

    with cancel_on_signals(lambda: terminal.say("stopping; once more stops at once")) as cancellation:
        cancel = cancellation.event
        try:
            opened = open_source(options, cancel)
        except InputError:
            if cancel.is_set():  # nothing came, and nobody waits for it any more
                return 0
            raise
        with closing(opened) as source:
            sink = open_sink(options, cancel)
            run_live(options, source, sink, cancel=cancel, report=report, end=end, notify=terminal.note)
    return 0


def open_source(options: Options, cancel: threading.Event | None = None) -> LiveSource:
    """Open what the target names: a camera when nothing is named, stdin, a pipe or a file.

    Args:
        options: all options.
        cancel: ends the wait for what comes through a pipe.

    Raises:
        InputError: it cannot be opened.
        OptionsError: options do not suit it.
    """
    path = options.target_path
    if path is not None and not is_camera(path):
        stdin = sys.stdin.fileno() if str(path) == "-" else -1
        return open_pipe(path, options.live, options.limits, stdin, cancel)
    name = "" if path is None or str(path) == CAMERA else str(path)
    return open_camera(name, options.live, options.limits)


def open_sink(options: Options, cancel: threading.Event | None = None) -> LiveSink:
    """Open what the output names: a window when nothing is named, stdout, a device or a file.

    Args:
        options: all options.
        cancel: ends the wait for whoever reads stdout.

    Raises:
        OutputError: it cannot be opened.
        OptionsError: options do not suit it.
    """
    path, live = options.output_path, options.live
    if path is None or str(path) == _WINDOW:
        return WindowSink("FaceFusion", mirror=live.live_mirror)
    wish = VideoWish.of(options.output)
    if str(path) == "-":
        return pipe_sink(Pipe(sys.stdout.fileno(), cancel), live.live_output_format, live.live_pixel_format, wish)
    if path.is_char_device() or (path.is_relative_to("/dev") and not path.exists()):
        return DeviceSink(path)
    inputs = [each for each in (*options.source_paths, options.target_path) if each is not None]
    check_output(path, inputs=[Path(each) for each in inputs], overwrite=options.output.overwrite, kind="video")
    return EncodedSink(path, "", wish, path, is_live=False)


def describe(figures: LiveFigures) -> str:
    """Return figures in one line."""
    return (
        f"{figures.came} frames in, {figures.shown} out, {figures.dropped} dropped, {figures.rate:.1f} frames/s, "
        f"latency {figures.latency:.0f} ms (95 %: {figures.latency95:.0f} ms)"
    )
