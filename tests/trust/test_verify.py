"""Holding the layers of a file against one another, and `facefusion verify`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import signed_files as files

from facefusion.cli.main import main
from facefusion.errors import (
    AuditBrokenError,
    InputDamagedError,
    InputTypeError,
    MarkBrokenError,
    SigningError,
    UnmarkedError,
)
from facefusion.media import forms
from facefusion.options import LimitOptions
from facefusion.trust.privacy.envelope import encrypted
from facefusion.trust.provenance import sign
from facefusion.trust.verify import LayerReading, LayerState, verify_file

HOLDS, UNKNOWN, BROKEN = LayerState.HOLDS, LayerState.UNKNOWN, LayerState.BROKEN
STRIPPED, ABSENT, UNREAD = LayerState.STRIPPED, LayerState.ABSENT, LayerState.UNREAD


@dataclass
class Layer:
    """A layer that says what it was made to say."""

    layer: str
    state: LayerState
    facts: dict = field(default_factory=dict)

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        return LayerReading(self.layer, self.state, f"{self.layer} is {self.state}", self.facts)


class Claim(Layer):
    """A layer that anybody may have written."""

    def read(self, path, before):
        return replace(super().read(path, before), vouches=False)


class Unreadable(Layer):
    def read(self, path, before):
        raise InputDamagedError("The picture cannot be decoded", "Copy it again")


class CutOff(Layer):
    def read(self, path, before):
        raise AuditBrokenError("Its head is missing")


@pytest.fixture
def judged(tmp_path: Path):
    path = files.file_of("a.jpg", tmp_path)
    return lambda *layers: verify_file(path, layers, LimitOptions())


def states(report):
    return {layer.layer: layer.state for layer in report.layers}


def test_all_that_is_there_holds(judged):
    report = judged(Layer("provenance", HOLDS), Layer("watermark", HOLDS), Layer("metadata", ABSENT))
    assert report.fault() is None


def test_a_file_without_any_mark_is_unmarked(judged):
    fault = judged(Layer("provenance", ABSENT), Layer("watermark", ABSENT)).fault()
    assert isinstance(fault, UnmarkedError)
    assert fault.exit_code == 73


def test_one_broken_layer_is_enough(judged):
    fault = judged(Layer("provenance", HOLDS), Layer("metadata", BROKEN)).fault()
    assert isinstance(fault, MarkBrokenError)
    assert "metadata is broken" in str(fault)


def test_a_file_for_which_only_strangers_vouch(judged):
    fault = judged(Layer("provenance", UNKNOWN, {"signer": "X"}), Layer("watermark", ABSENT)).fault()
    assert isinstance(fault, SigningError)
    assert "--trust-anchors" in str(fault)
    assert judged(Layer("provenance", UNKNOWN), Layer("watermark", HOLDS)).fault() is None
    assert isinstance(judged(Layer("provenance", UNKNOWN), Claim("metadata", HOLDS)).fault(), SigningError)
    assert isinstance(judged(Claim("metadata", HOLDS)).fault(), SigningError)
    assert judged(Claim("metadata", HOLDS), Layer("audit", HOLDS)).fault() is None


@pytest.mark.parametrize(
    "facts", [{"marks": ["provenance", "watermark", "metadata"]}, {"marks": ["provenance"], "watermark": "0" * 16}]
)
def test_what_was_there_and_is_gone_is_stripped(judged, facts):
    report = judged(Layer("provenance", ABSENT), Layer("watermark", ABSENT), Layer("audit", HOLDS, facts))
    assert states(report) == {"provenance": STRIPPED, "watermark": STRIPPED, "audit": HOLDS}
    assert "the audit says that it was there" in report.layers[0].what
    assert report.fault() is None


def test_a_broken_layer_promises_nothing(judged):
    report = judged(Layer("provenance", BROKEN, {"marks": ["watermark"]}), Layer("watermark", ABSENT))
    assert states(report)["watermark"] is ABSENT


@pytest.mark.parametrize("name", ["watermark", "produce_id"])
def test_a_mark_of_another_file_contradicts(judged, name):
    report = judged(Layer("provenance", HOLDS, {name: "one"}), Layer("metadata", HOLDS, {name: "other"}))
    assert states(report) == {"provenance": HOLDS, "metadata": BROKEN}
    assert "not that of the provenance" in str(report.fault())
    assert judged(Layer("provenance", HOLDS, {name: "one"}), Layer("metadata", HOLDS, {name: "one"})).fault() is None


def test_a_layer_that_cannot_be_read_is_named_and_hides_nothing(judged):
    report = judged(Layer("provenance", BROKEN), Unreadable("watermark", HOLDS))
    assert states(report) == {"provenance": BROKEN, "watermark": UNREAD}
    assert isinstance(report.fault(), MarkBrokenError)
    for state in (ABSENT, HOLDS):
        report = judged(Layer("provenance", state), Unreadable("watermark", HOLDS))
        assert states(report) == {"provenance": state, "watermark": UNREAD}
        assert isinstance(report.fault(), InputDamagedError)


def test_records_that_cannot_be_used_do_not_hide_the_other_layers(judged):
    report = judged(Layer("provenance", HOLDS), CutOff("audit", HOLDS))
    assert states(report) == {"provenance": HOLDS, "audit": UNREAD}
    assert isinstance(report.fault(), AuditBrokenError)


def test_what_is_no_picture_has_the_usual_error(tmp_path):
    (tmp_path / "note.txt").write_text("only words")
    with pytest.raises(InputTypeError):
        verify_file(tmp_path / "note.txt", [Layer("provenance", ABSENT)], LimitOptions())


# the command


@pytest.fixture
def place(quiet_place: Path):
    """A place with an authority, and the options that name it."""
    authority = files.authority(quiet_place)
    return authority, ["--trust-dir", str(quiet_place / "trust")]


@pytest.fixture
def marked(place, quiet_place: Path) -> Path:
    path = files.file_of("a.jpg", quiet_place)
    sign(path, forms.JPEG, files.FACTS, place[0].signer())
    return path


def test_verify_says_who_signed_and_that_every_byte_is_right(marked, place, capsys):
    assert main(["verify", "a.jpg", *place[1]]) == 0
    shown = capsys.readouterr().out
    assert "provenance   holds" in shown
    assert "every byte of the file is as it was signed" in shown


def test_verify_as_json(marked, place, capsys):
    assert main(["verify", "a.jpg", "--json", *place[1]]) == 0
    found = json.loads(capsys.readouterr().out)["files"][0]
    assert (found["verdict"], found["exit_code"]) == ("holds", 0)
    provenance = found["layers"][0]
    assert (provenance["state"], provenance["facts"]["watermark"]) == ("holds", "123456789abcdef0")


@pytest.mark.parametrize(
    ("make", "status", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9), 74, "changed after it was signed"),
        (lambda path: files.file_of("a.jpg", path.parent), 73, "bears no mark"),
        (lambda path: path.write_text("only words"), 11, "is text, not a picture or video"),
        (lambda path: path.write_bytes(b""), 12, "is empty"),
        (lambda path: path.unlink(), 10, "There is no file"),
    ],
)
def test_each_bad_file_has_an_answer_and_a_status_of_its_own(make, status, said, place, capsys):
    path = files.file_of("a.jpg", Path.cwd())
    sign(path, forms.JPEG, files.FACTS, place[0].signer())
    make(path)
    assert main(["verify", "a.jpg", *place[1]]) == status
    told = capsys.readouterr()
    assert said in " ".join((told.out + told.err).split())


def test_the_gravest_of_several_files_decides(marked, place, capsys, quiet_place):
    files.file_of("a.png", quiet_place)
    assert main(["verify", "a.jpg", "none.jpg", "a.png", *place[1]]) == 73
    assert "cannot be read: There is no file none.jpg" in capsys.readouterr().out


def test_elsewhere_the_signer_is_unknown_until_their_root_is_given(marked, place, capsys, quiet_place):
    assert main(["trust", "show", "--pem", *place[1]]) == 0
    (quiet_place / "root.pem").write_text(capsys.readouterr().out)
    elsewhere = ["--trust-dir", str(quiet_place / "elsewhere")]
    assert main(["verify", "a.jpg", *elsewhere]) == 70
    assert "nobody whom this place trusts" in capsys.readouterr().out
    assert main(["verify", "a.jpg", "--trust-anchors", "root.pem", *elsewhere]) == 0
    assert not (quiet_place / "elsewhere").exists(), "looking makes nothing"


def test_trust_init_makes_and_show_tells_no_secret(quiet_place, capsys):
    folder = ["--trust-dir", str(quiet_place / "new")]
    assert main(["trust", "show", *folder]) == 75
    assert "trust init" in capsys.readouterr().err
    assert main(["trust", "init", *folder]) == 0
    first = capsys.readouterr().out
    assert main(["trust", "init", *folder]) == 0
    assert main(["trust", "show", *folder]) == 0
    assert capsys.readouterr().out == first * 2
    assert main(["trust", "show", "--json", *folder]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown)["root"]["fingerprint"] in first
    assert (quiet_place / "new" / "root.key").read_text().split("\n")[1] not in shown + first


def test_trust_knows_its_commands(quiet_place, capsys):
    assert main(["trust"]) == 0
    assert "init" in capsys.readouterr().out
    assert main(["trust", "shwo"]) == 2
    assert "Perhaps you meant show" in capsys.readouterr().err


def test_the_terms_are_acknowledged_once(quiet_place, capsys):
    folder = ["--trust-dir", str(quiet_place / "new")]
    assert main(["trust", "acknowledge", *folder]) == 60
    assert "--acknowledge" in capsys.readouterr().err
    assert main(["trust", "acknowledge", "--acknowledge", *folder]) == 0
    assert main(["trust", "acknowledge", *folder]) == 0


def test_an_encrypted_file_is_to_be_decrypted_first(tmp_path):
    plain, sealed = tmp_path / "plain.png", tmp_path / "sealed.png"
    plain.write_bytes(b"anything")
    encrypted(plain, sealed, bytes(32))
    with pytest.raises(InputTypeError, match=r"sealed\.png is encrypted\. Decrypt it first, with facefusion storage"):
        verify_file(sealed, (), LimitOptions())


def test_an_encrypted_file_is_said_to_be_one(marked, place, capsys):
    encrypted(marked, marked, bytes(32))
    assert main(["verify", "a.jpg", *place[1]]) == 11
    assert "is encrypted" in capsys.readouterr().err
