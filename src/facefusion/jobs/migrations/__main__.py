"""Write the next version of the schema from what the tables in code have more or less than the last one.

`python -m facefusion.jobs.migrations "What changes"` writes `versions/vNNNN_what_changes.py`; then format it, read it,
and run the tests. It says what in it programs of the version before would not survive (`rules`).
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script

from facefusion.jobs.migrations import config, head, upgrade
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.migrations.rules import faults
from facefusion.trust.database import alone, open_database

_FOLDER = Path(__file__).parent


def main(message: str) -> None:
    """Write the next version.

    Args:
        message: what it changes, one line.

    Raises:
        SystemExit: programs of the version before would not survive it.
    """
    registered()
    number = f"{int(head()) + 1:04}" if any((_FOLDER / "versions").glob("v[0-9]*.py")) else "0001"
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "jobs.db")
        if number != "0001":
            upgrade(engine)
        with alone(engine, "versions") as connection:
            made = config(connection)
            made.set_main_option("file_template", f"v{number}_%%(slug)s")
            made.set_main_option("truncate_slug_length", "60")
            script = command.revision(made, message.rstrip("."), autogenerate=True, rev_id=number)
        engine.dispose()
    assert isinstance(script, Script)
    path = Path(script.path)
    path.write_text(re.sub(r"^ *# ###.*\n", "", path.read_text(), flags=re.MULTILINE))
    if found := faults(path.read_text()):
        sys.exit("\n".join([f"{path.name} is written, and breaks what is at work:", *found]))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
