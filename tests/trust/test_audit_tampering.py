"""What `audit verify` finds: each way in which a log can be changed after it was written."""

from __future__ import annotations

import json
import shutil

import pytest
from audit_material import (
    SECRET,
    database,
    line_files,
    lines_of,
    open_log,
    own_keys,
    publish,
    put_lines,
    put_row,
    sha256,
    written_log,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.errors import AuditBrokenError
from facefusion.trust.audit import AuditKeys, Entry
from facefusion.trust.audit.head import Head

STRANGER = AuditKeys(SECRET, Ed25519PrivateKey.from_private_bytes(b"x" * 32))


@pytest.fixture
def home(tmp_path):
    return written_log(tmp_path / "home")


def verdict(home, keys=None):
    """What verify says; nothing if all holds."""
    log = None
    try:
        log = open_log(home, keys)
        log.verify()
    except AuditBrokenError as error:
        return str(error)
    finally:
        if log is not None:
            log.close()
    return ""


def run(home, *statements):
    connection = database(home)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def entry(home, number):
    return Entry.of_line(lines_of(home)[number - 1].removesuffix("\n"))


def test_a_log_that_nobody_touched_holds(home):
    assert verdict(home) == ""


class TestInTheDatabase:
    def test_an_edited_text_is_found(self, home):
        run(home, "UPDATE audit_entry SET body = replace(body, '\"frames\":3', '\"frames\":4') WHERE sequence = 3")
        assert "Entry 3 in the database: it was altered after it was written" in verdict(home)

    def test_an_edit_with_a_digest_to_match_is_found_at_its_signature_and_at_the_next_entry(self, home):
        old = entry(home, 3)
        new = Entry.follow(old.previous, old.facts | {"frames": 4}, STRANGER)
        put_row(home, new)
        said = verdict(home)
        assert "Entry 3 in the database: its signature does not hold" in said
        assert "entry 4 in the database does not follow the one before it" in said

    @pytest.mark.parametrize(
        "column, value", [("kind", "refused"), ("tenant", "x"), ("job", "y"), ("result", "failed")]
    )
    def test_an_edited_column_beside_the_text_is_found(self, home, column, value):
        run(home, f"UPDATE audit_entry SET {column} = '{value}' WHERE sequence = 2")
        assert "entry 2 in the database: what stands beside its text was altered" in verdict(home).lower()

    def test_hiding_an_entry_from_whoever_looks_for_an_output_is_found(self, home):
        run(home, f"UPDATE audit_reference SET value = '{sha256('other')}' WHERE sequence = 2 AND what = 'output'")
        assert "Entry 2 in the database: by what it is found was altered" in verdict(home)

    def test_deletion_in_the_middle_is_found(self, home):
        run(home, "DELETE FROM audit_entry WHERE sequence IN (3, 4)")
        assert "Entries 3 to 4 are missing in the database" in verdict(home)

    def test_deletion_at_the_beginning_is_found(self, home):
        run(home, "DELETE FROM audit_entry WHERE sequence = 1")
        assert "nothing says that they were pruned" in verdict(home)

    def test_deletion_at_the_end_is_found(self, home):
        run(home, "DELETE FROM audit_entry WHERE sequence > 4")
        assert "The database ends with entry 4, but there were 6" in verdict(home)

    def test_deletion_of_all_is_found(self, home):
        run(home, "DELETE FROM audit_entry")
        assert "The database ends with entry 0, but there were 6" in verdict(home)

    def test_a_missing_table_is_found(self, home):
        (home / "trust.db").unlink()
        assert "The database ends with entry 0, but there were 6" in verdict(home)

    def test_reordering_is_found(self, home):
        run(
            home,
            "UPDATE audit_entry SET sequence = 99 WHERE sequence = 2",
            "UPDATE audit_entry SET sequence = 2 WHERE sequence = 3",
            "UPDATE audit_entry SET sequence = 3 WHERE sequence = 99",
        )
        assert "Entry 2 in the database does not follow the one before it" in verdict(home)

    def test_an_inserted_entry_is_found(self, home):
        last = entry(home, 6)
        put_row(home, Entry.follow(last.digest, last.facts | {"sequence": 7, "id": "7" * 32}, STRANGER))
        assert "Entry 7, the last, is not as it was written: its signature does not hold" in verdict(home)

    @pytest.mark.parametrize("body", ["", "{", "[" * 100_000, "1", None])
    def test_a_text_that_is_none_is_found_and_never_shown(self, home, body):
        change = "UPDATE audit_entry SET body = replace(body, 'grace', 'ada') || ' '" if body is None else None
        run(home, change or f"UPDATE audit_entry SET body = '{body}' WHERE sequence = 2")
        assert "text was altered" in verdict(home)
        log = open_log(home)
        with pytest.raises(AuditBrokenError):
            list(log.entries())
        with pytest.raises(AuditBrokenError):
            log.entry("2")
        log.close()

    def test_a_file_is_not_led_to_an_entry_that_does_not_speak_of_it(self, home):
        stranger = sha256("made elsewhere")
        run(home, f"INSERT INTO audit_reference VALUES (2, 'output', '{stranger}')")
        log = open_log(home)
        with pytest.raises(AuditBrokenError, match="found by what it does not say"):
            log.find(output_digest=stranger)
        log.close()

    def test_a_person_who_was_removed_but_not_erased_is_found(self, home):
        run(home, "DELETE FROM audit_person")
        assert "nothing says that they were erased" in verdict(home)

    def test_nothing_is_built_upon_a_log_that_was_cut_off(self, home):
        run(home, "DELETE FROM audit_entry WHERE sequence > 4", "DELETE FROM audit_reference WHERE sequence > 4")
        log = open_log(home)
        with pytest.raises(AuditBrokenError):
            publish(log, 5)
        log.close()

    def test_a_name_under_which_somebody_else_worked_is_found(self, home):
        log = open_log(home)
        log.append("admitted", tenant="default", actor="somebody else", facts={"job": "0" * 16})
        log.close()
        connection = database(home)
        rows = connection.execute("SELECT pseudonym, sealed FROM audit_person WHERE role = 'actor'").fetchall()
        for (pseudonym, _), (_, sealed) in zip(rows, rows[::-1], strict=True):
            connection.execute("UPDATE audit_person SET sealed = ? WHERE pseudonym = ?", (sealed, pseudonym))
        connection.close()
        assert "was altered" in verdict(home)


class TestInTheLinesOfJson:
    def test_an_edited_line_is_found(self, home):
        lines = lines_of(home)
        lines[2] = lines[2].replace('"frames":3', '"frames":4')
        put_lines(home, lines)
        assert "Entry 3 in the lines of JSON: it was altered after it was written" in verdict(home)

    def test_even_a_space_is_found(self, home):
        lines = lines_of(home)
        lines[2] = json.dumps(json.loads(lines[2]), sort_keys=True) + "\n"
        put_lines(home, lines)
        assert "line 3 of 0000000001-2026-10.jsonl is not an entry" in verdict(home)

    @pytest.mark.parametrize("kept", [[0, 1, 4, 5], [1, 2, 3, 4, 5], [0, 1, 2, 3], []])
    def test_deleted_lines_are_found(self, home, kept):
        lines = lines_of(home)
        put_lines(home, [lines[index] for index in kept])
        assert verdict(home)

    def test_a_deleted_file_is_found(self, tmp_path):
        home = written_log(tmp_path / "home", 12)
        first, last = line_files(home)
        first.rename(tmp_path / "kept")
        assert "Entries 1 to 9 are missing in the lines of JSON" in verdict(home)
        (tmp_path / "kept").rename(first)
        last.unlink()
        assert "The lines of JSON end with entry 9, but there were 12" in verdict(home)

    def test_reordered_lines_are_found(self, home):
        lines = lines_of(home)
        put_lines(home, [*lines[:2], lines[3], lines[2], *lines[4:]])
        assert "stands behind" in verdict(home)

    def test_a_doubled_line_is_found(self, home):
        lines = lines_of(home)
        put_lines(home, [*lines[:3], lines[2], *lines[3:]])
        assert "Entry 3 in the lines of JSON stands behind entry 3" in verdict(home)

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_any_flipped_bit_is_found(self, tmp_path_factory, data):
        home = written_log(tmp_path_factory.mktemp("log") / "home", 2)
        path = data.draw(st.sampled_from([*line_files(home), home / "audit" / "head.json"]))
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        assert verdict(home)


class TestAtOnce:
    def cut_off(self, home, count):
        """All that tells of the last entries, but for the head."""
        run(home, f"DELETE FROM audit_entry WHERE sequence > {count}")
        run(home, f"DELETE FROM audit_reference WHERE sequence > {count}")
        put_lines(home, lines_of(home)[:count])

    def test_an_end_cut_off_everywhere_is_found_by_the_head(self, home):
        self.cut_off(home, 4)
        assert "ends with entry 4, but there were 6" in verdict(home)

    def test_a_head_made_to_match_without_the_key_is_found(self, home):
        self.cut_off(home, 4)
        Head(4, entry(home, 4).digest).write(home / "audit" / "head.json", STRANGER)
        assert "The head cannot be believed: its signature does not hold" in verdict(home)

    def test_a_missing_head_is_found(self, home):
        (home / "audit" / "head.json").unlink()
        assert "Its head is missing" in verdict(home)

    def test_a_whole_log_written_with_another_key_is_found(self, tmp_path):
        home = written_log(tmp_path / "home", keys=STRANGER)
        assert verdict(home, STRANGER) == ""
        assert "does not hold" in verdict(home, own_keys())

    def test_going_back_to_an_older_state_of_everything_is_found_by_a_copy_that_was_collected(self, home, tmp_path):
        shutil.copytree(home, tmp_path / "older")
        log = open_log(home)
        publish(log, 7)
        log.close()
        collected = tmp_path / "collected.jsonl"
        collected.write_text("".join(lines_of(home)))
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "older", home)
        assert verdict(home) == ""
        log = open_log(home)
        with pytest.raises(AuditBrokenError, match="it has an entry 7, which is missing here"):
            log.compare([collected])
        publish(log, 8)
        with pytest.raises(AuditBrokenError, match="entry 7 is another one there than here"):
            log.compare([collected])
        log.close()

    def test_a_copy_that_agrees_is_counted(self, home, tmp_path):
        collected = tmp_path / "collected.jsonl"
        collected.write_text("".join(lines_of(home)[:4]))
        log = open_log(home)
        assert log.compare([collected]) == 4
        log.close()

    def test_pruning_that_was_not_recorded_by_us_is_found(self, home):
        last = entry(home, 6)
        pruned = {"kind": "pruned", "through": 2, "anchor": entry(home, 2).digest, "entries": 2, "keep": 1}
        facts = {name: last.facts[name] for name in ("v", "time", "tenant", "actor")} | pruned
        run(home, "DELETE FROM audit_entry WHERE sequence <= 2", "DELETE FROM audit_reference WHERE sequence <= 2")
        put_row(home, Entry.follow(last.digest, facts | {"sequence": 7, "id": "7" * 32}, STRANGER))
        assert verdict(home)
