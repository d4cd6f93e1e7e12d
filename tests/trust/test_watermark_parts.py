from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.trust.watermark import Geometry, check_payload, new_payload
from facefusion.trust.watermark.code import LENGTH, decoded, encoded
from facefusion.trust.watermark.evidence import LIMIT, chance, weight
from facefusion.trust.watermark.lapped import lapped_basis
from facefusion.trust.watermark.lattice import moves, soft_bits
from facefusion.trust.watermark.layout import CHIPS, TILES, Layout

KEY, OTHER = bytes(range(32)), bytes(32)


def test_the_lapped_basis_is_orthonormal() -> None:
    basis = lapped_basis(288, 7)

    assert np.allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-5)


def test_what_is_drawn_is_found_again() -> None:
    layout, random = Layout.of(KEY), np.random.default_rng(1)
    chips = random.normal(size=(TILES, CHIPS // TILES)).astype(np.float32)

    drawn = layout.drawn(chips, np.ones(TILES, np.float32))

    assert np.allclose(layout.chips(drawn + 100), chips, atol=0.05)


def test_a_layout_depends_on_the_key_alone() -> None:
    one, same, other = Layout.of(KEY), Layout.of(KEY), Layout.of(OTHER)

    assert np.array_equal(one.mixing, same.mixing)
    assert not np.allclose(one.mixing, other.mixing)
    assert abs(float((one.pilot * other.pilot).mean())) < 0.1


@pytest.mark.parametrize("payload", [0, 1, 1 << 63, (1 << 64) - 1, 0x0123456789ABCDEF])
def test_the_code_gives_back_every_bit(payload: int) -> None:
    assert decoded(encoded(payload)) == payload


def test_the_code_corrects_a_third_of_all_places() -> None:
    random = np.random.default_rng(2)
    for payload in random.integers(1 << 63, size=10).tolist():
        noisy = encoded(payload) + random.normal(scale=2.2, size=LENGTH).astype(np.float32)

        assert (np.sign(noisy) != encoded(payload)).mean() > 0.28
        assert decoded(noisy.astype(np.float32)) == payload


def test_code_words_differ_in_many_places() -> None:
    random = np.random.default_rng(3)
    near = [1 << place for place in range(64)] + random.integers(1 << 16, size=300).tolist()

    assert min((encoded(change) != encoded(0)).sum() for change in near if change) > 90


def test_a_payload_tells_whether_the_key_made_it() -> None:
    payload = new_payload(KEY, 1234)

    assert payload >> 24 == 1234
    assert check_payload(KEY, payload)
    assert not check_payload(OTHER, payload)
    assert not check_payload(KEY, payload ^ 1)
    assert new_payload(KEY) != new_payload(KEY)
    with pytest.raises(ValueError, match="40 bits"):
        new_payload(KEY, 1 << 40)


def test_moved_numbers_tell_their_bits() -> None:
    numbers = np.linspace(-200, 200, 4001).astype(np.float32)
    bits = np.where(np.arange(4001) % 2, 1, -1).astype(np.float32)

    told = soft_bits(numbers + moves(numbers, bits, 46.0), 46.0) * bits

    assert (told > 0.98).mean() > 0.8  # the rest would have had to go too far
    assert np.abs(moves(numbers, bits, 46.0)).max() < 46


def test_a_small_change_of_a_number_changes_its_move_little() -> None:
    numbers = np.arange(-200, 200, 0.01, dtype=np.float32)

    jumps = np.diff(moves(numbers, np.ones_like(numbers), 46.0))

    assert np.abs(jumps).max() < 0.1


def test_chance_agrees_no_more_often_than_the_bound_says() -> None:
    random = np.random.default_rng(4)
    soft = (random.normal(size=600) * random.choice([0.1, 1, 10], 600)).astype(np.float32)
    words = random.choice(np.array([-1, 1], np.float32), (4_000, 600))

    weights = np.array([weight(soft, word) for word in words])

    for level in (1, 2, 4, 6):
        assert (weights >= level).mean() <= np.exp(-level)


def test_no_light_word_is_taken_for_a_mark() -> None:
    assert chance(0.0, 1, genuine=True) == 1
    assert chance(60.0, 100, genuine=True) < LIMIT < chance(60.0, 100, genuine=False)
    assert weight(np.zeros(5, np.float32), np.ones(5, np.float32)) == 0


def test_a_crop_is_undone() -> None:
    random = np.random.default_rng(5)
    levels = cv2.GaussianBlur(random.normal(128, 60, (288, 512)).astype(np.float32), (0, 0), 4)
    cropped = cv2.resize(levels[29:288, 0:461], (512, 288), interpolation=cv2.INTER_CUBIC)
    geometry = Geometry(across=512 / 461, down=288 / 259, right=0.5 * (512 / 461 - 1), lower=-0.5 * (288 / 259 - 1))

    undone = geometry.undone(cropped)

    assert np.abs(undone - levels)[40:280, 10:450].mean() < 0.1
    assert geometry.seen()[:20].max() == 0
    assert Geometry().whole
    assert not geometry.whole
