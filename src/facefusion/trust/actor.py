"""Who does the work."""

from __future__ import annotations

import getpass
import os

from facefusion.options.trust import TrustOptions


def actor_of(options: TrustOptions) -> str:
    """Return who does the work: who is named, else the user of this machine."""
    if options.actor is not None:
        return options.actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"
