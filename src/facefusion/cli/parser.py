"""What may be typed: commands, flags, help."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from facefusion.cli.audit_parser import parse_audit
from facefusion.cli.backup_parser import parse_backup
from facefusion.cli.batch_parser import USAGE, add_batch_flags
from facefusion.cli.capacity_parser import add_capacity_flags
from facefusion.cli.chains_parser import parse_chains
from facefusion.cli.consent_parser import parse_blocklist, parse_consent
from facefusion.cli.face_parser import READING_OPTIONS, parse_face
from facefusion.cli.flags import add_option_flags, further_spellings
from facefusion.cli.job_parser import PLACE_GROUPS, parse_job
from facefusion.cli.keys_parser import parse_keys, parse_tenants
from facefusion.cli.models_parser import parse_models
from facefusion.cli.policy_parser import parse_policy
from facefusion.cli.storage_parser import parse_storage
from facefusion.cli.trust_parser import parse_trust, parse_verify
from facefusion.cli.ui_parser import add_ui_flags
from facefusion.cli.users_parser import parse_users
from facefusion.cli.verbs import add_json
from facefusion.errors import OptionsError
from facefusion.options import Options, ServingOptions, iter_leaves

COMMANDS = {
    "process": "edit faces in a picture or video; the default command",
    "batch": "edit many pictures and videos in one go, several at once",
    "preview": "write one frame of the target as the job would give it",
    "live": "edit the frames of a camera or a pipe as they come",
    "inspect": "list and draw the faces found in a picture or video",
    "face": "build, list and show face files, which keep a source face",
    "models": "list, fetch, check and add the weights of models",
    "ui": "open the web console in the browser, with workers of its own",
    "serve": "answer requests over HTTP, with workers of its own",
    "worker": "do jobs of the database until it is stopped",
    "job": "hand in jobs, look after them, fetch results; or do one in steps",
    "audit": "show and check what was done and by whom; erase people",
    "storage": "remove what is kept no longer, and encrypt files",
    "consent": "put consents on record, show, revoke and pass them on",
    "blocklist": "list faces that are not to be used, and those that may be",
    "policy": "show, check and sign what every job has to keep to",
    "verify": "say which marks files bear, who signed them, and whether they hold",
    "trust": "keys and certificates of this place; accept the terms",
    "keys": "make, list, revoke and replace keys of the service",
    "users": "people of the service who sign in with a password",
    "tenants": "for whom the service works, and how much each may have",
    "backup": "keep jobs, records and keys, check what was kept, and put it back",
    "capacity": "say how long work takes, and what it needs",
    "doctor": "check this machine or a cluster, and say what to do",
    "chains": "save, list and pass on processors with settings of their own",
    "processors": "list what can be done here, and how to get the rest",
}
_PROCESSORS_OPTIONS = ("models_dir", "shared_models_dirs", "license_policy", "processor_options")
_OF_WORKERS = frozenset(("jobs", "storage", "worker", "monitoring"))
_COMMON_WITH_VALUE = ("--config", "--log-level", "--log-file")
_COMMON = (*_COMMON_WITH_VALUE, "--quiet", "--traceback")
_LOG_LEVELS = ("debug", "info", "warning", "error")
_TOP_EPILOG = """\
the main job:
  facefusion --source me.jpg --target clip.mp4 --output result.mp4

`facefusion COMMAND --help` shows the options of a command.
"""
_PROCESS_EPILOG = """\
Lists may be given as `a b`, as `a,b`, or by repeating the flag. Any option may
also stand in the environment (FACEFUSION_BLEND_RATIO=0.7) or in facefusion.toml
(blend_ratio = 0.7): the command line wins, then the environment, then the file.

further spellings:
"""

_LIVE_EPILOG = """\
--target is a camera (the first when nothing is named, /dev/video1, a number on
macOS, a name on Windows), - for stdin, a named pipe, or a file. --output is a
window (when nothing is named), - for stdout, a file such as out.mkv, or a
virtual camera such as /dev/video9. Sound is not carried.
"""


_WORKER_EPILOG = """\
SIGTERM and Ctrl-C: the first finishes what is begun, the second gives it back
to the queue. Options of a job come with each job.
"""

_DOCTOR_EPILOG = """\
Options below `doctor` go with --cluster: they say where the cluster is, and are
those of the service and its workers. It ends with 1 where something fails.
"""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as written and shows a list as `FILE ...`."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        if isinstance(action.metavar, tuple):
            return " ".join(action.metavar)
        return super()._format_args(action, default_metavar)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """Raises instead of leaving the program, so that every error ends in one place."""

    def __init__(self, prog: str, usage: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog, usage, description, epilog, formatter_class=HelpFormatter, allow_abbrev=False, add_help=False
        )

    def error(self, message: str) -> NoReturn:
        """Turn a mistake of typing into an `OptionsError`."""
        raise OptionsError(message[:1].upper() + message[1:], self._suggest(message))

    def _suggest(self, message: str) -> str:
        typed = message.removeprefix("unrecognized arguments: ").split()[0].split("=")[0]
        known = [spelling for spelling in self._option_string_actions if spelling.startswith("--")]
        near = difflib.get_close_matches(typed, known, n=1) if typed.startswith("--") else []
        return f"Perhaps you meant {near[0]}" if near else f"Run `{self.prog} --help` for what there is"


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; flags without a command belong to `process`.

    Raises:
        OptionsError: something was typed that is not understood.
        SystemExit: help or version was asked for, and printed.
    """
    if not argv or argv[0] in {"-h", "--help", "--version"}:
        return _top_parser().parse_args(argv or ["--help"])
    command, rest = _split(list(argv))
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"The commands are {', '.join(COMMANDS)}"
        raise OptionsError(f"There is no command {command!r}", hint)
    if command in _FAMILIES:
        return _FAMILIES[command](rest, Parser, _with_common, lambda: _sentence(COMMANDS[command]))
    return _COMMAND_PARSERS[command]().parse_args(rest, argparse.Namespace(command=command))


def _split(argv: list[str]) -> tuple[str, list[str]]:
    """Find the command, which may stand behind flags that all commands have."""
    position = 0
    while position < len(argv) and argv[position].split("=")[0] in _COMMON:
        position += 2 if argv[position] in _COMMON_WITH_VALUE else 1
    if position >= len(argv) or argv[position].startswith("-"):
        return "process", argv
    return argv[position], argv[:position] + argv[position + 1 :]


def _top_parser() -> Parser:
    summaries = "\n".join(f"  {name:11} {summary}" for name, summary in COMMANDS.items())
    parser = Parser(
        "facefusion",
        "facefusion [COMMAND] [options]",
        f"Edits faces in pictures and video, privately, on your own machine.\n\ncommands:\n{summaries}",
        _TOP_EPILOG,
    )
    group = parser.add_argument_group("options")
    group.add_argument("-h", "--help", action="help", help="show this help")
    group.add_argument(
        "--version", action="version", version=f"facefusion {version('facefusion')}", help="show the version"
    )
    return parser


def _process_parser() -> Parser:
    parser = _command_parser("process", "-s FILE ... -t FILE -o FILE [options]")
    parser.epilog = _PROCESS_EPILOG + further_spellings(iter_leaves(Options))
    add_option_flags(parser, lambda leaf: leaf.path[:1] != ("live",))
    return _with_common(parser)


def _live_parser() -> Parser:
    parser = _command_parser("live", "-s FILE ... [-t CAMERA] [-o FILE] [options]")
    parser.epilog = _LIVE_EPILOG
    add_option_flags(parser, lambda leaf: leaf.path[:1] != ("input",))
    return _with_common(parser)


def _preview_parser() -> Parser:
    parser = _command_parser("preview", "-s FILE ... -t FILE [--frame N] -o PICTURE [options]")
    group = parser.add_argument_group("preview")
    place = group.add_mutually_exclusive_group()
    place.add_argument("--frame", type=_number, metavar="N", help="number of the frame, from 0 [0]")
    place.add_argument("--time", type=float, metavar="X", help="a moment instead: seconds from the first frame")
    group.add_argument(
        "--history", type=_number, default=12, metavar="N", help="frames before it that are gone through first [12]"
    )
    group.add_argument("--compare", action="store_true", help="write the frame before and after, side by side")
    group.add_argument("--boxes", action="store_true", help="draw the faces found into the frame before")
    group.add_argument("--max-side", type=_count, metavar="N", help="longest side of a frame in pixels [its own]")
    add_json(group)
    add_option_flags(parser, lambda leaf: leaf.path[:1] != ("live",))
    return _with_common(parser)


def _batch_parser() -> Parser:
    parser = _command_parser("batch", USAGE)
    add_batch_flags(parser)
    return _with_common(parser)


def _worker_parser() -> Parser:
    parser = _command_parser("worker", "[options]")
    parser.epilog = _WORKER_EPILOG
    add_option_flags(parser, lambda leaf: leaf.path[0] in _OF_WORKERS, ServingOptions)
    add_option_flags(parser, lambda leaf: leaf.path[:1] != () and leaf.path[0] in PLACE_GROUPS)
    return _with_common(parser)


def _serve_parser() -> Parser:
    parser = _command_parser("serve", "[options]")
    add_option_flags(parser, lambda leaf: bool(leaf.path), ServingOptions)
    add_option_flags(parser, lambda leaf: leaf.path[:1] != () and leaf.path[0] in PLACE_GROUPS)
    return _with_common(parser)


def _ui_parser() -> Parser:
    parser = _command_parser("ui", "[options]")
    add_ui_flags(parser)
    own = {"port", "console"}
    add_option_flags(parser, lambda leaf: bool(leaf.path) and leaf.name not in own, ServingOptions)
    add_option_flags(parser, lambda leaf: leaf.path[:1] != () and leaf.path[0] in PLACE_GROUPS)
    return _with_common(parser)


def _inspect_parser() -> Parser:
    parser = _command_parser("inspect", "FILE [options]")
    group = parser.add_argument_group("inspect")
    group.add_argument("file", type=Path, metavar="FILE", help="picture or video")
    group.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="annotated picture to write [default: FILE's stem + .faces.jpg, here]",
    )
    group.add_argument("--samples", type=_count, default=8, metavar="N", help="frames of a video to look at [8]")
    add_json(group)
    add_option_flags(parser, lambda leaf: leaf.name in READING_OPTIONS)
    return _with_common(parser)


def _doctor_parser() -> Parser:
    parser = _command_parser("doctor", "[--cluster] [options]")
    parser.epilog = _DOCTOR_EPILOG
    group = parser.add_argument_group("doctor")
    group.add_argument(
        "--cluster", action="store_true", help="check what the service and all its workers need and share instead"
    )
    group.add_argument(
        "--timeout", type=_seconds, default=15.0, metavar="X",
        help="with --cluster: seconds after which what has not answered counts as failed [15]",
    )  # fmt: skip
    add_json(group)
    groups = {"jobs", "storage", "worker", "webhooks"}
    names = {"tls_certificate", "redis"}
    add_option_flags(
        parser, lambda leaf: bool(leaf.path) and (leaf.path[0] in groups or leaf.name in names), ServingOptions
    )
    add_option_flags(parser, lambda leaf: leaf.path[:1] != () and leaf.path[0] in {"trust", "models"})
    return _with_common(parser)


def _capacity_parser() -> Parser:
    parser = _command_parser("capacity", "(--frames N | --hours X) [options]")
    add_capacity_flags(parser)
    return _with_common(parser)


def _processors_parser() -> Parser:
    parser = _command_parser("processors", "[options]")
    add_json(parser.add_argument_group("processors"))
    add_option_flags(parser, lambda leaf: leaf.name in _PROCESSORS_OPTIONS)
    return _with_common(parser)


def _command_parser(name: str, usage: str) -> Parser:
    return Parser(f"facefusion {name}", f"facefusion {name} {usage}", _sentence(COMMANDS[name]))


def _sentence(summary: str) -> str:
    return summary[:1].upper() + summary[1:] + "."


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 600:
        raise ValueError(text)
    return number


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _with_common(parser: Parser) -> Parser:
    group = parser.add_argument_group("every command")
    group.add_argument("-h", "--help", action="help", help="show this help")
    group.add_argument("--config", type=Path, metavar="FILE", help="TOML file with options")
    group.add_argument(
        "--log-level",
        choices=_LOG_LEVELS,
        default="warning",
        metavar="LEVEL",
        help=f"{', '.join(_LOG_LEVELS)} [default: warning]",
    )
    group.add_argument(
        "--log-file",
        type=Path,
        metavar="FILE",
        help="also write the log as JSON lines, without paths, faces or secrets",
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but errors")
    group.add_argument("--traceback", action="store_true", help="show where in the code an error arose")
    return parser


_COMMAND_PARSERS = {
    "process": _process_parser,
    "batch": _batch_parser,
    "ui": _ui_parser,
    "serve": _serve_parser,
    "worker": _worker_parser,
    "preview": _preview_parser,
    "live": _live_parser,
    "inspect": _inspect_parser,
    "capacity": _capacity_parser,
    "doctor": _doctor_parser,
    "processors": _processors_parser,
}
_FAMILIES = {
    "backup": parse_backup,
    "job": parse_job,
    "face": parse_face,
    "chains": parse_chains,
    "models": parse_models,
    "audit": parse_audit,
    "storage": parse_storage,
    "consent": parse_consent,
    "blocklist": parse_blocklist,
    "policy": parse_policy,
    "trust": parse_trust,
    "verify": parse_verify,
    "keys": parse_keys,
    "users": parse_users,
    "tenants": parse_tenants,
}
"""Commands with verbs of their own, each read by a module of its own."""
