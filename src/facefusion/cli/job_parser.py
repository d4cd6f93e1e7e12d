"""What may be typed behind `job`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from facefusion.cli.verbs import Verb, add_json, parse_verbs
from facefusion.jobs.allowed import allowed_options
from facefusion.jobs.states import By, JobState
from facefusion.options import Options, ServingOptions, iter_leaves

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

PLACE_GROUPS: Final = frozenset({"trust", "signing", "limits", "models", "runtime"})
"""Options of a machine and its place, as against those of a job."""
_FILES: Final = ("source_paths", "target_path", "output_path")
_PLACE: Final = tuple(
    leaf.name
    for leaf in iter_leaves(Options)
    if leaf.path and leaf.path[0] in PLACE_GROUPS and leaf.name not in allowed_options()
)
_ASKED: Final = ("tenant", "actor", "acknowledge", "trust_dir", "policy")
_DATABASE: Final = ("jobs_database", "jobs_database_password_file")
_STORE: Final = tuple(leaf.name for leaf in iter_leaves(ServingOptions) if leaf.path == ("storage",))
_BOTH: Final = (*_DATABASE, "storage", *_STORE)
_SCRATCH: Final = ("scratch_dir", "scratch_cache", "scratch_free", *_STORE)
_ARRAYS: Final = "SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX or CLOUD_RUN_TASK_INDEX"


def parse_job(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `job`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("job", _JOB, argv, make=make, finish=finish, describe=describe)


def _submit(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--priority", type=int, default=4, metavar="N", help="0 to 9; higher goes first [4]")
    group.add_argument("--deliver-to", metavar="ADDRESS", help="copy the result there, such as s3://bucket/results/")
    group.add_argument(
        "--review", dest="needs_review", action="store_true", help="nobody gets the result before a person approved it"
    )
    group.add_argument("--wait", action="store_true", help="wait until it is finished")
    add_json(group)


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--state", choices=get_args(JobState), action="append", metavar="STATE", help="only such")
    group.add_argument("--suspicious", action="store_true", help="only those of which something unusual was measured")
    group.add_argument("--limit", type=_positive, default=50, metavar="N", help="most jobs [50]")
    add_json(group)


def _analysed(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--since", metavar="TIME", help="a day such as 2027-06-30, or a moment; any time when not given")
    group.add_argument("--until", metavar="TIME", help="likewise; a day counts to its end")
    group.add_argument("--all-tenants", action="store_true", help="jobs of everybody")
    group.add_argument("--limit", type=_positive, default=100, metavar="N", help="most jobs that are listed [100]")
    group.add_argument("--csv", type=Path, metavar="FILE", help="write all of them as CSV")
    group.add_argument("--parquet", type=Path, metavar="FILE", help="write all of them as Parquet (needs the extra)")
    add_json(group)


def _failures(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--by",
        choices=get_args(By),
        action="append",
        metavar="WHAT",
        help=f"count by {', '.join(get_args(By))}; may be given several times [reason, stage]",
    )
    _analysed(group)


def _quality(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--suspicious", action="store_true", help="only those of which a figure is outside its bounds")
    _analysed(group)


def _one(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="ID", help="of the job")
    add_json(group)


def _events(group: argparse._ArgumentGroup) -> None:
    _one(group)
    group.add_argument("--follow", action="store_true", help="go on until the job is finished")


def _wait(group: argparse._ArgumentGroup) -> None:
    _one(group)
    group.add_argument("--timeout", type=float, metavar="X", help="seconds after which nobody waits any more")


def _priority(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="ID", help="of the job")
    group.add_argument("priority", type=int, metavar="N", help="0 to 9; higher goes first")
    add_json(group)


def _fetch(group: argparse._ArgumentGroup) -> None:
    _one(group)
    group.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where the outputs go [here]")


def _work(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--work",
        required=True,
        metavar="PLACE",
        help="folder that all machines share, or an address such as s3://bucket/job; of this job alone",
    )


def _plan(group: argparse._ArgumentGroup) -> None:
    _work(group)


def _run_segment(group: argparse._ArgumentGroup) -> None:
    _work(group)
    group.add_argument(
        "--number", type=_number, metavar="N", help=f"of the segment, from 0 [what {_ARRAYS} says, the first that does]"
    )
    group.add_argument(
        "--of", type=_positive, metavar="N", help="do every Nth segment from that number on, and not that one alone"
    )


def _merge(group: argparse._ArgumentGroup) -> None:
    _work(group)
    group.add_argument("--to", type=Path, metavar="FOLDER", help="folder for the outputs [they stay in PLACE]")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


_OF_A_JOB: Final = (*_FILES, *allowed_options())
_ONE: Final = "ID [options]"
_JOB: Final = {
    "submit": Verb(
        "hand in a job",
        "-s FILE ... -t FILE -o NAME [options]",
        _submit,
        tuple(dict.fromkeys((*_OF_A_JOB, *_ASKED))),
        (*_BOTH, "cut_after"),
    ),
    "list": Verb("list jobs, the newest first", "[options]", _list, ("tenant",), _DATABASE),
    "failures": Verb("show why jobs failed", "[options]", _failures, ("tenant",), _DATABASE),
    "quality": Verb("show what was measured of finished jobs", "[options]", _quality, ("tenant",), _DATABASE),
    "show": Verb("show all that is known of a job", _ONE, _one, ("tenant",), _DATABASE),
    "events": Verb("show what happened to a job", _ONE, _events, ("tenant",), _DATABASE),
    "wait": Verb("wait until a job is finished", _ONE, _wait, ("tenant",), _DATABASE),
    "cancel": Verb("stop a job", _ONE, _one, ("tenant",), _DATABASE),
    "pause": Verb("begin nothing more of a job until it is resumed", _ONE, _one, ("tenant",), _DATABASE),
    "resume": Verb("go on with a job that was paused", _ONE, _one, ("tenant",), _DATABASE),
    "retry": Verb("try a job again that failed or was cancelled", _ONE, _one, ("tenant",), _DATABASE),
    "priority": Verb("give a job another priority", "ID N [options]", _priority, ("tenant",), _DATABASE),
    "fetch": Verb("write the outputs of a job here", _ONE, _fetch, ("tenant", "overwrite"), _BOTH),
    "plan": Verb(
        "on a cluster of your own: plan a job in segments",
        "--work PLACE -s FILE ... -t FILE -o NAME [options]",
        _plan,
        tuple(dict.fromkeys((*_OF_A_JOB, *_PLACE))),
        (*_SCRATCH, "segment_frames"),
    ),
    "run-segment": Verb(
        "make one segment; nothing is done where it is there",
        "--work PLACE [--number N] [options]",
        _run_segment,
        _PLACE,
        _SCRATCH,
    ),
    "merge": Verb(
        "make the outputs of the segments",
        "--work PLACE [--to FOLDER] [options]",
        _merge,
        (*_PLACE, "overwrite"),
        _SCRATCH,
    ),
}
