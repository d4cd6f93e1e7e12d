"""Consents: for whom, for what and until when; and that nothing goes on without."""

from __future__ import annotations

import logging
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faces_like import person, view
from sqlalchemy import text

from facefusion.errors import ConsentMissingError, ConsentRecordError, ConsentRevokedError, ConsentScopeError
from facefusion.trust.consent import ConsentStore, EvidenceFile, Scope, Use, read_evidence
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANN, BEN = person(1), person(2)
SWAP = Use(processors=("face_swapper",))


class Clock:
    """The time, as tests want it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def home(tmp_path) -> Path:
    return trust_home(tmp_path / "trust")


def opened(home: Path, clock=lambda: NOW, tenant: str = "default") -> ConsentStore:
    return ConsentStore(open_database(home / "trust.db"), KeyRing.open(home).derived, tenant, clock=clock)


@pytest.fixture
def store(home, clock) -> ConsentStore:
    return opened(home, clock)


def change(home: Path, statement: str, **values: object) -> None:
    """Somebody changes the database who has no key."""
    with open_database(home / "trust.db").begin() as connection:
        connection.execute(text(statement), values)


def test_a_consent_covers_its_face_in_other_pictures_too(store):
    consent = store.add([ANN], granted_by="Ann")
    grant = store.check(view(ANN, 1), SWAP, face="source 1")
    assert grant.consent == consent.id
    assert grant.digest == consent.digest
    assert store.is_live([grant.consent])


def test_nobody_else_is_covered_and_the_answer_names_the_file_not_the_person(store):
    store.add([ANN], granted_by="Ann", person="Ann Example")
    with pytest.raises(ConsentMissingError, match="No consent on record covers the face in source 2") as caught:
        store.check(BEN, SWAP, face="source 2")
    assert caught.value.exit_code == 62
    assert "facefusion consent add" in caught.value.hint
    assert "Ann" not in str(caught.value)


def test_several_pictures_of_a_face_make_it_known_more_surely(store):
    far = [view(ANN, seed, 0.45) for seed in range(3)]
    consent = store.add(far, granted_by="Ann")
    assert consent.pictures == 3
    assert all(store.check(each, SWAP, face="source 1").difference == 0 for each in far)


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (Use(project="other", processors=("face_swapper",), territory="DE"), "another project than this project"),
        (Use(processors=("face_swapper",), territory="DE"), "another project than jobs that name no project"),
        (Use(project="film", processors=("face_swapper", "lip_syncer"), territory="DE"), "processor lip_syncer, only"),
        (Use(project="film", processors=("face_swapper",), territory="US"), "is for DE, FR only, not for US"),
        (Use(project="film", processors=("face_swapper",)), "does not say where its output will be shown"),
    ],
)
def test_a_consent_is_for_what_it_says_alone(store, use, what):
    scope = Scope(project="film", processors=("face_swapper",), territories=("DE", "FR"), valid_from=NOW)
    consent = store.add([ANN], granted_by="Ann", scope=scope)
    with pytest.raises(ConsentScopeError, match=what) as caught:
        store.check(ANN, use, face="source 1")
    assert consent.id in str(caught.value)
    assert caught.value.hint
    covered = Use(project="film", processors=("face_swapper",), territory="FR")
    assert store.check(ANN, covered, face="source 1").consent == consent.id


def test_a_consent_holds_from_its_first_moment_to_its_last(store, clock):
    scope = Scope(valid_from=NOW + timedelta(days=1), until=NOW + timedelta(days=2))
    consent = store.add([ANN], granted_by="Ann", scope=scope)
    with pytest.raises(ConsentScopeError, match="holds only from 2026-11-22 12:00 UTC on"):
        store.check(ANN, SWAP, face="source 1")
    clock.now = NOW + timedelta(days=1)
    assert store.check(ANN, SWAP, face="source 1")
    clock.now = NOW + timedelta(days=2)
    with pytest.raises(ConsentScopeError, match="ended at 2026-11-23 12:00 UTC"):
        store.check(ANN, SWAP, face="source 1")
    with pytest.raises(ConsentScopeError, match="ended"):
        store.ensure_live([consent.id])


def test_of_several_consents_one_that_covers_is_enough(store):
    revoked = store.add([ANN], granted_by="Ann")
    store.revoke(revoked.id)
    store.add([ANN], granted_by="Ann", scope=Scope(project="film", valid_from=NOW))
    with pytest.raises(ConsentScopeError, match="another project"):
        store.check(ANN, SWAP, face="source 1")
    covering = store.add([ANN], granted_by="Ann")
    assert store.check(ANN, SWAP, face="source 1").consent == covering.id


def test_a_revocation_holds_at_once_and_stops_work_that_is_queued(store, home):
    consent = store.add([ANN], granted_by="Ann")
    grant = store.check(ANN, SWAP, face="source 1")
    assert opened(home).revoke(consent.id, "changed her mind").revocation.reason == "changed her mind"
    assert not store.is_live([grant.consent])
    with pytest.raises(ConsentRevokedError, match=f"The consent {consent.id} was revoked at 2026-11-21 12:00 UTC"):
        store.ensure_live([grant.consent])
    with pytest.raises(ConsentRevokedError, match="for the face in source 1 was revoked") as caught:
        store.check(ANN, SWAP, face="source 1")
    assert caught.value.exit_code == 63
    assert "mind" not in str(caught.value)


def test_a_second_revocation_changes_nothing(store, clock):
    consent = store.add([ANN], granted_by="Ann")
    store.revoke(consent.id, "first")
    clock.now += timedelta(days=1)
    again = store.revoke(consent.id, "second")
    assert (again.revocation.at, again.revocation.reason) == (NOW, "first")


def test_what_is_erased_is_gone_and_stops_work_as_well(store, home):
    consent = store.add([ANN], granted_by="Ann", evidence=[EvidenceFile("agreement", "deal.pdf", b"deal")])
    store.erase(consent.id)
    with pytest.raises(ConsentRevokedError, match="no longer on record"):
        store.ensure_live([consent.id])
    with pytest.raises(ConsentMissingError):
        store.check(ANN, SWAP, face="source 1")
    with open_database(home / "trust.db").begin() as connection:
        for table in ("consent_records", "consent_faces", "consent_evidence"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_each_tenant_has_consents_of_its_own(store, home):
    consent = store.add([ANN], granted_by="Ann")
    other = opened(home, tenant="other")
    assert other.all() == []
    with pytest.raises(ConsentMissingError):
        other.check(ANN, SWAP, face="source 1")
    with pytest.raises(ConsentRecordError, match="There is no consent"):
        other.revoke(consent.id)
    assert not other.is_live([consent.id])


def test_an_unknown_id_is_told(store):
    for do in (store.get, store.revoke, store.erase, store.faces, store.evidence):
        with pytest.raises(ConsentRecordError, match="There is no consent c-none") as caught:
            do("c-none")
        assert caught.value.exit_code == 65


def test_evidence_comes_back_as_it_was(store, tmp_path):
    agreement = tmp_path / "agreement.pdf"
    agreement.write_bytes(b"we agree" * 1000)
    files = [read_evidence(f"agreement={agreement}"), read_evidence(str(agreement))]
    consent = store.add([ANN], granted_by="Ann", evidence=files)
    assert [fact.kind for fact in consent.evidence] == ["agreement", "other"]
    assert store.evidence(consent.id) == [agreement.read_bytes()] * 2


def test_nothing_of_a_person_can_be_read_in_the_database(store, home):
    consent = store.add(
        [ANN],
        granted_by="Ann Example",
        person="Ann Example",
        scope=Scope(project="Secret Film", valid_from=NOW),
        evidence=[EvidenceFile("identity", "passport.png", b"PASSPORT OF ANN")],
    )
    store.revoke(consent.id, "a private reason")
    stored = b"".join(path.read_bytes() for path in home.glob("trust.db*"))
    for secret in (b"Ann Example", b"Secret Film", b"PASSPORT", b"passport.png", b"private reason", ANN.tobytes()[:16]):
        assert secret not in stored


def test_nothing_of_a_person_reaches_a_log(store, caplog):
    caplog.set_level(logging.DEBUG)
    consent = store.add([ANN], granted_by="Ann Example", person="Ann Example")
    store.check(ANN, SWAP, face="source 1")
    store.revoke(consent.id, "a private reason")
    assert "Ann Example" not in caplog.text
    assert "private reason" not in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_records SET revoked = ''",
        "UPDATE consent_records SET content = (SELECT content FROM consent_records WHERE revoked = '')",
        "UPDATE consent_records SET content = substr(content, 1, 40)",
    ],
)
def test_who_has_no_key_cannot_take_a_revocation_back(store, home, statement):
    revoked = store.add([ANN], granted_by="Ann")
    store.add([BEN], granted_by="Ben")
    store.revoke(revoked.id)
    change(home, statement)
    with pytest.raises(ConsentRecordError, match="was changed, moved, or sealed with another key"):
        store.check(ANN, SWAP, face="source 1")
    with pytest.raises(ConsentRecordError):
        store.ensure_live([revoked.id])


def test_who_has_no_key_cannot_move_a_face_to_another_consent(store, home):
    anns, bens = store.add([ANN], granted_by="Ann"), store.add([BEN], granted_by="Ben")
    change(home, "DELETE FROM consent_faces WHERE record = :bens", bens=bens.id)
    change(home, "UPDATE consent_faces SET record = :bens WHERE record = :anns", anns=anns.id, bens=bens.id)
    with pytest.raises(ConsentRecordError, match="was changed, moved"):
        store.check(ANN, SWAP, face="source 1")


def test_damaged_and_missing_evidence_is_told(store, home):
    evidence = [EvidenceFile("agreement", "deal.pdf", b"deal"), EvidenceFile("identity", "id.png", b"id")]
    consent = store.add([ANN], granted_by="Ann", evidence=evidence)
    change(home, "UPDATE consent_evidence SET content = zeroblob(40) WHERE number = 1")
    with pytest.raises(ConsentRecordError, match="was changed"):
        store.evidence(consent.id)
    change(home, "DELETE FROM consent_evidence WHERE number = 0")
    with pytest.raises(ConsentRecordError, match=r"Evidence 0 of the consent .* is missing"):
        store.evidence(consent.id)


def test_another_key_opens_nothing(store, home, tmp_path):
    store.add([ANN], granted_by="Ann")
    other = KeyRing.open(trust_home(tmp_path / "other"))
    with pytest.raises(ConsentRecordError, match="sealed with another key"):
        ConsentStore(open_database(home / "trust.db"), other.derived, "default", clock=lambda: NOW).all()


def test_a_database_that_is_none_is_told(home):
    (home / "trust.db").write_bytes(b"no database at all" * 100)
    (home / "trust.db").chmod(0o600)
    with pytest.raises(ConsentRecordError, match="The records of consents cannot be used"):
        opened(home)


def test_templates_are_made_anew_when_a_quarter_begins_and_old_ones_are_gone(store, home, clock):
    consent = store.add([ANN], granted_by="Ann")
    before = _templates(home)
    clock.now = datetime(2027, 1, 2, tzinfo=UTC)
    assert store.check(ANN, SWAP, face="source 1").consent == consent.id, "a long service goes on"
    assert opened(home, clock).check(view(ANN, 1), SWAP, face="source 1").consent == consent.id
    after = _templates(home)
    assert [epoch for epoch, _ in after] == ["2027-1"]
    assert before[0][1] != after[0][1]
    assert store.renew() == 0


def _templates(home: Path) -> list[tuple[str, bytes]]:
    with open_database(home / "trust.db").begin() as connection:
        return [(row[0], row[1]) for row in connection.execute(text("SELECT epoch, template FROM consent_faces"))]


def _add(home: Path, seed: int) -> None:
    opened(home).add([person(seed)], granted_by=f"person {seed}")


def test_several_processes_may_record_at_once(home):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add, args=(home, seed)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert sorted(each.granted_by for each in opened(home).all()) == ["person 0", "person 1", "person 2"]
