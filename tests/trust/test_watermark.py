from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.marked import ATTACKS, Attack, Clip, Plane, cut, encoded, planes, rotated, scaled, then

from facefusion.trust.watermark import Watermark, new_payload, read_watermark
from material import ASTRONAUT, CAPTAIN, Array, read

KEY, OTHER = bytes(range(32)), bytes(32)
PAYLOAD = new_payload(KEY, 42)


@pytest.fixture(scope="module")
def mark() -> Watermark:
    return Watermark(KEY, PAYLOAD)


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A portrait across which a camera pans: twelve frames of 640 × 360."""
    picture = cv2.resize(cv2.cvtColor(read(ASTRONAUT), cv2.COLOR_RGB2GRAY), (760, 760), interpolation=cv2.INTER_CUBIC)
    chroma = np.full((180, 320), 128, np.uint8)
    frames = [picture[2 * step : 2 * step + 360, 3 * step : 3 * step + 640] for step in range(12)]
    return [(np.asarray(np.clip(frame, 16, 235), np.uint8).copy(), chroma, chroma) for frame in frames]


@pytest.fixture(scope="module")
def marked(mark: Watermark, clip: Clip) -> Clip:
    lumas = [luma.copy() for luma, _, _ in clip]
    for luma in lumas:
        mark.mark_luma(luma)
    return [(luma, u, v) for luma, (_, u, v) in zip(lumas, clip, strict=True)]


def payload_of(clip: Clip, key: bytes = KEY) -> int | None:
    reading = read_watermark([luma for luma, _, _ in clip], key)
    return reading.payload if reading else None


def psnr(before: Array, after: Array) -> float:
    return 10 * float(np.log10(255**2 / ((before.astype(float) - after) ** 2).mean()))


def noise(height: int, width: int) -> Plane:
    """A cloudy picture, codes 40 to 216."""
    small = np.random.default_rng(height).integers(40, 217, (max(height // 8, 2), max(width // 8, 2))).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def test_the_mark_is_read_with_everything_about_it(marked: Clip) -> None:
    reading = read_watermark((luma for luma, _, _ in marked), KEY)

    assert reading is not None
    assert (reading.payload, reading.genuine, reading.frames) == (PAYLOAD, True, 12)
    assert reading.chance < 1e-30
    assert reading.geometry.whole


@pytest.mark.parametrize(
    "name",
    ["H.264, CRF 28", "HEVC, CRF 28", "half size, H.264 CRF 28", "JPEG 50, one frame", "brightness + 20 % *",
     "brightness − 20 % *", "20 % lighter, by an offset *", "stretched from 16:9 to 4:3 *", "mirrored *"],
)  # fmt: skip
def test_it_withstands(name: str, marked: Clip) -> None:
    assert payload_of(ATTACKS[name](marked)) == PAYLOAD


@pytest.mark.slow
@pytest.mark.parametrize(
    "attack",
    [cut(0.08, 0.02, 0.02, 0.08), rotated(5), rotated(-3), then(scaled(0.7, 0.7), cut(0.125, 0, 0.125, 0))],
    ids=["cropped", "turned", "turned back", "smaller, cut to 4:3"],
)
def test_it_is_found_where_the_picture_was_cut_or_turned(attack: Attack, marked: Clip) -> None:
    assert payload_of(then(attack, encoded("libx264", 23))(marked)) == PAYLOAD


@pytest.mark.slow
def test_nothing_is_found_without_a_mark_or_with_another_key(clip: Clip, marked: Clip) -> None:
    assert payload_of(clip) is None
    assert payload_of(marked, OTHER) is None


def test_no_frames_bear_no_mark() -> None:
    assert read_watermark([], KEY) is None


def test_a_payload_that_the_key_did_not_make_is_read_but_not_genuine(clip: Clip) -> None:
    forged, luma = Watermark(KEY, PAYLOAD ^ 1), clip[0][0].copy()
    forged.mark_luma(luma)

    reading = read_watermark([luma], KEY)

    assert reading is not None
    assert (reading.payload, reading.genuine) == (PAYLOAD ^ 1, False)


def test_the_mark_is_weak(clip: Clip, marked: Clip) -> None:
    levels = [psnr(before[0], after[0]) for before, after in zip(clip, marked, strict=True)]

    assert min(levels) > 43


def test_a_wall_gets_less_of_it_than_a_crowd(mark: Watermark) -> None:
    wall, crowd = np.full((360, 640), 120, np.uint8), noise(360, 640)
    wall_marked, crowd_marked = wall.copy(), crowd.copy()
    mark.mark_luma(wall_marked)
    mark.mark_luma(crowd_marked)

    assert 0 < psnr(crowd, crowd_marked) + 4 < psnr(wall, wall_marked)


def test_the_mark_flickers_far_less_than_the_noise_of_a_still_scene(mark: Watermark) -> None:
    scene, random = noise(720, 1280), np.random.default_rng(0)
    frames = [np.asarray(np.clip(scene + random.normal(0, 2, scene.shape), 0, 255), np.uint8) for _ in range(2)]
    changes = []
    for frame in frames:
        after = frame.copy()
        mark.mark_luma(after)
        changes.append(after.astype(float) - frame)

    assert (changes[0] - changes[1]).std() < 0.2 * (frames[0].astype(float) - frames[1]).std()


@pytest.mark.parametrize("name", [ASTRONAUT, CAPTAIN])
def test_pictures_are_marked_in_lightness_alone(name: Path, mark: Watermark) -> None:
    image = read(name)

    result = mark.mark_rgb(image)

    inner = ((image > 12) & (image < 243)).all(2)
    change = result.astype(int) - image
    assert (change[inner][:, :1] == change[inner]).all()
    assert psnr(image, result) > 43
    luma = cv2.imdecode(cv2.imencode(".jpg", result[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 0)
    reading = read_watermark([np.asarray(luma, np.uint8)], KEY)
    assert reading is not None
    assert reading.payload == PAYLOAD


def test_pictures_of_16_bits_are_marked_as_finely(mark: Watermark) -> None:
    image = read(ASTRONAUT)

    deep = mark.mark_rgb(image.astype(np.uint16) * 257)

    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - mark.mark_rgb(image)).mean() < 0.4
    grey = cv2.cvtColor((deep >> 8).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    reading = read_watermark([np.asarray(grey, np.uint8)], KEY)
    assert reading is not None
    assert reading.payload == PAYLOAD


@pytest.mark.parametrize(("bits", "form"), [(8, np.uint8), (10, np.uint16), (16, np.uint16)])
def test_limited_range_stays_limited(bits: int, form: Callable[..., object], mark: Watermark) -> None:
    scale = 1 << (bits - 8)
    luma = np.clip(noise(360, 640).astype(int) * 2 - 100, 16, 235).astype(form) * np.array(scale, form)

    before = luma.copy()
    mark.mark_luma(luma, bits)

    assert (luma != before).any()
    assert luma.min() >= 16 * scale
    assert luma.max() <= 235 * scale


def test_codes_within_limited_range_stay_in_it_beside_others(mark: Watermark) -> None:
    luma = np.clip(noise(360, 640).astype(int) * 3 - 250, 0, 255).astype(np.uint8)

    before = luma.copy()
    mark.mark_luma(luma)

    within = (before >= 16) & (before <= 235)
    assert not within.all()
    assert luma[within].min() == 16
    assert luma[within].max() == 235


def test_rows_may_lie_apart(mark: Watermark) -> None:
    padded = np.full((270, 512), 7, np.uint8)
    padded[:, :480] = noise(270, 480)
    alone = padded[:, :480].copy()

    mark.mark_luma(padded[:, :480])
    mark.mark_luma(alone)

    assert np.array_equal(padded[:, :480], alone)
    assert (padded[:, 480:] == 7).all()


@pytest.mark.parametrize("size", [(640, 360), (720, 720), (1920, 1080), (4320, 7680)])
def test_portraits_squares_and_large_frames_are_read(size: tuple[int, int], mark: Watermark) -> None:
    luma = noise(*size)
    mark.mark_luma(luma)

    reading = read_watermark([luma], KEY)

    assert reading is not None
    assert reading.payload == PAYLOAD


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (65, 97), (100, 3000)])
def test_any_size_is_marked(size: tuple[int, int], mark: Watermark) -> None:
    luma = noise(*size)

    mark.mark_luma(luma)

    assert luma.shape == size


def test_the_same_frame_gets_the_same_mark_in_any_thread(mark: Watermark) -> None:
    def marked(_: int) -> bytes:
        luma = noise(360, 640)
        mark.mark_luma(luma)
        return luma.tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(marked, range(16)))) == 1


@pytest.mark.parametrize(("key", "payload"), [(b"short", 1), (KEY, 1 << 64), (KEY, -1)])
def test_keys_and_payloads_have_their_lengths(key: bytes, payload: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Watermark(key, payload)


@pytest.mark.parametrize("name", ["talk/talk-d0.mp4", "video/speaker_frontal_obama.mp4"])
def test_real_clips_keep_it_through_encoders(name: str, assets: Path, mark: Watermark) -> None:
    clip = planes(assets / name, 12)
    for luma, _, _ in clip:
        mark.mark_luma(luma)

    assert payload_of(encoded("libx264", 28)(clip)) == PAYLOAD
