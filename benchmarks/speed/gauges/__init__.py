"""Gauges within a job: its stages, its networks, its channels and its threads.

They are put on from outside, so that the product carries none of them but its own clock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from benchmarks.speed.gauges.channels import ChannelGauge
from benchmarks.speed.gauges.networks import NetworkGauge
from benchmarks.speed.gauges.stages import PREPARE, StageGauge
from benchmarks.speed.gauges.threads import ThreadGauge
from facefusion.engine.channel import Channel
from facefusion.engine.clock import StageClock
from facefusion.inference import session
from facefusion.inference.model_time import ModelTime
from facefusion.inference.runner import Runner
from facefusion.inference.runtime import onnxruntime

__all__ = ["PREPARE", "ChannelGauge", "NetworkGauge", "StageGauge", "ThreadGauge", "gauged"]


@contextmanager
def gauged() -> Iterator[tuple[StageGauge, NetworkGauge, ChannelGauge, ThreadGauge]]:
    """Put the gauges on while the block runs."""
    stages, threads = StageGauge(), ThreadGauge()
    networks, channels = NetworkGauge(stages), ChannelGauge(stages)
    with ExitStack() as stack:
        for owner, name, gauge in (
            (StageClock, "measure", stages.wrap),
            (ModelTime, "measure", stages.wrap_model),
            (threading.Thread, "run", threads.run),
            (onnxruntime, "InferenceSession", networks.load),
            (Runner, "run", networks.run),
            (Channel, "put", channels.put),
            (session, "open_runner", networks.open),
        ):
            stack.enter_context(mock.patch.object(owner, name, gauge(getattr(owner, name))))
        stack.enter_context(channels.looking())
        yield stages, networks, channels, threads
