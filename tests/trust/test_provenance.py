"""Signed manifests: what they say, in which forms, and what of people they never hold."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
import signed_files as files
from signed_files import FACTS, FORMS

from facefusion.errors import InputDamagedError, InputMissingError
from facefusion.media import forms
from facefusion.trust.provenance import ManifestState, can_hold, read_manifest, sidecar_path, sign


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory):
    return files.authority(tmp_path_factory.mktemp("place"))


@pytest.fixture
def signed(tmp_path: Path, authority):
    def make(name: str = "a.jpg", facts=FACTS) -> Path:
        path = files.file_of(name, tmp_path)
        sign(path, FORMS[name], facts, authority.signer())
        return path

    return make


@pytest.mark.parametrize("name", files.HOLDING)
def test_every_form_that_can_holds_a_manifest_that_is_trusted_here(name, signed, authority, tmp_path):
    (tmp_path / "before").mkdir()
    before = files.content(files.file_of(name, tmp_path / "before"))
    path = signed(name)
    found = read_manifest(path, [authority.anchor()])
    assert (found.state, found.sealed) == (ManifestState.TRUSTED, True), found.why
    assert files.content(path) == before
    assert can_hold(FORMS[name])
    assert not sidecar_path(path).exists()


@pytest.mark.parametrize("name", files.BESIDE)
def test_a_form_that_cannot_has_its_manifest_beside_it(name, tmp_path, authority):
    path = files.file_of(name, tmp_path)
    before = path.read_bytes()
    assert not can_hold(FORMS[name])
    beside = sign(path, FORMS[name], FACTS, authority.signer())
    assert beside == sidecar_path(path) == tmp_path / f"{name}.c2pa"
    assert path.read_bytes() == before
    found = read_manifest(path, [authority.anchor()])
    assert (found.state, found.sealed) == (ManifestState.TRUSTED, True), found.why
    for place in (0, 100, len(before) - 1):
        assert files.flipped(path, place, 3, _state(authority)) is ManifestState.INVALID
    for place in range(0, beside.stat().st_size, 97):
        judge = _state(authority)
        assert files.flipped(beside, place, 3, lambda _, judge=judge: judge(path)) is ManifestState.INVALID
    beside.unlink()
    assert read_manifest(path).state is ManifestState.ABSENT


def test_a_manifest_beside_a_file_that_holds_its_own_is_not_looked_at(signed, authority, tmp_path):
    path = signed("a.jpg")
    sidecar_path(path).write_bytes(b"of somebody else")
    assert read_manifest(path, [authority.anchor()]).state is ManifestState.TRUSTED


def test_it_says_what_was_done_and_with_what(signed, authority):
    said = read_manifest(signed(facts=replace(FACTS, when=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)))).said
    assert said is not None
    assert said.actions == ("c2pa.opened", "c2pa.edited")
    assert said.source_types == (FACTS.source_type,)
    assert said.generator == "FaceFusion 1.2.3"
    assert said.when == ("2026-02-03T04:05:06+00:00",)
    assert said.models == FACTS.models
    assert said.watermark == FACTS.watermark
    assert said.marks == FACTS.marks
    assert said.signer.startswith("Signer ")


def test_somebody_who_does_not_know_the_root_sees_that_it_holds_and_that_the_signer_is_unknown(signed):
    found = read_manifest(signed())
    assert found.state is ManifestState.VALID
    assert "nobody whom this place trusts" in found.why


def test_the_root_of_another_place_does_not_vouch(signed, tmp_path):
    (tmp_path / "other").mkdir()
    other = files.authority(tmp_path / "other")
    assert read_manifest(signed(), [other.anchor()]).state is ManifestState.VALID


@pytest.mark.parametrize("name", files.FORMS)
def test_a_file_without_manifest_has_none(name, tmp_path):
    assert read_manifest(files.file_of(name, tmp_path)).state is ManifestState.ABSENT


def test_what_is_no_file_is_told_as_everywhere(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputDamagedError):
        read_manifest(tmp_path / "empty.jpg")
    with pytest.raises(InputMissingError):
        read_manifest(tmp_path / "none.jpg")


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "a.webp", "a.mp4", "fragmented.mp4", "a.mov", "a.gif", "a.tiff", "a.avif"]
)
def test_no_byte_can_be_changed_unnoticed(name, signed, authority):
    """`python -m benchmarks.provenance` tries every byte of such files."""
    path, generator = signed(name), random.Random(name)
    length = path.stat().st_size
    places = {*range(64), *range(length - 16, length), *generator.sample(range(length), 250)}
    kept = [
        place
        for place in sorted(places)
        if files.flipped(path, place, generator.randrange(8), _state(authority)) is not ManifestState.INVALID
    ]
    assert kept == []
    assert read_manifest(path, [authority.anchor()]).state is ManifestState.TRUSTED


@pytest.mark.parametrize("name", files.VIDEOS)
def test_large_films_are_hashed_in_blocks_and_covered_as_well(name, signed, authority, monkeypatch):
    monkeypatch.setattr("facefusion.trust.provenance.media_box._LARGE", 0)
    path = signed(name)
    assert read_manifest(path, [authority.anchor()]).state is ManifestState.TRUSTED
    assert (b"merkle" in path.read_bytes()) == (name != "fragmented.mp4")
    for place in range(0, path.stat().st_size, 499):
        assert files.flipped(path, place, 5, _state(authority)) is ManifestState.INVALID


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4"])
def test_cutting_or_adding_bytes_is_noticed(name, signed, authority):
    path = signed(name)
    whole = path.read_bytes()
    for altered in (whole[:-1], whole[: len(whole) // 2], whole + b"\0"):
        path.write_bytes(altered)
        assert read_manifest(path, [authority.anchor()]).state is ManifestState.INVALID


def test_the_manifest_of_the_target_is_kept(signed, tmp_path, authority):
    first = signed().rename(tmp_path / "target.jpg")
    again = signed(facts=replace(FACTS, target=first, target_digest="77" * 32))
    found = read_manifest(again, [authority.anchor()])
    assert found.state is ManifestState.TRUSTED
    assert found.said is not None
    assert found.said.parents == 1


@pytest.mark.parametrize("name", ["a.jpg", "a.gif"])
def test_the_seal_finds_its_place_however_often_a_file_is_edited(name, tmp_path, authority):
    """A JPEG is cut up every 64 kB and a GIF every 255 bytes, and each edit keeps the manifests before it."""
    path = files.file_of(name, tmp_path)
    for number in range(8):
        target = path.replace(tmp_path / f"target{number}{path.suffix}") if number else None
        path = files.file_of(name, tmp_path)
        sign(path, FORMS[name], replace(FACTS, target=target, processors=("x" * 31 * number,)), authority.signer())
        found = read_manifest(path, [authority.anchor()])
        assert (found.state, found.said and found.said.parents) == (ManifestState.TRUSTED, number), found.why


def test_a_target_that_was_tampered_with_can_still_be_edited(signed, tmp_path, authority):
    first = signed().rename(tmp_path / "target.jpg")
    first.write_bytes(first.read_bytes() + b"\0")
    found = read_manifest(signed(facts=replace(FACTS, target=first)), [authority.anchor()])
    assert found.state is ManifestState.TRUSTED, found.why


@pytest.mark.parametrize("name", ["a.mkv", "none.jpg", ""])
def test_a_target_that_cannot_hold_a_manifest_is_named_only(name, signed, tmp_path, authority):
    target = tmp_path / name if name != "a.mkv" else files.file_of(name, tmp_path)
    found = read_manifest(signed(facts=replace(FACTS, target=target)), [authority.anchor()])
    assert found.state is ManifestState.TRUSTED, found.why


def test_nothing_of_people_or_places_is_in_it(signed, tmp_path):
    target = files.file_of("a.png", tmp_path).rename(tmp_path / "Jane Roe at home.png")
    path = signed(facts=replace(FACTS, target=target))
    found = path.read_bytes()
    for word in (b"Jane", b"Roe", str(tmp_path).encode(), socket.gethostname().encode(), Path.home().name.encode()):
        assert word not in found
    assert found.count(b"\xff\xd8\xff") == 1, "there is no second picture inside"


def test_thumbnails_in_manifests_of_the_target_are_left_out(tmp_path, signed, authority):
    target = _with_thumbnail(tmp_path, authority)
    assert target.read_bytes().count(b"\xff\xd8\xff") == 2
    path = signed(facts=replace(FACTS, target=target))
    found = read_manifest(path, [authority.anchor()])
    assert path.read_bytes().count(b"\xff\xd8\xff") == 1
    assert (found.state, found.said and found.said.parents) == (ManifestState.TRUSTED, 1)
    assert found.said is not None
    assert "c2pa.redacted" in found.said.actions


def test_another_program_reads_the_same(signed, authority):
    """The C2PA's own library with its usual settings, and nothing of ours."""
    context = c2pa.Context.from_dict({"trust": {"trust_anchors": authority.anchor()}})
    with context, signed("a.mp4").open("rb") as file, c2pa.Reader("video/mp4", file, context=context) as reader:
        found = json.loads(reader.json())
    assert found["validation_state"] == "Trusted"
    manifest = found["manifests"][found["active_manifest"]]
    binding = next(each for each in manifest["assertions"] if each["label"] == "c2pa.soft-binding")
    assert binding["data"]["blocks"][0]["value"] == "123456789abcdef0"
    assert {each["relationship"] for each in manifest["ingredients"]} == {"parentOf", "inputTo"}
    assert {each.get("instance_id") for each in manifest["ingredients"]} >= SOURCES


SOURCES = {f"sha256:{files.SOURCE_DIGEST}"}


def test_forms_that_are_only_read_hold_none():
    assert not any(map(can_hold, (forms.AVI, forms.MPEG_TS, forms.BMP)))


def _state(authority):
    return lambda path: read_manifest(path, [authority.anchor()]).state


def _with_thumbnail(folder: Path, authority) -> Path:
    """A picture that another program has signed, with a thumbnail of it in the manifest."""
    path, source = folder / "thumbnail.jpg", files.file_of("a.jpg", folder)
    signing = authority.signer()
    with (
        c2pa.Context() as context,
        c2pa.Signer.from_callback(signing.sign, c2pa.C2paSigningAlg.ED25519, signing.chain) as signer,
    ):
        builder = c2pa.Builder({"claim_generator_info": [{"name": "camera"}]}, context=context)
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.DIGITAL_CAPTURE)
        with source.open("rb") as file, path.open("w+b") as output:
            builder.sign(signer, "image/jpeg", file, output)
    return path
