"""What may be typed behind `facefusion ui`, beside the options of the service."""

from __future__ import annotations

import argparse
from typing import Final

PORT: Final = 7860


def add_ui_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that only this command has."""
    group = parser.add_argument_group("console")
    group.add_argument(
        "--port",
        type=int,
        default=PORT,
        metavar="N",
        help=f"port on which it listens; 0 takes any that is free [0 to 65535; default: {PORT}]",
    )
    group.add_argument(
        "--browser",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open it in the browser [default: yes]",
    )
    group.add_argument(
        "--service",
        metavar="URL",
        help="open the console of a service that runs elsewhere, such as https://faces.example.com, and begin none",
    )
