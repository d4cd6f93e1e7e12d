"""Several processes, processes that are killed, and a PostgreSQL that machines share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from audit_material import job_facts, lines_of, open_log, publish, sha256, written_log

from facefusion.errors import AuditBrokenError, OptionsError
from facefusion.trust.audit import Wanted

HERE = Path(__file__).parent


def python(code, *arguments):
    """A process with the tests' own material at hand."""
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, cwd=HERE)


APPENDING = """
    import sys
    from pathlib import Path
    from audit_material import open_log, publish
    log = open_log(Path(sys.argv[1]), **({"database": sys.argv[4]} if len(sys.argv) > 4 else {}))
    for number in range(int(sys.argv[3])):
        publish(log, number, job=f"{int(sys.argv[2]):08x}")
"""


def append_from_processes(home, count, *, processes=4, database=()):
    running = [python(APPENDING, home, number, count, *database) for number in range(processes)]
    assert [process.wait() for process in running] == [0] * processes


@pytest.mark.slow
def test_four_processes_append_at_once_and_nothing_is_lost(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    append_from_processes(home, 200)
    log = open_log(home)
    assert log.verify().entries == 800
    for number in range(4):
        frames = [entry.facts["frames"] for entry in log.entries(Wanted(job=f"{number:08x}"))]
        assert frames == list(range(200))
    assert len({entry.facts["actor"] for entry in log.entries()}) == 1
    log.close()


@pytest.mark.parametrize("place", ["_lines_append", "_lines_half", "_head_write"])
def test_what_a_crash_left_is_completed_by_whoever_comes_next(tmp_path, place):
    """A process ends in the middle of an entry: behind the table, within the lines, or before the head."""
    home = written_log(tmp_path / "home", 3)
    code = """
        import os, sys
        from pathlib import Path
        from audit_material import line_files, open_log, publish
        from facefusion.trust.audit.head import Head
        from facefusion.trust.audit.lines import LineFiles
        home = Path(sys.argv[1])
        log = open_log(home)
        def half(self, entries):
            with line_files(home)[-1].open("a") as file:
                file.write(next(iter(entries)).line()[:50])
            os._exit(9)
        def end(*_):
            os._exit(9)
        match sys.argv[2]:
            case "_lines_append": LineFiles.append = end
            case "_lines_half": LineFiles.append = half
            case "_head_write": Head.write = end
        publish(log, 4)
    """
    assert python(code, home, place).wait() == 9
    log = open_log(home)
    assert log.verify().entries == 4
    assert publish(log, 5).sequence == 5
    assert [json.loads(line)["entry"]["sequence"] for line in lines_of(home)] == [1, 2, 3, 4, 5]
    assert log.verify().entries == 5
    log.close()


def test_pruning_that_a_crash_cut_short_is_completed(tmp_path):
    home = written_log(tmp_path / "home", 4)
    code = """
        import os, sys
        from datetime import timedelta
        from pathlib import Path
        from audit_material import open_log
        from facefusion.trust.audit.lines import LineFiles
        log = open_log(Path(sys.argv[1]))
        LineFiles.drop_through = lambda *_: os._exit(9)
        log.prune(timedelta(0), tenant="default", actor="operator")
    """
    assert python(code, home).wait() == 9
    assert len(lines_of(home)) == 5
    log = open_log(home)
    publish(log, 6)
    assert len(lines_of(home)) == 2
    assert log.verify().first == 5
    log.close()


def test_a_transaction_that_was_never_finished_leaves_nothing(tmp_path):
    home = written_log(tmp_path / "home", 3)
    code = """
        import os, sys
        from pathlib import Path
        from audit_material import open_log, publish
        from facefusion.trust.audit.growth import Growth
        from facefusion.trust.audit import growth
        log = open_log(Path(sys.argv[1]))
        growth.references_of = lambda facts: os._exit(9)
        publish(log, 4)
    """
    assert python(code, home).wait() == 9
    log = open_log(home)
    assert publish(log, 4).sequence == 4
    assert log.verify().entries == 4
    log.close()


@pytest.mark.slow
def test_machines_share_a_postgresql_and_each_has_lines_of_all(tmp_path, postgres_database):
    one, two = tmp_path / "one", tmp_path / "two"
    for home in (one, two):
        home.mkdir()
    append_from_processes(one, 20, processes=2, database=(postgres_database,))
    append_from_processes(two, 20, processes=2, database=(postgres_database,))
    logs = [open_log(home, database=postgres_database) for home in (one, two)]
    for log in logs:
        assert log.verify().entries == 80
    assert lines_of(one) == lines_of(two)
    publish(logs[0], 99)
    logs[0].erase("subject", "Ada Lovelace", tenant="default", actor="operator")
    assert logs[1].verify().entries == 82
    assert logs[1].find(output_digest=sha256("output 99")).facts["job"] == job_facts()["job"]
    for log in logs:
        log.close()


def test_a_database_that_is_not_understood_is_told_plainly(tmp_path):
    with pytest.raises(OptionsError, match="kind mysql is not used"):
        open_log(tmp_path / "home", database="mysql://host/name")


def test_the_lines_of_another_log_beside_an_empty_table_are_found(tmp_path):
    home = written_log(tmp_path / "home", 2)
    (home / "trust.db").unlink()
    (home / "audit" / "head.json").unlink()
    with pytest.raises(AuditBrokenError, match="There are lines of JSON, but no entries"):
        open_log(home)
