"""The audit log: what an entry says, how it is found, what is kept of people, and how they are erased."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from audit_material import JOB, Clock, everything, job_facts, line_files, lines_of, open_log, own_keys, publish, sha256

from facefusion.errors import AuditBrokenError, AuditError, ContentRefusedError
from facefusion.trust.audit import AuditKeys, NewEntry, Wanted, error_facts
from facefusion.trust.audit.lines import LineFiles
from facefusion.trust.keys import KeyRing


@pytest.fixture
def log(tmp_path):
    log = open_log(tmp_path / "home", clock=Clock())
    yield log
    log.close()


class TestEntries:
    def test_hang_on_one_another_by_sha_256_of_canonical_json(self, log, tmp_path):
        for number in range(3):
            publish(log, number)
        found = [json.loads(line) for line in lines_of(tmp_path / "home")]
        for one, following in pairwise(found):
            assert following["previous"] == one["digest"]
        for each in found:
            body = json.dumps(each["entry"], sort_keys=True, separators=(",", ":"))
            assert hashlib.sha256(bytes.fromhex(each["previous"]) + body.encode()).hexdigest() == each["digest"]

    def test_are_the_same_in_the_database_and_as_lines_of_json(self, log, tmp_path):
        for number in range(3):
            publish(log, number)
        assert [f"{entry.line()}\n" for entry in log.entries()] == lines_of(tmp_path / "home")

    def test_say_who_when_by_which_rules_and_models_and_what_came_of_it(self, log):
        facts = log.append("admitted", tenant="studio-1", actor="operator", facts=job_facts()).facts
        assert (facts["kind"], facts["tenant"], facts["job"], facts["sequence"]) == ("admitted", "studio-1", JOB, 1)
        assert facts["policy"] == {"name": "studio", "digest": sha256("policy")}
        assert facts["models"] == [{"name": "mesh", "digest": sha256("mesh")}]
        assert datetime.fromisoformat(facts["time"]) == datetime(2026, 10, 31, 23, 59, 51, tzinfo=UTC)
        assert publish(log, 7).facts["result"] == "done"

    def test_of_a_refusal_name_the_error_and_its_exit_code_but_not_its_words(self, log):
        error = error_facts(ContentRefusedError("In /home/ada/clip.mp4", "No"))
        facts = log.append("refused", tenant="default", actor="operator", facts=job_facts(**error)).facts
        assert (facts["error"], facts["exit_code"], facts["result"]) == ("ContentRefusedError", 66, "refused")

    def test_of_an_error_of_a_plug_in_name_the_nearest_class_that_is_known(self):
        own = type("AdaLovelaceError", (ValueError,), {})
        assert error_facts(own("portrait.jpg")) == {"error": "ValueError", "exit_code": 1}

    def test_name_nobody(self, log, tmp_path):
        entry = publish(log, 1)
        for name in ("operator", "Ada Lovelace", "consent of Ada", sha256("portrait")):
            assert name not in entry.body
            assert name not in everything(tmp_path / "home")
        assert log.name(entry.facts["actor"]) == "operator"
        assert [log.name(each) for each in entry.facts["subjects"]] == ["Ada Lovelace"]

    def test_call_a_person_the_same_as_long_as_they_are_not_erased(self, log):
        assert publish(log, 1).facts["actor"] == publish(log, 2).facts["actor"]
        other = log.append("admitted", tenant="another", actor="operator", facts={"job": JOB})
        assert other.facts["actor"] != publish(log, 3).facts["actor"]

    def test_cannot_be_compared_with_a_picture_without_the_key(self, log):
        one, two = publish(log, 1).facts["inputs"], publish(log, 2).facts["inputs"]
        assert not set(one) & set(two)

    def test_names_need_not_be_kept(self, tmp_path):
        log = open_log(tmp_path / "home", keeps_names=False)
        entry = publish(log, 1)
        assert log.name(entry.facts["actor"]) is None
        assert [each.id for each in log.entries(Wanted(actor="operator"))] == [entry.id]
        log.verify()
        log.close()

    def test_begin_a_new_file_with_each_month_and_the_chain_goes_on(self, tmp_path):
        log = open_log(tmp_path / "home", clock=Clock(step=timedelta(seconds=6)))
        for number in range(3):
            publish(log, number)
        assert [path.name for path in line_files(tmp_path / "home")] == [
            "0000000001-2026-10.jsonl",
            "0000000002-2026-11.jsonl",
        ]
        assert log.verify().entries == 3
        log.close()

    def test_begin_a_new_file_where_one_is_full(self, log, tmp_path):
        entries = [publish(log, number) for number in range(4)]
        folder = tmp_path / "small"
        folder.mkdir()
        files = LineFiles(folder, largest=len(entries[0].line()) + 10)
        files.append(entries)
        assert [path.name[:10] for path in files.files()] == ["0000000001", "0000000003"]
        assert list(files.read()) == entries

    def test_of_one_batch_reach_the_disk_in_one_step(self, log, tmp_path, monkeypatch):
        steps, real = [], os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (steps.append(file), real(file)))
        entries = log.append_all([NewEntry("admitted", "studio", "ada", job_facts()) for _ in range(5)])
        assert len(steps) == 1
        assert [f"{entry.line()}\n" for entry in entries] == lines_of(tmp_path / "home")
        assert log.verify().entries == 5

    def test_may_have_as_many_outputs_as_a_sequence_has_pictures(self, log):
        outputs = [sha256(f"picture {number}") for number in range(20_000)]
        log.append("published", tenant="default", actor="operator", facts=job_facts(outputs=outputs))
        publish(log, 2)
        assert log.find(output_digest=outputs[12_345]).sequence == 1
        assert log.verify().entries == 2

    def test_without_their_place_are_an_error_so_that_nothing_leaves(self, log, tmp_path):
        publish(log, 1)
        for path in line_files(tmp_path / "home"):
            path.unlink()
            path.mkdir()
        with pytest.raises(AuditError, match="cannot be used"):
            publish(log, 2)

    @pytest.mark.parametrize("actor", ["", "x" * 201])
    def test_need_somebody_who_acts(self, log, actor):
        with pytest.raises(AuditError, match="needs to know who works"):
            log.append("admitted", tenant="default", actor=actor, facts={"job": JOB})

    @pytest.mark.parametrize("tenant", ["", "/home/ada", "Ada Lovelace", "x" * 65])
    def test_need_a_tenant_with_a_plain_name(self, log, tenant):
        with pytest.raises(AuditError, match="takes no such tenant"):
            log.append("admitted", tenant=tenant, actor="operator", facts={"job": JOB})

    def test_keys_come_from_the_ring_of_the_place(self, tmp_path):
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        log = open_log(home, AuditKeys.of(KeyRing.open(home)))
        publish(log, 1)
        assert log.verify().public_key == KeyRing.open(home).public_key("audit").public_bytes_raw().hex()
        log.close()


class TestFinding:
    def test_by_what_an_output_bears(self, log):
        entry = publish(log, 1, produce_id="FF-2026-000123", watermark=(1 << 64) - 2)
        publish(log, 2)
        assert log.find(output_digest=sha256("output 1")) == entry
        assert log.find(produce_id="FF-2026-000123") == entry
        assert log.find(watermark=(1 << 64) - 2) == log.find(watermark="fffffffffffffffe") == entry
        assert log.find(watermark=5) is None
        assert log.find(output_digest=sha256("output 1"), tenant="another") is None

    @pytest.mark.parametrize(
        "wanted, numbers",
        [
            ({"kinds": ("published",)}, [2]),
            ({"kinds": ("published", "refused")}, [2, 3]),
            ({"result": "refused"}, [3]),
            ({"job": JOB}, [1, 2]),
            ({"actor": "operator"}, [1, 2]),
            ({"actor": "nobody we know"}, []),
            ({"consent": "consent of Ada"}, [1, 2]),
            ({"subject": "Ada Lovelace", "kinds": ("admitted",)}, [1]),
            ({"input": sha256("portrait")}, [1, 2]),
            ({"input": sha256("another")}, []),
            ({"output": sha256("output 1")}, [2]),
            ({"since": datetime(2026, 10, 31, 23, 59, 53, tzinfo=UTC)}, [3]),
            ({"until": datetime(2026, 10, 31, 23, 59, 53, tzinfo=UTC)}, [1, 2]),
            ({"after": 1}, [2, 3]),
            ({"before": 3, "is_newest_first": True}, [2, 1]),
            ({"pseudonym": "0" * 32}, []),
            ({"tenant": "another"}, []),
        ],
    )
    def test_by_what_an_entry_says(self, log, wanted, numbers):
        log.append("admitted", tenant="default", actor="operator", facts=job_facts())
        publish(log, 1)
        refused = {"job": "fedcba9876543210", "error": "ConsentMissingError", "exit_code": 62}
        log.append("refused", tenant="default", actor="somebody else", facts=refused)
        assert [entry.sequence for entry in log.entries(Wanted(**wanted))] == numbers

    def test_by_what_entries_call_somebody(self, log):
        entry = publish(log, 1)
        refused = {"job": "fedcba9876543210", "error": "PolicyError", "exit_code": 61}
        log.append("refused", tenant="default", actor="somebody else", facts=refused)
        for pseudonym in (entry.facts["actor"], *entry.facts["subjects"], *entry.facts["consents"]):
            assert [each.id for each in log.entries(Wanted(pseudonym=pseudonym))] == [entry.id]

    def test_by_identifier_or_number(self, log):
        entry = publish(log, 1)
        assert log.entry(entry.id) == log.entry(entry.id[:6]) == log.entry("1") == entry
        for name in ("2", "abc", "ffffff%", ""):
            with pytest.raises(AuditError, match="There is no audit entry"):
                log.entry(name)


class TestErasing:
    def test_leaves_entries_of_which_nothing_leads_to_the_person(self, log, tmp_path):
        entry = publish(log, 1)
        [pseudonym] = entry.facts["subjects"]
        proof = log.erase("subject", "Ada Lovelace", tenant="default", actor="operator")
        assert (proof.pseudonym, proof.entries, proof.input_digests) == (pseudonym, 1, 1)
        assert log.name(pseudonym) is None
        assert list(log.entries(Wanted(subject="Ada Lovelace"))) == []
        assert list(log.entries(Wanted(input=sha256("portrait")))) == []
        assert log.verify().entries == 2
        assert publish(log, 2).facts["subjects"] != [pseudonym]

    def test_leaves_no_trace_on_the_disk(self, log, tmp_path):
        sealed = own_keys().lookup("consent", "default", "consent of Ada")
        publish(log, 1)
        assert sealed in everything(tmp_path / "home")
        log.erase("consent", "consent of Ada", tenant="default", actor="operator")
        assert sealed not in everything(tmp_path / "home")

    def test_of_whoever_worked_keeps_that_the_work_was_done(self, log):
        publish(log, 1)
        log.erase("actor", "operator", tenant="default", actor="operator")
        first, second = log.entries()
        assert log.name(first.facts["actor"]) is None
        assert log.name(second.facts["actor"]) == "(themselves)"
        assert [entry.sequence for entry in log.entries(Wanted(input=sha256("portrait")))] == [1]

    def test_gives_a_proof_that_can_be_checked_and_not_altered(self, log):
        publish(log, 1)
        proof = log.erase("subject", "Ada Lovelace", tenant="default", actor="operator")
        text = proof.model_dump_json()
        assert "Ada" not in text
        assert log.check_proof(text) == proof
        for altered in (text.replace('"entries":1', '"entries":2'), "{}", text.replace(proof.digest, sha256("x"))):
            with pytest.raises(AuditBrokenError):
                log.check_proof(altered)

    def test_of_somebody_unknown_is_an_error(self, log):
        publish(log, 1)
        with pytest.raises(AuditError, match="knows no such subject"):
            log.erase("subject", "Grace Hopper", tenant="default", actor="operator")
        assert log.verify().entries == 1


class TestPruning:
    def test_removes_what_is_old_and_the_rest_still_holds(self, log, tmp_path):
        for number in range(1, 5):
            publish(log, number)
        assert log.prune(timedelta(seconds=2), tenant="default", actor="operator") == 2
        report = log.verify()
        assert (report.first, report.entries) == (3, 3)
        assert [entry.sequence for entry in log.entries()] == [3, 4, 5]
        assert [json.loads(line)["entry"]["sequence"] for line in lines_of(tmp_path / "home")] == [3, 4, 5]
        assert log.prune(timedelta(seconds=60), tenant="default", actor="operator") == 0

    def test_can_be_done_again_and_again(self, log):
        for number in range(1, 9):
            publish(log, number)
            log.prune(timedelta(seconds=2), tenant="default", actor="operator")
            log.verify()
        assert log.find(output_digest=sha256("output 1")) is None

    def test_forgets_people_of_whom_nothing_is_said_any_more(self, log):
        log.append("admitted", tenant="default", actor="somebody else", facts=job_facts())
        log.prune(timedelta(0), tenant="default", actor="operator")
        assert list(log.entries(Wanted(actor="somebody else"))) == []
        with pytest.raises(AuditError, match="knows no such actor"):
            log.erase("actor", "somebody else", tenant="default", actor="operator")
