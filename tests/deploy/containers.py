"""An engine that runs containers, and the image to run: tests of it are for who names both (`make test-image`).

What lies about under the name of the image may have been made of other sources, and not every engine that is
installed can run containers."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass

IMAGE = os.environ.get("IMAGE", "")
WITHOUT = "make test-image: the image is named by IMAGE, what runs it by ENGINE"


@dataclass(frozen=True, slots=True)
class Engine:
    """Docker or podman, with what it needs here.

    Attributes:
        command: how it is called: `ENGINE`, such as `podman --runtime runc`; docker when not given.
        running: further options of `run`: `ENGINE_RUN`, such as `--ulimit nofile=1024:1024`.
        building: further options of `build`: `ENGINE_BUILD`, such as `--isolation chroot`.
    """

    command: tuple[str, ...]
    running: tuple[str, ...] = ()
    building: tuple[str, ...] = ()

    def __call__(self, *arguments: str, check: bool = True, seconds: float = 280) -> subprocess.CompletedProcess[str]:
        """Run it."""
        return subprocess.run([*self.command, *arguments], check=check, capture_output=True, text=True, timeout=seconds)

    def identifier(self, image: str = IMAGE) -> str:
        """Return the digest of an image's description."""
        said = self("image", "inspect", "--format", "{{.Id}}", image).stdout.strip()
        return f"sha256:{said.removeprefix('sha256:')}"

    def hardened(self, *arguments: str, check: bool = True, image: str = IMAGE) -> subprocess.CompletedProcess[str]:
        """Run the image without network, capabilities and a root that can be written; options stand before `--`."""
        split = arguments.index("--")
        safety = ("--network", "none", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges")
        options = ("--rm", *self.running, *safety, *arguments[:split])
        return self("run", *options, image, *arguments[split + 1 :], check=check)


def engine() -> Engine | None:
    """Return the engine that runs the image; None where no image is named."""
    if not IMAGE:
        return None
    command, running, building = (
        tuple(shlex.split(os.environ.get(name, ""))) for name in ("ENGINE", "ENGINE_RUN", "ENGINE_BUILD")
    )
    return Engine(command or ("docker",), running, building)
