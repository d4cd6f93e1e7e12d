"""One job in a process of its own, which says after each batch how far it is: what `benchmarks.kills` starts and kills.

    python -m benchmarks.kill_job OPTIONS LOG

`OPTIONS` are the options as JSON. `LOG` gets a line for each report: frames edited, how many of them earlier runs had
edited, and the time in seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time

from facefusion import Progress, process_video


def main(values: str, log: str) -> int:
    """Do the job."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(report: Progress) -> None:
        # Handed to the system at once: what is written here outlives a kill.
        os.write(descriptor, f"{report.done} {report.before} {time.time()}\n".encode())

    process_video(json.loads(values), progress=write)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
