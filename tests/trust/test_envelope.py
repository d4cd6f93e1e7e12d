"""Encrypted files: what was put in comes out, and any change is found before anything is written."""

from __future__ import annotations

import base64
import os
import stat
import tracemalloc

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError, OutputExistsError, SecretError
from facefusion.trust.privacy import envelope
from facefusion.trust.privacy.envelope import decrypted, encrypted, is_encrypted, read_key, write_key

KEY = bytes(range(32))
HEADER = 80
CHUNK = 64


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(envelope, "_CHUNK", CHUNK)


def sealed(folder, content):
    (folder / "plain").write_bytes(content)
    encrypted(folder / "plain", folder / "sealed", KEY)
    return folder / "sealed"


def pieces(data):
    """Header and chunks of an encrypted file."""
    body = data[HEADER:]
    size = CHUNK + 16
    return data[:HEADER], [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 5 * CHUNK + 7])
def test_what_was_put_in_comes_out(tmp_path, small_chunks, length):
    content = os.urandom(length)
    path = sealed(tmp_path, content)
    assert is_encrypted(path) and not is_encrypted(tmp_path / "plain")
    decrypted(path, tmp_path / "again", KEY)
    assert (tmp_path / "again").read_bytes() == content


def test_any_implementation_of_the_format_can_read_it(tmp_path, small_chunks):
    content = os.urandom(3 * CHUNK - 5)
    header, chunks = pieces(sealed(tmp_path, content).read_bytes())
    cipher = AESGCM(aes_key_unwrap(KEY, header[40:80]))
    plain = b"".join(
        cipher.decrypt(number.to_bytes(11, "big") + bytes([number == len(chunks) - 1]), chunk, header)
        for number, chunk in enumerate(chunks)
    )
    assert plain == content


def test_the_same_file_is_never_encrypted_alike_and_shows_nothing_of_its_content(tmp_path):
    content = b"a face" * 1000
    one, two = sealed(tmp_path, content).read_bytes(), sealed(tmp_path, content).read_bytes()
    assert one[40:] != two[40:]
    assert b"a face" not in one


def test_it_can_take_the_place_of_what_it_was_made_of(tmp_path):
    path = tmp_path / "result.mp4"
    path.write_bytes(b"a film")
    encrypted(path, path, KEY)
    assert is_encrypted(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["result.mp4"]


def assert_damaged(folder, data):
    (folder / "altered").write_bytes(data)
    with pytest.raises(InputDamagedError, match="not as it was encrypted"):
        decrypted(folder / "altered", folder / "out", KEY)
    assert not (folder / "out").exists()
    assert not list(folder.glob(".facefusion-*"))


@pytest.mark.parametrize(
    "change",
    [
        lambda header, chunks: [*chunks[:-1]],
        lambda header, chunks: [*chunks[:-1], chunks[-1][:-1]],
        lambda header, chunks: [chunks[1], chunks[0], *chunks[2:]],
        lambda header, chunks: [chunks[0], chunks[0], *chunks[1:]],
        lambda header, chunks: [chunks[0], *chunks[2:]],
        lambda header, chunks: [*chunks, chunks[-1]],
        lambda header, chunks: [*chunks, b"more"],
        lambda header, chunks: [],
    ],
    ids=["cut at a chunk", "cut by a byte", "reordered", "doubled", "missing", "end doubled", "longer", "empty"],
)
@pytest.mark.parametrize("length", [4 * CHUNK, 4 * CHUNK - 9])
def test_a_changed_order_or_length_is_found(tmp_path, small_chunks, change, length):
    header, chunks = pieces(sealed(tmp_path, os.urandom(length)).read_bytes())
    assert_damaged(tmp_path, header + b"".join(change(header, chunks)))


def test_chunks_of_another_file_are_found(tmp_path, small_chunks):
    header, one = pieces(sealed(tmp_path, b"a" * 3 * CHUNK).read_bytes())
    _, two = pieces(sealed(tmp_path, b"b" * 3 * CHUNK).read_bytes())
    assert_damaged(tmp_path, header + one[0] + two[1] + one[2])


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, HEADER + 3 * CHUNK + 48 - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_gives_its_own_answer(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("flipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "_CHUNK", CHUNK)
        data = bytearray(sealed(folder, bytes(3 * CHUNK)).read_bytes())
    data[place] ^= 1 << bit
    (folder / "altered").write_bytes(data)
    expected = InputTypeError if place < 20 else SecretError if 24 <= place < 40 else InputDamagedError
    with pytest.raises(expected):
        decrypted(folder / "altered", folder / "out", KEY)
    assert not (folder / "out").exists()


def test_another_key_is_told_from_damage(tmp_path):
    path = sealed(tmp_path, b"a film")
    with pytest.raises(SecretError, match="was encrypted with another key"):
        decrypted(path, tmp_path / "out", bytes(32))


def test_what_is_not_there_or_not_encrypted_is_told(tmp_path):
    with pytest.raises(InputMissingError):
        encrypted(tmp_path / "none", tmp_path / "out", KEY)
    (tmp_path / "plain").write_bytes(b"a film")
    with pytest.raises(InputTypeError, match="not an encrypted file of ours"):
        decrypted(tmp_path / "plain", tmp_path / "out", KEY)


def test_memory_does_not_grow_with_the_file(tmp_path):
    (tmp_path / "plain").write_bytes(bytes(48 << 20))
    tracemalloc.start()
    encrypted(tmp_path / "plain", tmp_path / "sealed", KEY)
    decrypted(tmp_path / "sealed", tmp_path / "again", KEY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert (tmp_path / "again").stat().st_size == 48 << 20


@pytest.mark.parametrize(
    "written", [KEY, KEY.hex().encode() + b"\n", base64.b64encode(KEY), KEY.hex().upper().encode()]
)
def test_a_key_is_read_in_any_usual_form(tmp_path, written):
    path = tmp_path / "key"
    path.write_bytes(written)
    path.chmod(0o600)
    assert read_key(path) == KEY


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o644)
    with pytest.raises(SecretError, match="open to others"):
        read_key(path)
    path.chmod(0o600)
    path.write_bytes(b"hunter2")
    with pytest.raises(SecretError, match="holds no key of 32 bytes"):
        read_key(path)
    with pytest.raises(SecretError, match="cannot be read"):
        read_key(tmp_path / "none")


def test_a_new_key_is_private_and_never_replaces_another(tmp_path):
    path = tmp_path / "key"
    write_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(read_key(path)) == 32
    with pytest.raises(OutputExistsError, match="never replaced"):
        write_key(path)


def test_a_file_is_not_encrypted_twice(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    encrypted(film, film, KEY)
    before = film.read_bytes()
    with pytest.raises(InputTypeError, match="encrypted already"):
        encrypted(film, film, KEY)
    assert film.read_bytes() == before


def test_of_a_link_what_it_leads_to_is_encrypted(tmp_path):
    film, link = tmp_path / "film.mp4", tmp_path / "link.mp4"
    film.write_bytes(b"a film")
    link.symlink_to(film)
    encrypted(link, link, KEY)
    assert link.is_symlink()
    assert is_encrypted(film)
