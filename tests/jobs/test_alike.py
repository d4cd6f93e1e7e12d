"""What has to be alike in all processes: each finds it for itself, again and again, whatever fails meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from benchmarks.servers import until

from facefusion.jobs.alike import FACT, NONE, OWN_FILE, STORAGE_MARK, Alike, found_alike, storage_mark
from facefusion.jobs.storage import open_storage
from facefusion.options import Options
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing


def test_two_places_find_the_same_where_it_is_the_same(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "storage"))
    options = [Options.parse({"trust_dir": tmp_path / name, "models_dir": tmp_path / name}) for name in ("a", "b")]
    first, second = (found_alike(each, storage) for each in options)
    assert first == second
    assert (first["keys"], first["storage"], first["records"]) == (NONE, NONE, OWN_FILE)
    KeyRing.open(trust_home(tmp_path / "a"))
    storage.put_bytes(b"0123", STORAGE_MARK)
    found = found_alike(options[0], storage)
    assert found["keys"] not in (NONE, "") and found["storage"] == storage_mark(storage) == "0123"
    assert found["models"] == first["models"]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("postgresql://ada:x@db/records", "postgresql://bob:y@db/records", True),
        ("postgresql://ada@db/records", "postgresql://ada@db/others", False),
        ("postgresql://ada@/r?host=/run/a", "postgresql://ada@/r?host=/run/b", False),
    ],
)
def test_a_database_of_records_is_known_without_who_uses_it(
    tmp_path: Path, one: str, other: str, is_same: bool
) -> None:
    storage = open_storage(str(tmp_path / "storage"))
    found = [found_alike(Options.parse({"trust_database": each}), storage)["records"] for each in (one, other)]
    assert (found[0] == found[1]) is is_same
    assert not [each for each in found if "ada" in each or "x" in each]


def test_what_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEFUSION_POLICY", raising=False)
    storage = open_storage(str(tmp_path / "storage"))
    found = found_alike(Options.parse({"policy": str(tmp_path / "none.toml"), "trust_dir": tmp_path}), storage)
    assert found["policy"] == "PolicyError"
    assert found["storage"] == NONE


def test_it_goes_on_after_what_nobody_foresaw() -> None:
    looks: list[int] = []

    def look() -> Mapping[str, str]:
        looks.append(len(looks))
        if len(looks) == 1:
            raise RuntimeError("unforeseen")
        return {"keys": str(len(looks))}

    facts: dict[str, object] = {}
    alike = Alike(facts, look, seconds=0.01)
    assert facts == {FACT: {}}
    with alike.looking():
        until(lambda: facts[FACT])
    assert len(looks) >= 2
