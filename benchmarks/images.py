"""Size and start of an image: `python -m benchmarks.images [IMAGE]`; ENGINE names docker or podman, with options."""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import sys
import time

MIB = 1 << 20
ROUNDS = 5


def main() -> int:
    """Print the figures."""
    image = sys.argv[1] if len(sys.argv) > 1 else "facefusion:cpu"
    engine = shlex.split(os.environ.get("ENGINE", "docker"))
    running = shlex.split(os.environ.get("ENGINE_RUN", ""))
    inspected = subprocess.run([*engine, "image", "inspect", image], capture_output=True, text=True, check=False)
    if inspected.returncode:
        print(f"There is no image {image} here: make image", file=sys.stderr)
        return 1
    [found] = json.loads(inspected.stdout)
    layers = len(found["RootFS"]["Layers"])
    print(f"{image}: {found['Size'] / MIB:.0f} MiB in {layers} layers")
    safety = ["--rm", "--network", "none", "--read-only", "--cap-drop", "all"]
    python = "/opt/facefusion/bin/python"
    for name, options, command in (
        ("an empty program", ["--entrypoint", python], ["-S", "-c", ""]),
        ("--version", [], ["--version"]),
        ("doctor", [], ["doctor"]),
        ("the service, imported", ["--entrypoint", python], ["-c", "import facefusion.service.serving"]),
    ):
        whole = [*engine, "run", *safety, *running, *options, image, *command]
        seconds = [_timed(whole) for _ in range(ROUNDS)]
        print(f"{name}: {statistics.median(seconds):.2f} s (median of {ROUNDS}, the engine's own start with it)")
    return 0


def _timed(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
