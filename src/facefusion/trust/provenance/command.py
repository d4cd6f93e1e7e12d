"""Signing by a program: for keys that never leave a hardware module or a key service."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from typing import Final

from facefusion.errors import SigningError

_PATIENCE: Final = 60.0


def command_signing(command: str, timeout: float = _PATIENCE) -> Callable[[bytes], bytes]:
    """Return what signs by running a program, without a shell.

    Args:
        command: the program and its arguments, such as `pkcs11-tool --sign --id 01 …` or a script around the client of
            a key service. It gets the bytes to be signed on stdin and writes the signature alone to stdout.
        timeout: seconds after which it has failed.

    Raises:
        SigningError: the command is not understood.
    """
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise SigningError(f"The signing command is not understood: {error}", "Check its quotes") from error
    if not words:
        raise SigningError("The signing command is empty", "Name a program")

    def sign(data: bytes) -> bytes:
        try:
            done = subprocess.run(words, input=data, capture_output=True, timeout=timeout, check=False)
        except OSError as error:
            raise SigningError(f"The signing command {words[0]} cannot be run: {error.strerror}", "Check it") from error
        except subprocess.TimeoutExpired as error:
            raise SigningError(f"The signing command {words[0]} did not answer in {timeout:g} s", "Check it") from error
        if done.returncode or not done.stdout:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = f": {said[-1]}" if said else ""
            raise SigningError(f"The signing command {words[0]} failed ({done.returncode}){reason}", "Run it by hand")
        return done.stdout

    return sign
