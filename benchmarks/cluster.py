"""How much of the time of many workers goes into work: simulated ones, which wait instead of computing.

    python -m benchmarks.cluster [--broker rabbitmq|redis] [--workers 64] [--seconds 4]

Jobs are cut into one segment for each worker, all of one length. What is lost to claiming, telling, messages, planning
and merging is what is missing to 100 % of the time from the first lease to the last end, as the database has them. All
workers have done segments before. All machines, the database and the broker share this machine's cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine, func, select

from benchmarks import servers
from benchmarks.chaos.kept import Kept
from benchmarks.chaos.scene import folder_for
from benchmarks.chaos.worker import Machine
from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.servers import until
from facefusion.jobs.board import JobBoard
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.database import reading
from facefusion.jobs.schema import ATTEMPTS, METADATA, TASKS
from facefusion.jobs.states import ACTIVE
from facefusion.jobs.values import Job, NewJob
from facefusion.trust.database import open_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    with folder_for(None) as folder, ExitStack() as ending:
        database = ending.enter_context(servers.postgres(is_durable=True))
        begun = servers.rabbitmq() if options.broker == "rabbitmq" else servers.redis_server(is_durable=True)
        broker = Broker(ending.enter_context(begun).url(), queue="cluster")  # type: ignore[arg-type]
        url = database.url(database.create_database())
        engine = open_database(url)
        METADATA.create_all(engine)
        machines = _machines(options, url, broker, folder)
        for machine in machines:
            machine.tend()
            ending.callback(machine.end)
        dispatcher = CeleryDispatcher(broker)
        ending.callback(dispatcher.close)
        _warm(options, engine, dispatcher)
        seconds, processor = _measured(options, engine, dispatcher, options.jobs)
        engine.dispose()
    found = _figures(options, seconds, processor)
    report(found)
    return finish(found, options.json)


def _machines(options: argparse.Namespace, url: str, broker: Broker, folder: Path) -> list[Kept]:
    children = options.workers // options.machines
    told = [
        Machine(f"machine{number}@cluster", url, broker, children=children, lease=30.0, scratch=str(folder))
        for number in range(options.machines)
    ]
    return [Kept("benchmarks.chaos.worker", line=each.to_line(), log=folder / f"{each.name}.log") for each in told]


def _warm(options: argparse.Namespace, engine: Engine, dispatcher: CeleryDispatcher) -> None:
    """Wait until every worker has done something."""

    def are_there() -> bool:
        _measured(options, engine, dispatcher, 1, seconds=1.0)
        with reading(engine) as connection:
            workers = connection.execute(select(func.count(func.distinct(ATTEMPTS.c.worker)))).scalar_one()
        return int(workers) >= options.workers

    until(are_there, seconds=300)


def _measured(
    options: argparse.Namespace,
    engine: Engine,
    dispatcher: CeleryDispatcher,
    jobs: int,
    *,
    seconds: float | None = None,
) -> tuple[float, float]:
    """Return the seconds from the first lease of jobs to their last end, and those of the processor."""
    request = {"seed": 1, "segments": options.workers, "seconds": options.seconds if seconds is None else seconds}
    board, before = JobBoard(engine), _processor()
    submitted = [board.submit(NewJob("t", "o", request, is_cut=True)) for _ in range(jobs)]
    dispatcher.wake(jobs)

    def are_done() -> bool:
        return not board.jobs(tenant=None, states=sorted(ACTIVE), limit=1)

    until(are_done, seconds=3600, pause=0.5)
    if len(board.jobs(tenant=None, states=["succeeded"], limit=jobs, before=submitted[-1].number + 1)) < jobs:
        raise RuntimeError("A job did not succeed")
    return _lasted(engine, submitted), _processor() - before


def _lasted(engine: Engine, jobs: Sequence[Job]) -> float:
    """Return the seconds from the first lease of jobs to the last end, by the database's clock."""
    wanted = select(func.min(ATTEMPTS.c.began), func.max(ATTEMPTS.c.ended)).join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
    with reading(engine) as connection:
        first, last = connection.execute(wanted.where(TASKS.c.job.in_([job.number for job in jobs]))).one()
    return float(last - first) / 1e6


def _processor() -> float:
    """Return the seconds for which the cores of this machine were busy."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(ticks) - ticks[3] - ticks[4]) / 100


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("cluster", __doc__)
    made.add_argument("--broker", choices=("rabbitmq", "redis"), default="rabbitmq")
    made.add_argument("--workers", type=int, default=64, help="worker processes (default: %(default)s)")
    made.add_argument("--machines", type=int, default=4, help="on which they are (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=4.0, help="of a segment (default: %(default)s)")
    made.add_argument("--jobs", type=int, default=15, help="of one segment for each worker (default: %(default)s)")
    return made.parse_args(arguments)


def _figures(options: argparse.Namespace, seconds: float, processor: float) -> Figures:
    tasks = options.jobs * options.workers
    return {
        "broker": options.broker,
        "workers": options.workers,
        "segments": tasks,
        "seconds_of_a_segment": options.seconds,
        "seconds": seconds,
        "efficiency": tasks * options.seconds / (options.workers * seconds),
        "processor_ms_a_task": 1000 * processor / tasks,
    }


def report(found: Figures) -> None:
    """Print the figures."""
    rows = [
        ["workers", found["workers"]],
        ["segments", found["segments"]],
        ["seconds of each", found["seconds_of_a_segment"]],
        ["seconds from the first lease to the last end", found["seconds"]],
        ["time that went into work, %", 100 * found["efficiency"]],
        ["processor for a segment, ms (database, broker and workers)", found["processor_ms_a_task"]],
    ]
    print("\n" + table(["", found["broker"]], rows))


if __name__ == "__main__":
    command(main)
