"""Lists of faces: those that are not to be used, and those that may be used all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faces_like import person, view
from sqlalchemy import text

from facefusion.errors import ConsentRecordError, FaceBlockedError
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANN, BEN = person(1), person(2)
BASIS = "request of the person, GDPR article 17"


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


def opened(home: Path, clock=lambda: NOW, tenant: str = "default") -> FaceLists:
    return FaceLists(open_database(home / "trust.db"), KeyRing.open(home).derived, tenant, clock=clock)


@pytest.fixture
def lists(home, clock) -> FaceLists:
    return opened(home, clock)


def is_blocked(lists: FaceLists, face, *, allow_overrides: bool = True) -> bool:
    try:
        lists.check(face, face="source 1", allow_overrides=allow_overrides)
    except FaceBlockedError:
        return True
    return False


def test_a_face_on_the_list_is_refused_in_other_pictures_too(lists):
    entry = lists.add("block", [ANN], basis=BASIS, reason="does not want it")
    with pytest.raises(FaceBlockedError, match=f"The face in source 3 is on the list .* {entry.id}") as caught:
        lists.check(view(ANN, 1), face="source 3", allow_overrides=True)
    assert caught.value.exit_code == 68
    assert "does not want it" not in str(caught.value)
    assert not is_blocked(lists, BEN)


def test_the_allow_list_overrides_where_the_policy_says_so(lists):
    lists.add("block", [ANN], basis=BASIS)
    lists.add("allow", [view(ANN, 1, 0.1)], basis="her own consent")
    assert not is_blocked(lists, ANN, allow_overrides=True)
    assert is_blocked(lists, ANN, allow_overrides=False)


def test_the_allow_list_alone_blocks_nobody(lists):
    lists.add("allow", [ANN], basis="her own consent")
    assert not is_blocked(lists, BEN)


def test_an_entry_ends_by_itself_and_is_then_forgotten(lists, home, clock):
    lists.add("block", [ANN], basis=BASIS, until=NOW + timedelta(days=30))
    assert is_blocked(lists, ANN)
    clock.now = NOW + timedelta(days=30)
    assert not is_blocked(lists, ANN)
    assert lists.all() == []
    opened(home, clock)
    with open_database(home / "trust.db").begin() as connection:
        for table in ("face_list_entries", "face_list_faces"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_what_is_taken_off_is_used_again(lists):
    entry = lists.add("block", [ANN], basis=BASIS)
    lists.remove(entry.id)
    assert not is_blocked(lists, ANN)
    with pytest.raises(ConsentRecordError, match=f"There is no entry {entry.id}"):
        lists.remove(entry.id)


def test_each_tenant_has_lists_of_its_own(lists, home):
    entry = lists.add("block", [ANN], basis=BASIS)
    other = opened(home, tenant="other")
    assert other.all() == []
    assert not is_blocked(other, ANN)
    with pytest.raises(ConsentRecordError):
        other.remove(entry.id)


def test_nothing_can_be_read_in_the_database(lists, home):
    lists.add("block", [ANN], basis="a secret ground", reason="a private reason")
    stored = b"".join(path.read_bytes() for path in home.glob("trust.db*"))
    for secret in (b"secret ground", b"private reason", ANN.tobytes()[:16]):
        assert secret not in stored


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM face_list_entries",
        "UPDATE face_list_entries SET content = zeroblob(200)",
        "UPDATE face_list_faces SET template = zeroblob(540)",
        "UPDATE face_list_faces SET epoch = '2020-1', reference = zeroblob(540)",
    ],
)
def test_lists_that_were_changed_refuse_instead_of_letting_through(lists, home, statement):
    lists.add("block", [ANN], basis=BASIS)
    with open_database(home / "trust.db").begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(ConsentRecordError, match="was changed, moved, or sealed with another key"):
        lists.check(ANN, face="source 1", allow_overrides=True)


def test_an_entry_cannot_be_made_another(lists, home):
    lists.add("block", [ANN], basis=BASIS)
    lists.add("allow", [BEN], basis="his own consent")
    with open_database(home / "trust.db").begin() as connection:
        connection.execute(text("UPDATE face_list_entries SET content = (SELECT max(content) FROM face_list_entries)"))
    with pytest.raises(ConsentRecordError):
        lists.all()


def test_a_new_quarter_lets_nobody_through(lists, home, clock):
    lists.add("block", [ANN], basis=BASIS)
    clock.now = datetime(2027, 4, 2, tzinfo=UTC)
    assert is_blocked(lists, ANN), "a long service goes on"
    assert is_blocked(opened(home, clock), ANN)
    with open_database(home / "trust.db").begin() as connection:
        assert connection.execute(text("SELECT epoch FROM face_list_faces")).scalars().all() == ["2027-2"]


@pytest.mark.parametrize("table", ["face_list_faces", "face_list_entries"])
def test_rows_that_were_taken_away_unblock_nobody(lists, home, table):
    lists.add("block", [ANN, view(ANN, 1)], basis=BASIS)
    assert len(lists.all()) == 1
    engine = open_database(home / "trust.db")
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table} WHERE rowid = 1"))
    engine.dispose()
    with pytest.raises(ConsentRecordError, match="was changed"):
        lists.all()
