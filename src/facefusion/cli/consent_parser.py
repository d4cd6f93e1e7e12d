"""What may be typed behind `consent` and `blocklist`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_PLACE: Final = ("trust_dir", "trust_database", "trust_database_password_file", "tenant", "actor")
_FACES: Final = (
    *_PLACE,
    *("face_detector_score", "face_selector_order", "execution_providers", "max_pixels"),
    *("source_face_position", "source_face_min_size", "source_face_max_yaw", "source_face_min_sharpness"),
    *("source_face_max_distance", "models_dir", "shared_models_dirs", "license_policy"),
)


def parse_consent(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `consent`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("consent", _CONSENT, argv, make=make, finish=finish, describe=describe)


def parse_blocklist(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `blocklist`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("blocklist", _BLOCKLIST, argv, make=make, finish=finish, describe=describe)


def _pictures(group: argparse._ArgumentGroup) -> None:
    group.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE", help="pictures of one person's face")


def _id(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="ID", help="as `list` shows it")


def _file(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="file that `consent export` wrote")
    group.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.pem",
        help="public key of the place that exported it, as its `consent key` prints it [default: this place's own]",
    )


def _until(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--until", metavar="TIME", help="last day (2027-06-30, in UTC), or moment (2027-06-30T12:00+02:00)"
    )


def _add(group: argparse._ArgumentGroup) -> None:
    _pictures(group)
    group.add_argument("--granted-by", required=True, metavar="NAME", help="who gave it: the person, or their agent")
    group.add_argument("--name", metavar="NAME", help="whose face it is, where a name is to be kept")
    group.add_argument(
        "--project", dest="of_project", metavar="NAME", help="the only project that it is for [default: all]"
    )
    group.add_argument(
        "--processors", dest="of_processors", nargs="+", default=[], metavar="NAME",
        help="the only processors that it is for [default: all]",
    )  # fmt: skip
    group.add_argument(
        "--territories", nargs="+", default=[], metavar="CC",
        help="where outputs may be shown, as two letters such as DE [default: everywhere]",
    )  # fmt: skip
    group.add_argument("--from", dest="begins", metavar="TIME", help="first day, or moment [default: now]")
    _until(group)
    group.add_argument(
        "--evidence", nargs="+", default=[], metavar="KIND=FILE",
        help="files that show it, kept encrypted; KIND: agreement, identity, signature, other",
    )  # fmt: skip
    add_json(group)


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--all", action="store_true", help="show those that were revoked or ended as well")
    add_json(group)


def _show(group: argparse._ArgumentGroup) -> None:
    _id(group)
    add_json(group)


def _evidence(group: argparse._ArgumentGroup) -> None:
    _id(group)
    group.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder for the files")


def _revoke(group: argparse._ArgumentGroup) -> None:
    _id(group)
    group.add_argument("--reason", default="", metavar="TEXT", help="why")


def _export(group: argparse._ArgumentGroup) -> None:
    _id(group)
    group.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="file, such as anna.consent")
    group.add_argument(
        "--with-face", action="store_true", help="with what another place needs to know the face by: biometric data"
    )
    group.add_argument("--with-evidence", action="store_true", help="with the files of evidence, readable")


def _import(group: argparse._ArgumentGroup) -> None:
    _file(group)


def _verify(group: argparse._ArgumentGroup) -> None:
    _file(group)
    add_json(group)


def _nothing(group: argparse._ArgumentGroup) -> None:
    """Take no flags."""


def _block(group: argparse._ArgumentGroup) -> None:
    _pictures(group)
    group.add_argument("--basis", required=True, metavar="TEXT", help="legal ground on which the face is kept")
    group.add_argument("--reason", default="", metavar="TEXT", help="why it is on the list")
    _until(group)
    group.add_argument(
        "--allow", action="store_true", help="put it onto the list of those that may be used all the same"
    )
    add_json(group)


_CONSENT: Final = {
    "add": Verb("put a consent on record", "PICTURE ... --granted-by NAME [options]", _add, _FACES),
    "list": Verb("list the consents that hold", "[options]", _list, _PLACE),
    "show": Verb("show a consent, and check its evidence", "ID [options]", _show, _PLACE),
    "evidence": Verb("write the files of evidence into a folder", "ID --output FOLDER [options]", _evidence, _PLACE),
    "revoke": Verb("note that a consent holds no more; work that relies on it stops", "ID [options]", _revoke, _PLACE),
    "erase": Verb("forget a consent, the face and the evidence", "ID [options]", _id, _PLACE),
    "export": Verb("write a consent as a signed file", "ID --output FILE [options]", _export, (*_PLACE, "overwrite")),
    "import": Verb("take over a consent from such a file", "FILE [--key FILE.pem] [options]", _import, _PLACE),
    "verify": Verb("say whether such a file holds, without a network", "FILE [--key FILE.pem]", _verify, _PLACE),
    "key": Verb("print the public key by which others verify what is exported here", "[options]", _nothing, _PLACE),
}
_BLOCKLIST: Final = {
    "add": Verb("put a face onto the list", "PICTURE ... --basis TEXT [--allow] [options]", _block, _FACES),
    "list": Verb("list the entries", "[options]", add_json, _PLACE),
    "remove": Verb("take an entry off the list", "ID [options]", _id, _PLACE),
}
