"""The pods of `production` as processes: their arguments, variables and files, with real servers behind them."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
from benchmarks.servers import free_port, until
from production_pods import Pods, have_a_job_done, is_well, prepared


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_pods_of_production_do_a_job_and_end_in_time(pods: Pods) -> None:
    prepared(pods)
    key = json.loads(pods.run("worker", "keys", "create", "--role", "admin", "--name", "first", "--json"))["key"]
    ports = {name: {"http": free_port(), "metrics": free_port()} for name in ("service", "worker")}
    chosen = {
        name: {"FACEFUSION_METRICS_PORT": str(each["metrics"]), "FACEFUSION_PORT": str(each["http"])}
        for name, each in ports.items()
    }
    with pods.running("service", **chosen["service"]) as service, pods.running("worker", **chosen["worker"]) as worker:
        for name, process in (("service", service), ("worker", worker)):

            def begun(name: str = name, process: subprocess.Popen[bytes] = process) -> bool:
                assert process.poll() is None, (pods.folder / f"{name}.log").read_text()
                return is_well(pods, name, "startup", ports[name])

            until(begun, seconds=200)
        until(lambda: is_well(pods, "service", "readiness", ports["service"]), seconds=60)
        assert is_well(pods, "service", "liveness", ports["service"])
        assert is_well(pods, "worker", "liveness", ports["worker"])
        have_a_job_done(ports["service"], key)
        for process in (worker, service):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(120) for process in (worker, service)] == [0, 0]
