"""Pictures of more than 8 bits keep what they hold; what is not edited comes out bit by bit as it went in."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from media_clips import LIMITS, picture
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from facefusion.errors import InputDamagedError, InputLimitError, InputTypeError
from facefusion.media.picture import Picture, read_picture, write_picture
from facefusion.media.probe import probe

Samples = npt.NDArray[np.uint16]
NOISE = np.random.default_rng(0).integers(0, 65536, (48, 64, 4), dtype=np.uint16)
RGB16, ALPHA16 = NOISE[..., :3], NOISE[..., 3]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def by_libav(path: Path, codec: str, pixel_format: str, samples: Samples) -> Path:
    """Write a picture by another hand than the one that reads it."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = samples.shape[1], samples.shape[0], pixel_format
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(samples), format=pixel_format)
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)]))
    return path


def png_by_hand(path: Path, samples: Samples, colour: int, *chunks: tuple[bytes, bytes]) -> Path:
    """Write an uncommon PNG of 16 bits: its colour type and its further chunks are given."""
    height, width = samples.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    framed = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(framed))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.png", "png", "rgb48be"),
        ("a.png", "png", "rgba64be"),
        ("a.png", "png", "gray16be"),
        ("a.tiff", "tiff", "rgb48le"),
        ("a.tiff", "tiff", "rgba64le"),
        ("a.tiff", "tiff", "gray16le"),
    ],
)
def test_16_bits_are_read_exactly(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    samples = {"rgb4": RGB16, "rgba": NOISE, "gray": RGB16[..., 0]}[pixel_format[:4]]
    read = read_picture(by_libav(tmp_path / name, codec, pixel_format, samples), LIMITS)
    assert read.deep is not None
    expected = samples[..., :3] if samples.ndim == 3 else np.dstack([samples] * 3)
    assert np.array_equal(read.deep, expected)
    assert np.array_equal(read.image, np.rint(expected / 257)), "the view is the nearest of 256 steps"
    if samples.shape[-1] == 4:
        assert read.deep_alpha is not None
        assert read.alpha is not None
        assert np.array_equal(read.deep_alpha, ALPHA16)
        assert np.array_equal(read.alpha, np.rint(ALPHA16 / 257))
    else:
        assert read.alpha is None


def test_uncommon_pngs_of_16_bits(tmp_path: Path) -> None:
    see_through = struct.pack(">3H", *RGB16[5, 7].tolist())
    keyed = read_picture(png_by_hand(tmp_path / "key.png", RGB16, 2, (b"tRNS", see_through)), LIMITS)
    assert keyed.alpha is not None
    assert np.argwhere(keyed.alpha == 0).tolist() == [[5, 7]]
    grey = read_picture(png_by_hand(tmp_path / "grey.png", NOISE[..., 2:], 4), LIMITS)
    assert grey.deep is not None
    assert grey.deep_alpha is not None
    assert np.array_equal(grey.deep, np.dstack([NOISE[..., 2]] * 3))
    assert np.array_equal(grey.deep_alpha, ALPHA16)
    key = struct.pack(">H", int(RGB16[3, 4, 0]))
    one = read_picture(png_by_hand(tmp_path / "one.png", RGB16[..., :1], 0, (b"tRNS", key)), LIMITS)
    assert one.alpha is not None
    assert np.array_equal(one.alpha == 0, RGB16[..., 0] == RGB16[3, 4, 0])


@pytest.mark.parametrize("name", ["b.png", "b.tiff"])
@pytest.mark.parametrize("alpha", [None, ALPHA16], ids=["opaque", "alpha"])
def test_what_is_not_edited_comes_out_bit_by_bit(tmp_path: Path, name: str, alpha: Samples | None) -> None:
    before = Picture(to_view(RGB16), None if alpha is None else to_view(alpha), deep=RGB16, deep_alpha=alpha)
    edited = before.image.copy()
    edited[10:20, 30:40] //= 2
    write_picture(tmp_path / name, before.with_image(edited), quality=95)
    after = read_picture(tmp_path / name, LIMITS)
    assert after.deep is not None
    untouched = np.ones((48, 64), bool)
    untouched[10:20, 30:40] = False
    assert np.array_equal(after.deep[untouched], RGB16[untouched])
    moved = RGB16.astype(int) + 257 * (edited.astype(int) - before.image)
    assert np.array_equal(after.deep[~untouched], moved.clip(0, 65535)[~untouched]), "the finer gradation stays"
    if alpha is None:
        assert after.deep_alpha is None
    else:
        assert after.deep_alpha is not None
        assert np.array_equal(after.deep_alpha, alpha)


def to_view(samples: Samples) -> npt.NDArray[np.uint8]:
    return np.rint(samples / 257).astype(np.uint8)


def test_a_view_that_was_changed_in_place_counts_as_changed(tmp_path: Path) -> None:
    read = read_picture(by_libav(tmp_path / "a.png", "png", "rgb48be", RGB16), LIMITS)
    read.image[:] = 255 - read.image
    inverted = read.with_image(read.image)
    assert inverted.deep is not None
    assert np.abs(to_view(inverted.deep).astype(int) - read.image).max() <= 1


@pytest.mark.parametrize("samples", [RGB16, NOISE, NOISE.astype(np.uint8), RGB16.astype(np.uint8)])
def test_our_tiff_is_read_by_others(tmp_path: Path, samples: npt.NDArray[np.uint16] | npt.NDArray[np.uint8]) -> None:
    alpha = samples[..., 3] if samples.shape[2] == 4 else None
    if samples.dtype == np.uint16:
        given = Picture(to_view(samples[..., :3]), deep=samples[..., :3], deep_alpha=alpha)
    else:
        given = Picture(samples[..., :3], alpha)
    write_picture(tmp_path / "b.tiff", given, quality=95)
    if samples.dtype == np.uint16 or alpha is None:  # OpenCV multiplies 8-bit colours with their opacity
        order = [2, 1, 0, 3][: samples.shape[2]]
        assert np.array_equal(cv2.imread(str(tmp_path / "b.tiff"), cv2.IMREAD_UNCHANGED)[..., order], samples)
    with Pillow.open(tmp_path / "b.tiff") as other:
        assert other.mode == ("RGBA" if samples.shape[2] == 4 else "RGB")
        assert np.array_equal(np.array(other), samples >> 8 if samples.dtype == np.uint16 else samples)


@pytest.mark.parametrize("name", ["b.png", "b.tiff"])
@pytest.mark.parametrize("deep", [None, RGB16], ids=["8 bits", "16 bits"])
def test_profile_and_facts_are_kept(tmp_path: Path, name: str, deep: Samples | None) -> None:
    exif = Pillow.Exif()
    exif[Base.Make], exif[Base.Artist] = "Camera", "Somebody"
    exif[Base.ExifOffset] = {Base.FNumber: 2.8, Base.ISOSpeedRatings: 400}
    exif[Base.GPSInfo] = {1: "N", 2: (51.0, 30.0, 0.0)}
    write_picture(tmp_path / name, Picture(to_view(RGB16), None, SRGB, exif.tobytes(), deep), quality=95)
    with Pillow.open(tmp_path / name) as other:
        assert other.info["icc_profile"] == SRGB
        facts = other.getexif()
        assert (facts[Base.Make], facts[Base.Artist]) == ("Camera", "Somebody")
        assert facts.get_ifd(Base.ExifOffset)[Base.ISOSpeedRatings] == 400
        assert facts.get_ifd(Base.GPSInfo)[2] == (51.0, 30.0, 0.0)
    again = read_picture(tmp_path / name, LIMITS)
    assert again.icc_profile == SRGB
    kept = Pillow.Exif()
    kept.load(again.exif or b"")
    assert kept[Base.Artist] == "Somebody"
    assert float(kept.get_ifd(Base.ExifOffset)[Base.FNumber]) == 2.8


@pytest.mark.parametrize("orientation", range(2, 9))
def test_deep_pictures_are_brought_upright(tmp_path: Path, orientation: int) -> None:
    exif = Pillow.Exif()
    exif[Base.Orientation] = orientation
    write_picture(tmp_path / "a.png", Picture(to_view(RGB16), exif=exif.tobytes(), deep=RGB16), quality=95)
    small = tmp_path / "small.png"
    Pillow.fromarray(to_view(RGB16)).save(small, exif=exif)
    deep, plain = read_picture(tmp_path / "a.png", LIMITS), read_picture(small, LIMITS)
    assert np.array_equal(deep.image, plain.image)
    assert deep.deep is not None
    assert np.array_equal(to_view(deep.deep), plain.image)


@pytest.mark.parametrize(("depth", "most"), [(10, 1023), (12, 4095)])
def test_avif_of_more_than_8_bits_is_read_with_them(tmp_path: Path, depth: int, most: int) -> None:
    ramp = np.linspace(0, most, 64 * 64).reshape(64, 64).round().astype(np.uint16)
    settings = [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, 100]
    assert cv2.imwrite(str(tmp_path / "a.avif"), np.dstack([ramp, ramp.T, ramp[::-1]]), settings)
    read = read_picture(tmp_path / "a.avif", LIMITS)
    assert read.deep is not None
    expected = np.dstack([ramp[::-1], ramp.T, ramp]) * (65535 / most)
    assert np.abs(read.deep - expected).max() < 2 * 65535 / most
    assert np.array_equal(read.image, to_view(read.deep))


def test_forms_of_8_bits_take_the_view(tmp_path: Path) -> None:
    smooth = picture(0, 64, 48).astype(np.uint16) * 257
    for name in ("b.jpg", "b.webp", "b.avif"):
        write_picture(tmp_path / name, Picture(to_view(smooth), deep=smooth), quality=95)
        again = read_picture(tmp_path / name, LIMITS)
        assert again.deep is None
        assert np.abs(again.image.astype(int) - to_view(smooth)).mean() < 2


def test_a_tiff_of_several_pages_is_refused_but_one_with_a_preview_is_read(tmp_path: Path) -> None:
    pages = [Pillow.fromarray(picture(index, 64, 48)) for index in range(3)]
    pages[0].save(tmp_path / "pages.tiff", save_all=True, append_images=pages[1:])
    for read in (read_picture, probe):
        with pytest.raises(InputTypeError, match=r"several pages\. Save the one you want"):
            read(tmp_path / "pages.tiff", LIMITS)
    preview = ImageFileDirectory_v2()
    preview[Base.NewSubfileType] = 1
    pages[1].encoderinfo = {"tiffinfo": preview}
    pages[0].save(tmp_path / "preview.tiff", save_all=True, append_images=[pages[1]])
    assert np.array_equal(read_picture(tmp_path / "preview.tiff", LIMITS).image, picture(0, 64, 48))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
@pytest.mark.parametrize("name", ["b.png", "b.tiff"])
def test_a_truncated_deep_picture_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    write_picture(tmp_path / name, Picture(to_view(RGB16), deep=RGB16), quality=95)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputDamagedError):
        read_picture(tmp_path / name, LIMITS)


def webp_bomb() -> bytes:
    """An empty canvas of 16384 x 16384."""
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16383).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def gif_bomb() -> bytes:
    """A screen of 65535 x 65535 with one picture of that size and next to no data."""
    place = b"," + struct.pack("<4HB", 0, 0, 65535, 65535, 0)
    return b"GIF89a" + struct.pack("<2H3B", 65535, 65535, 0x80, 0, 0) + bytes(6) + place + b"\2\2\x4c\1\0;"


def tiff_bomb() -> bytes:
    """The header of 60000 x 60000 pixels."""
    tags = [(256, 4, 1, 60000), (257, 4, 1, 60000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)


def avif_bomb() -> bytes:
    """A small AVIF whose stated size was made 16000 x 16000."""
    from io import BytesIO

    small = BytesIO()
    Pillow.fromarray(picture(0, 64, 48)).save(small, "AVIF")
    content = small.getvalue()
    place = content.index(b"ispe") + 8
    return content[:place] + struct.pack(">II", 16000, 16000) + content[place + 8 :]


@pytest.mark.parametrize("bomb", [webp_bomb, gif_bomb, tiff_bomb, avif_bomb])
def test_a_picture_is_refused_by_its_header_before_memory_is_taken(tmp_path: Path, bomb: Callable[[], bytes]) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(bomb())
    for read in (read_picture, probe):
        with pytest.raises((InputLimitError, InputDamagedError)) as caught:
            read(path, LIMITS)
        assert bomb is avif_bomb or isinstance(caught.value, InputLimitError)


def test_a_png_of_16_bits_whose_chunk_claims_gigabytes_is_damaged(tmp_path: Path) -> None:
    path = png_by_hand(tmp_path / "claims.png", RGB16, 2)
    content = path.read_bytes()
    path.write_bytes(content[:-12] + b"\x7f\xff\xff\xfftEXt" + content[-12:])

    with pytest.raises(InputDamagedError, match="cannot be decoded"):
        read_picture(path, LIMITS)


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (lambda content: content[:-16] + b"\0\0\0\0" + content[-12:], r"checksum of a chunk is wrong \(IDAT\)"),
        (lambda content: content[:-8] + b"IE\x1bD" + content[-4:], r"checksum of a chunk is wrong \(IE D\)"),
        (lambda content: content[:-12], "a chunk reaches past its end"),
    ],
)
def test_a_png_of_16_bits_is_never_read_with_8_because_of_damage(
    tmp_path: Path, damaged: Callable[[bytes], bytes], reason: str
) -> None:
    path = png_by_hand(tmp_path / "damaged.png", RGB16, 2)
    path.write_bytes(damaged(path.read_bytes()))

    with pytest.raises(InputDamagedError, match=reason):
        read_picture(path, LIMITS)
